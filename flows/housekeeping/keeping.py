"""Which runs stay, and why: the last ones, the young ones, what people decided on, what is published or compared, and all that those name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flows.housekeeping.documents import RECORDS, Contents, Document
from flows.housekeeping.pointers import Visible
from infra.store.store import Store

DECIDED = {"review": "people decided on it", "ballots": "people voted on it", "comparison.json": "it is a comparison"}  # fmt: skip
RUN_RECORDS = f"{RECORDS}run/"
ENDS = ("/result.json", "/comparison.json")


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what nobody needs is kept."""

    runs: int = 0
    """The last so many runs stay."""
    older_than_s: float = 0.0
    """Nothing younger goes."""


def written(documents: Sequence[Document]) -> float:
    """When a run was last written to."""
    return max(document.entry.modified for document in documents)


def under_way(store: Store, held: Contents, young: float) -> tuple[str, ...]:
    """Runs that may be working now: begun and not ended, and written to since `young`."""
    by_run = held.of_runs()
    fresh = {run for run, documents in by_run.items() if written(documents) >= young}
    ended = {run for run in fresh if any(d.entry.key.endswith(ENDS) for d in by_run[run])}
    running = set()
    for key, document in held.documents.items():
        if key.startswith(RUN_RECORDS):
            record = store.read_record("run", key.removeprefix(RUN_RECORDS).removesuffix(".json")) or {}
            run = str(record.get("run_id", ""))
            if record.get("state") == "running" and (run in fresh or document.entry.modified >= young):
                running.add(run)
    return tuple(sorted(running | (fresh - ended)))


def kept(held: Contents, seen: Visible, retention: Retention, now: float) -> dict[str, str]:
    """Runs that stay, with the reason."""
    by_run = held.of_runs()
    last = sorted(by_run, key=lambda run: (written(by_run[run]), run), reverse=True)[: retention.runs]
    stay = dict.fromkeys(last, f"it is one of the last {retention.runs}")
    for run, documents in by_run.items():
        why = _why(run, documents, seen, now - retention.older_than_s)
        if why:
            stay.setdefault(run, why)
    roots = [d for key, d in held.documents.items() if key.startswith(("promotions/", "published/"))]
    for run in sorted({run for root in roots for run in root.runs}):
        stay.setdefault(run, "it is promoted or published")
    return _with_named(by_run, stay)


def _why(run: str, documents: Sequence[Document], seen: Visible, young: float) -> str:
    if written(documents) >= young:
        return "it is young"
    if run in seen.words:
        return "it is published"
    if run in seen.unseen:
        return f"{seen.unseen[run]} cannot be looked into, so it may be published"
    parts = {document.entry.key.split("/")[2] for document in documents}
    return next((why for part, why in DECIDED.items() if part in parts), "")


def _with_named(by_run: Mapping[str, Sequence[Document]], stay: dict[str, str]) -> dict[str, str]:
    """And every run that a run that stays names, on and on: its reruns, what it is a rerun of, its variants."""
    waiting = list(stay)
    while waiting:
        run = waiting.pop()
        for other in sorted({name for document in by_run.get(run, ()) for name in document.runs}):
            if other in by_run and other not in stay:
                stay[other] = f"{run} names it"
                waiting.append(other)
    return stay
