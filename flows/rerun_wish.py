"""What a rerun is asked for, and what about it is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tasks.errors import BadRequest
from tasks.intents import Upscale
from tasks.job import RegionChange
from tasks.plan import STAGES, Value
from tasks.results import ItemResult
from tasks.steps.source import Source

OF_REGIONS = ("generation", "blending", "enhancement", "verification")
"""The stages that work region by region."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants made again, and what otherwise."""

    run_id: str
    picture: str = ""
    """May be left out where the run has one."""
    region: int = 0
    engines: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    seed: int | None = None
    tier: Literal["", "preview", "final"] = ""
    out: str = ""
    by: str = ""
    track: bool = False


def check_wish(wish: Wish, item: ItemResult, tier: str) -> None:
    """Refuse what no plan could make right. tier: the one asked for, empty where it is the picture's own. Raises BadRequest."""
    if item.outcome == "blocked":
        raise BadRequest(
            f"it is blocked, and nothing is made of it: {item.reason}", stage="policy", cure=item.cure
        )
    for stage in (*wish.engines, *wish.params):
        if stage not in STAGES:
            raise BadRequest(f"there is no stage {stage!r}", cure=f"the stages are {', '.join(STAGES)}")
    otherwise = bool(wish.engines or any(wish.params.values()) or wish.seed is not None)
    if not otherwise and not tier and item.outcome not in ("failed", "rejected"):
        raise BadRequest(
            "nothing was asked for otherwise: it would come out as it is",
            cure="name an engine, a parameter, a seed or another tier: --engine, --param, --seed, --tier",
        )
    if not wish.region:
        return
    _check_region(wish.region, item)
    if not otherwise:
        raise BadRequest(
            "a tier is of the whole picture", cure="leave out --region, or name an engine for it"
        )
    for stage in (*wish.engines, *wish.params):
        if stage not in OF_REGIONS:
            raise BadRequest(
                f"{stage} is of the whole picture, not of one region", stage=stage,
                cure=f"leave out --region; a region has its own {', '.join(OF_REGIONS)}",
            )  # fmt: skip


def _check_region(given: int, item: ItemResult) -> None:
    numbers = [region.n for region in item.regions]
    if given in numbers:
        return
    if not numbers:
        raise BadRequest(
            f"it has no region {given}, for it ended as {item.outcome} without any", cure="leave out --region"
        )
    known = ", ".join(f"{r.n} “{r.text}”" if r.text else str(r.n) for r in item.regions)
    near = min(numbers, key=lambda n: (abs(n - given), n))
    raise BadRequest(f"it has no region {given}; did you mean {near}?", cure=f"its regions are {known}")


def check_stages(source: Source, change: RegionChange) -> None:
    """Refuse a choice in a stage that the picture's plan leaves out, and of an enlarged picture's region anything but an
    engine for it. Raises BadRequest."""
    there = [stage.stage for stage in source.plan.stages]
    for name in (*change.engines, *change.params):
        if name not in there:
            raise BadRequest(
                f"{source.job.intent.kind} has no stage {name} for this picture", stage=name,
                cure=f"its stages are {', '.join(there)}",
            )  # fmt: skip
    own = source.of_region(change.n).plan.stage("enhancement") if change.n else None
    if own and isinstance(source.job.intent, Upscale) and "everywhere" not in dict(own.params):
        raise BadRequest(
            "a region of an enlarged picture is made again by an engine, and none was named", stage="enhancement",
            cure="name one, as in --engine enhancement=lanczos; see `pentimento models`",
        )  # fmt: skip
