"""Write a person's decisions on a run: all of them, or none when one cannot be carried out."""

from __future__ import annotations

import difflib
import getpass
from collections.abc import Sequence
from datetime import UTC, datetime

from flows.reruns import candidates_of, read_result
from flows.stored_run import StoredRun, stored_run
from infra.store.store import Store
from tasks.errors import BadRequest
from tasks.results import ItemResult
from tasks.review.events import Decision, Target, Verdicts
from tasks.review.log import append
from tasks.review.targets import decisions


def now() -> str:
    """UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def login_name() -> str:
    """Who runs this process; empty when the system does not know."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def decide(
    store: Store, run_id: str, approve: Sequence[str], reject: Sequence[str], *, by: str, why: str = ""
) -> StoredRun:
    """Write the decisions into the run's log; the run as it stands then. Nothing is written when one id is wrong.

    `PICTURE@RERUN` approves what a rerun made of the picture, which then stands in its place; `PICTURE@RUN_ID`, the run's
    own again. Raises BadRequest for an unknown run or id, for what does not wait, and when nobody is named."""
    run = stored_run(store, run_id)
    taken = _taken(store, run, [given for given in approve if "@" in given])
    items = {**run.items, **taken}
    chosen: dict[Target, Decision] = decisions(items, [one for one in approve if "@" not in one], reject)
    for picture in taken:
        if chosen.get(Target(picture)) == "reject":
            raise BadRequest(f"{picture} is approved and rejected at once", cure="name it once")
        chosen[Target(picture)] = "approve"
    if not chosen:
        return run
    candidates = {item.id: item.output_sha256 for item in items.values()}
    append(store, run_id, Verdicts(chosen, by, now(), why), candidates)
    return stored_run(store, run_id)


def _taken(store: Store, run: StoredRun, given: Sequence[str]) -> dict[str, ItemResult]:
    """What each `PICTURE@RERUN` puts in the picture's place."""
    found: dict[str, ItemResult] = {}
    made = read_result(store, run.result.run_id)
    originals = {item.id: item for item in made.items}
    for picture, _, name in (one.rpartition("@") for one in given):
        if picture not in originals:
            raise BadRequest(
                f"there is no picture {picture!r} in this run{_near(picture, list(originals), '')}",
                cure="see `pentimento review RUN_ID`",
            )
        if picture in found:
            raise BadRequest(f"{picture} is approved twice", cure="name one of its candidates")
        candidates = candidates_of(made, run.reruns, originals[picture])
        if name not in candidates:
            raise BadRequest(
                _why_not(run, picture, name, list(candidates)), cure=_instead(run, picture, list(candidates))
            )
        found[picture] = candidates[name]
    return found


def _why_not(run: StoredRun, picture: str, name: str, candidates: Sequence[str]) -> str:
    """Why a rerun cannot stand in a picture's place."""
    rerun = next((r for r in run.reruns if r.run_id == name and r.rerun and r.rerun.picture == picture), None)
    if rerun is None:
        return f"{picture} has no rerun {name!r}{_near(name, candidates, f'{picture}@')}"
    if rerun.tier != run.result.tier:
        return f"{name} is a {rerun.tier}, and {run.result.run_id} is not"
    if not rerun.items[0].output_sha256:
        return f"{name} made nothing of {picture}: it ended as {rerun.items[0].outcome}"
    return f"{name} was made of another file of {picture} than this run's"


def _instead(run: StoredRun, picture: str, candidates: Sequence[str]) -> str:
    if len(candidates) > 1:
        return f"one of {', '.join(f'{picture}@{name}' for name in candidates)}"
    return f"make one: pentimento rerun {run.result.run_id} {picture} --engine generation=…"


def _near(given: str, known: Sequence[str], before: str) -> str:
    near = difflib.get_close_matches(given, known, n=1, cutoff=0.4)
    return f"; did you mean {before}{near[0]}?" if near else ""
