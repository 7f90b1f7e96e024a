"""How runs and their reruns know each other: links in the store, and which of them a person put in the other's place."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Sequence

from pydantic import ValidationError

from flows.stored_items import stored_result
from infra.store.canonical import canonical_json
from infra.store.contract import NotFound
from infra.store.store import Store
from tasks.errors import BadRequest
from tasks.job import JobSpec
from tasks.results import ItemResult, RunResult, count
from tasks.review.events import Event
from tasks.review.log import NUMBERED
from tasks.run_files import JSON
from tasks.steps.repeated import DOCUMENT

LINKS = "reruns/"


def read_result(store: Store, run_id: str) -> RunResult:
    """What a run made. Raises BadRequest for one that is unknown (naming the nearest), has not ended, or is damaged."""
    try:
        return stored_result(store, run_id)
    except NotFound as error:
        near = difflib.get_close_matches(run_id, store.run_ids(), n=1)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise BadRequest(f"there is no finished run {run_id}{meant}", cure="see `pentimento runs`") from error
    except ValidationError as error:
        raise BadRequest(f"the result of {run_id} is damaged", cure="run the same command again") from error


def inherit(store: Store, parent: str, run_id: str) -> None:
    """Give a rerun what its parent learnt of overlays that pictures share: it cannot learn them from one picture."""
    try:
        store.write_run(run_id, DOCUMENT, store.read_run(parent, DOCUMENT), JSON)
    except NotFound:
        return


def link(store: Store, result: RunResult) -> None:
    """Let a rerun be found from the run that it is of, and from the first one of the line. Written after its result."""
    if result.rerun:
        data = canonical_json(result.rerun.model_dump(mode="json"))
        for run_id in {result.rerun.parent, result.rerun.origin}:
            store.write_run(run_id, f"{LINKS}{result.run_id}.json", data, JSON)


def reruns_of(store: Store, run_id: str) -> tuple[RunResult, ...]:
    """The reruns of a run's pictures, and of the same run's earlier numbers, as they ended, sorted by when they were asked for."""
    parts = NUMBERED.fullmatch(run_id)
    family = f"{parts[1]}-" if parts else run_id
    found: dict[str, RunResult] = {}
    for key in store.backend.keys(f"runs/{family}"):
        _, owner, name = key.split("/", 2)
        if name.startswith(LINKS) and _not_later(owner, run_id):
            rerun = name.removeprefix(LINKS).removesuffix(".json")
            found[rerun] = read_result(store, rerun)
    return tuple(sorted(found.values(), key=lambda r: (r.rerun.at if r.rerun else "", r.run_id)))


def _not_later(owner: str, run_id: str) -> bool:
    """Whether `owner` is the run itself or the same one with a lower number."""
    mine, theirs = NUMBERED.fullmatch(run_id), NUMBERED.fullmatch(owner)
    if not (mine and theirs) or mine[1] != theirs[1]:
        return owner == run_id
    return int(theirs[2]) <= int(mine[2])


def with_taken(
    made: RunResult, reruns: Sequence[RunResult], events: Sequence[Event]
) -> tuple[RunResult, dict[str, str]]:
    """The result with the reruns that stand in the place of what the run made, and which those are, by picture.

    A picture's approval names the file that was judged. The last one that names a file of the run or of its reruns decides
    which of them counts; a rerun counts only for the very file that it was made instead of."""
    if not reruns:
        return made, {}
    items, taken = [], {}
    for item in made.items:
        candidates = candidates_of(made, reruns, item)
        chosen = made.run_id
        for event in events:
            if event.picture == item.id and event.decision == "approve" and not event.region:
                chosen = next(
                    (n for n, one in candidates.items() if one.output_sha256 == event.candidate), chosen
                )
        items.append(candidates[chosen])
        if chosen != made.run_id:
            taken[item.id] = chosen
    return (
        (made.model_copy(update={"items": tuple(items), "counts": count(items)}), taken)
        if taken
        else (made, {})
    )


def candidates_of(made: RunResult, reruns: Sequence[RunResult], item: ItemResult) -> dict[str, ItemResult]:
    """All that may stand in a picture's place, by run: what the run itself made, then its reruns that made a file."""
    found = {made.run_id: item}
    for result in reruns:
        rerun = result.rerun
        fits = rerun and rerun.picture == item.id and rerun.instead_of == item.output_sha256
        if fits and result.tier == made.tier and result.items[0].output_sha256:
            found[result.run_id] = result.items[0]
    return found


def name_beside(first: JobSpec, rerun: JobSpec) -> str:
    """The file name of a rerun beside what it is of: the same for the same wish, another for any other."""
    wish = rerun.model_dump(mode="json", exclude={"out", "name", "as_before"})
    return f"{first.name or first.id}-rerun-{hashlib.sha256(canonical_json(wish)).hexdigest()[:8]}"
