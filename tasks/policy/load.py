"""Reads a policy file and finds every fault in it before any of it is used."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from tasks.policy.detectors.registry import LOADERS
from tasks.policy.load_safety import safety_of
from tasks.policy.model import REQUIRED, VERDICTS, BadPolicy, Category, Policy
from tasks.policy.spelling import compact, fold
from tasks.thresholds import KINDS, fault

_FIELDS = {f.name: f for f in fields(Category) if f.name != "name"}
_NEEDED = [name for name, f in _FIELDS.items() if f.default is MISSING and f.default_factory is MISSING]
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "own": VERDICTS, "licensed": VERDICTS, "unknown": VERDICTS, "spelling": ("loose", "close"),
    "place": ("", "mark", "unread-mark", "unread"),
}  # fmt: skip
_LISTS: Mapping[str, tuple[str, ...]] = {
    "patterns": (), "marks": (), "detectors": tuple(LOADERS), "guards": ("text", "object", "picture"),
}  # fmt: skip
"""Lists of strings, and what may stand in them; anything where empty."""
_FLAGS = ("echoes", "mrz", "anywhere", "excuses", "off")
_SETTINGS = {"reading", "urls", "verification", "safety", "category"}
_LANGUAGE = re.compile(r"[a-z]{2,3}")


def load_policy(source: str | Path) -> Policy:
    """A policy from a path, or from TOML text. Raises BadPolicy with every fault in it.

    A file that cannot be read is a fault too: no policy, no edits."""
    try:
        text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
        data = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadPolicy(f"the policy cannot be read: {error}", stage="policy") from error
    problems = [f"{name}: there is no such setting" for name in sorted(set(data) - _SETTINGS)]
    confidence = _confidence(data.get("reading"), problems)
    domains = _domains(data.get("urls", {}), problems)
    thresholds = _built_in_thresholds() | _thresholds(data.get("verification", {}), problems)
    safety = safety_of(data.get("safety"), problems)
    table = data.get("category", {})
    if not isinstance(table, dict):
        table = {}
        problems.append("category: a table is wanted")
    problems += [
        f"{name}: the category is missing; to do without it, say off = true"
        for name in REQUIRED
        if name not in table
    ]
    categories = tuple(c for name, given in table.items() if (c := _category(name, given, problems)))
    if problems:
        raise BadPolicy(f"the policy has {len(problems)} fault(s)", tuple(problems), stage="policy")
    return Policy(categories, confidence, domains, dict(sorted(thresholds.items())), safety)


@cache
def default_policy() -> Policy:
    """The policy that comes with the product."""
    return load_policy(_built_in())


def _built_in() -> str:
    return files("tasks.policy").joinpath("default.toml").read_text(encoding="utf-8")


@cache
def _built_in_thresholds() -> dict[str, float]:
    """What goes where a policy says nothing else."""
    return _thresholds(tomllib.loads(_built_in())["verification"], [])


def _thresholds(given: object, problems: list[str]) -> dict[str, float]:
    """A table of thresholds, and tables of those of one kind of region, by name; faulty ones are left out."""
    if not isinstance(given, dict):
        problems.append("verification: a table is wanted")
        return {}
    flat: dict[str, Any] = {}
    for name, value in given.items():
        of_kind = value if name in KINDS and isinstance(value, dict) else None
        flat |= {name: value} if of_kind is None else {f"{name}.{k}": v for k, v in of_kind.items()}
    faults = {name: wrong for name, value in flat.items() if (wrong := fault(name, value))}
    problems += [f"verification.{name}: {wrong}" for name, wrong in faults.items()]
    return {name: float(value) for name, value in flat.items() if name not in faults}


def _confidence(given: object, problems: list[str]) -> float:
    value = (
        given.get("min_confidence") if isinstance(given, dict) and set(given) <= {"min_confidence"} else None
    )
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    problems.append("reading: min_confidence, from 0 to 1, is wanted, and nothing else")
    return 1.0


def _domains(given: object, problems: list[str]) -> tuple[str, ...]:
    values = given.get("own", []) if isinstance(given, dict) and set(given) <= {"own"} else None
    if isinstance(values, list) and all(
        isinstance(v, str) and re.fullmatch(r"([\w-]+\.)+\w{2,}", v) for v in values
    ):
        return tuple(value.casefold() for value in values)
    problems.append("urls.own: a list of domains such as example.com is wanted")
    return ()


def _category(name: str, given: object, problems: list[str]) -> Category | None:
    before = len(problems)
    if not isinstance(given, dict):
        problems.append(f"{name}: a table is wanted")
        return None
    for key, value in given.items():
        if key not in _FIELDS:
            near = difflib.get_close_matches(key, _FIELDS, n=1)
            problems.append(f"{name}.{key}: there is no such field" + (f"; meant {near[0]}?" if near else ""))
        else:
            problems += [f"{name}.{key}: {fault}" for fault in _faults(key, value)]
    problems += [f"{name}.{key}: is missing" for key in _NEEDED if key not in given]
    if name not in REQUIRED:
        near = difflib.get_close_matches(name, REQUIRED, n=1)
        known = f"; meant {near[0]}?" if near else ""
        problems += [f"{name}: nothing to recognise it by{known}"] if not _recognised(given) else []
    return Category(name=name, **_frozen(given)) if len(problems) == before else None


def _recognised(given: Mapping[str, Any]) -> bool:
    return any(given.get(key) for key in ("words", "patterns", "marks", "place", "detectors", "mrz"))


def _frozen(given: Mapping[str, Any]) -> dict[str, Any]:
    frozen: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in given.items()}
    if "words" in frozen:
        frozen["words"] = {language: tuple(words) for language, words in frozen["words"].items()}
    return frozen


def _faults(key: str, value: object) -> list[str]:
    if key in _CHOICES:
        return (
            []
            if value in _CHOICES[key]
            else [f"{value!r} is none of {', '.join(filter(None, _CHOICES[key]))}"]
        )
    if key in _FLAGS:
        return [] if isinstance(value, bool) else ["true or false is wanted"]
    if key == "words":
        return _word_faults(value)
    if key in _LISTS:
        return _list_faults(key, value)
    return [] if isinstance(value, str) and value.strip() else ["a sentence is wanted"]


def _list_faults(key: str, value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
        return ["a list of strings is wanted"]
    if key == "patterns":
        return [fault for pattern in value for fault in _pattern_faults(pattern)]
    allowed = _LISTS[key]
    return [f"{v!r} is none of {', '.join(allowed)}" for v in value if allowed and v not in allowed]


def _pattern_faults(pattern: str) -> list[str]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        return [f"{pattern!r} is no regular expression: {error}"]
    faults = [f"{pattern!r} is found in everything"] if compiled.search("") else []
    folded = fold(re.sub(r"\\.", "", pattern))
    if folded != " ".join(re.sub(r"\\.", "", pattern).split()):
        faults.append(f"{pattern!r} has capitals or accents, which folded text never has")
    return faults


def _word_faults(value: object) -> list[str]:
    if not isinstance(value, dict):
        return ["a table of languages is wanted"]
    faults = [f"{language!r} is no language code" for language in value if not _LANGUAGE.fullmatch(language)]
    for language, words in value.items():
        if not isinstance(words, list) or not all(isinstance(w, str) for w in words):
            faults.append(f"{language}: a list of words is wanted")
        else:
            faults += [f"{language}: {w!r} is too short" for w in words if len(compact(fold(w))) < 2]
    return faults
