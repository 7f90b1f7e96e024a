"""What a sheet says of reruns: on the rerun's own, what it is of; on the run's, where its reruns are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flows.reruns import read_result, reruns_of
from infra.store.store import Store
from tasks.errors import BadRequest
from tasks.results import ItemResult, Rerun, RunResult

Link = tuple[str, str]
"""Words and an address."""


def before_of(store: Store, result: RunResult) -> ItemResult | None:
    """What a rerun's picture was before; None for other runs, and where the run that made it is lost."""
    if result.rerun is None:
        return None
    try:
        parent = read_result(store, result.rerun.parent)
    except BadRequest:
        return None
    return next((item for item in parent.items if item.id == result.rerun.picture), None)


def links_of(store: Store, result: RunResult) -> Mapping[str, tuple[Link, ...]]:
    """By picture: to the sheet of the run that this is a rerun of, and to those of its reruns."""
    found: dict[str, tuple[Link, ...]] = {}
    if result.rerun:
        found[result.rerun.picture] = (_link(f"a rerun of {result.rerun.parent}", result.rerun.parent),)
    for other in reruns_of(store, result.run_id):
        if other.rerun and other.run_id != result.run_id:
            words = f"rerun: {other.rerun.said}, {_ended(other)}{asked_by(other.rerun)}"
            found[other.rerun.picture] = (*found.get(other.rerun.picture, ()), _link(words, other.run_id))
    return found


def rerun_notes(rerun: Rerun, before: ItemResult, item: ItemResult) -> Iterator[str]:
    """What was asked for, and what came of it."""
    yield f"before is what {rerun.parent} made; after is {rerun.said}{asked_by(rerun)}"
    if item.output_sha256 and item.output_sha256 == before.output_sha256:
        yield "it came out as before, to the last bit"
    old = {region.n: region for region in before.regions}
    for region in item.regions:
        asked = rerun.region in (0, region.n) and "generation" in rerun.engines
        if asked and region.recovered and region.n in old and region.artifacts == old[region.n].artifacts:
            yield f"region {region.n} was recovered, not filled; to fill it: --param generation.recover=false"


def candidate_lines(reruns: tuple[RunResult, ...], picture: str) -> Iterator[str]:
    """Each rerun of a picture as what `pentimento review --approve` takes, with how it ended."""
    for one in reruns:
        if one.rerun and one.rerun.picture == picture:
            yield f"{picture}@{one.run_id}: {one.rerun.said}, {_ended(one)}{asked_by(one.rerun)}"


def asked_by(rerun: Rerun) -> str:
    """`, asked for by ann, 2026-11-23T06:00:00.000+00:00`."""
    return f", asked for by {rerun.by}, {rerun.at}" if rerun.by else f", {rerun.at}"


def _ended(result: RunResult) -> str:
    return ", ".join(item.outcome for item in result.items)


def _link(words: str, run_id: str) -> Link:
    return words, f"{run_id}.html"
