"""The variants of a comparison: read from a file, and every fault of all of them named at once."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from flows.comparing.model import VariantChoice
from flows.manifest import fetched
from model_registry.errors import UnknownEngine
from model_registry.registry import Registry
from tasks.errors import BadRequest, NoEngine, PentimentoError
from tasks.job import JobSpec
from tasks.plan import STAGES, Tier
from tasks.planner import DEFAULTS, owns, plan
from tasks.planner_upscale import UPSCALING_PARAMS
from tasks.thresholds import SENTENCES

MOST = 12
"""Variants of one comparison: each pair is a test, and each test costs the others some sharpness."""
FIELDS = tuple(VariantChoice.model_fields)
TABLES = ("variant", "variants")
HOW = "write [[variant]] tables with name, and any of engines, params, tier and seed"


class BadVariants(BadRequest):
    """Variants that cannot be compared; `problems` names every fault of every one."""

    def __init__(self, problems: Sequence[str], **where: str) -> None:
        self.problems = tuple(problems)
        super().__init__("\n  ".join((f"{len(problems)} fault(s) in the variants", *problems)), **where)

    def __reduce__(self) -> tuple[object, ...]:
        return BadVariants, (self.problems,)


@dataclass(frozen=True, slots=True)
class Setting:
    """What variants are held against."""

    registry: Registry
    jobs: Sequence[JobSpec] = ()
    """The pictures: a choice must fit some of them. None: that is not asked."""
    tier: Tier = "final"
    seed: int = 0
    """Of variants that name none."""


def read_variants(location: str, setting: Setting, *, s3_endpoint_url: str = "") -> tuple[VariantChoice, ...]:
    """The variants of a TOML or JSON file, local or on S3. Raises BadVariants with every fault, BadManifest where there is none."""
    _, data = fetched(location, s3_endpoint_url, "file of variants")
    try:
        text = data.decode("utf-8-sig")
        found = json.loads(text) if PurePosixPath(location).suffix.lower() == ".json" else tomllib.loads(text)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BadVariants([f"{location} is neither TOML nor JSON: {error}"], cure=HOW) from error
    return parse_variants(found, setting)


def parse_variants(found: Any, setting: Setting) -> tuple[VariantChoice, ...]:
    """From `{"variant": [...]}` or the list itself.

    BadVariants unless there are two or more, with names of their own, all different, and of engines and parameters that
    exist and fit some picture. That an engine's weights are missing is no fault of the file: it becomes the pictures' outcome."""
    rows = found
    problems: list[str] = []
    if isinstance(found, Mapping):
        odd = [str(key) for key in found if key not in TABLES]
        problems += [f"{key!r} is not known{_nearest(key, TABLES)}" for key in odd]
        rows = [row for key in TABLES for row in _listed(found.get(key))]
    choices = [_choice(n, row, problems) for n, row in enumerate(_listed(rows), 1)]
    if not 2 <= len(choices) <= MOST:
        problems.append(f"a comparison needs 2 to {MOST} variants, and there are {len(choices)}")
    good = [choice for choice in choices if choice]
    problems += _doubles(good, setting)
    for choice in good:
        faults = [*_engine_faults(choice, setting.registry), *_param_faults(choice, setting.registry)]
        problems += [f"{choice.name}: {fault}" for fault in faults or _misfits(choice, setting)]
    if problems:
        raise BadVariants(problems, cure=HOW)
    return tuple(good)


def _listed(rows: Any) -> Sequence[Any]:
    return rows if isinstance(rows, Sequence) and not isinstance(rows, str | bytes) else []


def _choice(n: int, row: Any, problems: list[str]) -> VariantChoice | None:
    """One variant, its faults added; None where it cannot be told what it is."""
    if not isinstance(row, Mapping):
        problems.append(f"variant {n}: not a table")
        return None
    label = f"variant {n} ({row['name']})" if isinstance(row.get("name"), str) else f"variant {n}"
    odd = [str(key) for key in row if key not in FIELDS]
    problems += [f"{label}: {key!r} is not known{_nearest(key, FIELDS)}" for key in odd]
    try:
        return VariantChoice.model_validate({key: value for key, value in row.items() if key in FIELDS})
    except ValidationError as error:
        problems += [f"{label}: {'.'.join(map(str, one['loc']))}: {_said(one)}" for one in error.errors()]
    return None


def _said(fault: ErrorDetails) -> str:
    """In words; a name is a folder's too."""
    if fault["type"] == "string_pattern_mismatch" and fault["loc"] == ("name",):
        return "up to 40 letters, digits, dots, dashes and underscores, the first a letter or digit"
    return fault["msg"]


def _doubles(choices: Sequence[VariantChoice], setting: Setting) -> Iterable[str]:
    """Names used twice, and variants that ask for the same."""
    for n, choice in enumerate(choices):
        for other in choices[:n]:
            if choice.name.lower() == other.name.lower():
                yield f"two variants are called {choice.name}"
            elif _asked(choice, setting) == _asked(other, setting):
                yield f"{other.name} and {choice.name} are equal"


def _asked(choice: VariantChoice, setting: Setting) -> object:
    params = {stage: given for stage, given in choice.params.items() if given}
    seed = setting.seed if choice.seed is None else choice.seed
    return choice.engines, params, choice.tier or setting.tier, seed


def _engine_faults(choice: VariantChoice, registry: Registry) -> Iterable[str]:
    for stage, engine in choice.engines.items():
        if stage not in STAGES:
            yield f"there is no stage {stage!r}{_nearest(stage, STAGES)}"
            continue
        for one in engine.split("+"):
            try:
                _ = one.startswith("@") or registry.get(one)
            except UnknownEngine as error:
                yield f"{stage}: {error.message}"


def _param_faults(choice: VariantChoice, registry: Registry) -> Iterable[str]:
    """A parameter is the stage's own or one of an engine's."""
    of_engines = {name for card in registry.cards for name in card.defaults}
    for stage, given in choice.params.items():
        if stage not in STAGES:
            yield f"there is no stage {stage!r}{_nearest(stage, STAGES)}"
            continue
        for name in given:
            if not owns(stage, name) and name not in of_engines:
                yield f"no parameter {name!r} in stage {stage}{_nearest(name, _known(stage, of_engines))}"


def _known(stage: str, of_engines: Iterable[str]) -> list[str]:
    """Names of parameters that the stage may have, its own first."""
    own = {name for known, names in DEFAULTS.items() if known == stage for name in names}
    own |= set(SENTENCES) if stage == "verification" else set()
    own |= set(UPSCALING_PARAMS) if stage == "enhancement" else set()
    return [*sorted(own), *sorted(set(of_engines) - own)]


def _misfits(choice: VariantChoice, setting: Setting) -> list[str]:
    """What is wrong with the choice for every kind of intent among the jobs; nothing where one kind can be planned."""
    faults: list[str] = []
    for job in {job.intent.kind: job for job in setting.jobs}.values():
        try:
            plan(job.intent, None, setting.registry, applied(choice, job).request)
        except NoEngine:
            return []
        except PentimentoError as error:
            faults.append(f"{error.message}. {error.cure}" if error.cure else error.message)
        else:
            return []
    return list(dict.fromkeys(faults))


def applied(choice: VariantChoice, job: JobSpec, out: str = "") -> JobSpec:
    """The job as the variant has it: what the variant says goes over what the manifest's row says."""
    params = {stage: dict(given) for stage, given in job.params.items()}
    for stage, given in choice.params.items():
        params.setdefault(stage, {}).update(given)
    changes: dict[str, Any] = {"engines": {**job.engines, **choice.engines}, "params": params, "out": out}
    changes |= {"tier": choice.tier} if choice.tier else {}
    changes |= {"seed": choice.seed} if choice.seed is not None else {}
    return job.model_copy(update=changes)


def _nearest(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
    return f"; nearest: {', '.join(near)}" if near else f"; there is {', '.join(known[:12])}"
