"""The append-only log of decisions: one object an event under `runs/RUN_ID/review/`, never rewritten, never locked.

A name holds a number and the digest of the content, so writers at the same moment cannot overwrite each other; every
event names the digests of the last ones its writer saw, so that a missing or altered one is noticed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from infra.store.contract import NotFound
from infra.store.store import Store
from tasks.chained import NAME
from tasks.errors import ArtifactDamaged
from tasks.review.events import Event, Verdicts, in_order, written

FOLDER = "review/"
NUMBERED = re.compile(r"(.+)-(\d+)")
TRIES = 4
"""Listings, when one of them shows an event without the one before it: a folder may be listed while it is written to."""


def read_log(store: Store, run_id: str) -> tuple[Event, ...]:
    """All events of a run in the order in which they count. Raises ArtifactDamaged when one is missing or altered."""
    for _ in range(TRIES):
        events = _read(store, run_id, store.run_names(run_id))
        missing = {d for event in events for d in event.previous} - {event.digest for event in events}
        if not missing:
            return in_order(events)
    raise ArtifactDamaged(
        f"the review log of {run_id} lacks {len(missing)} event(s), such as {min(missing)[:12]}",
        cure="bring the missing object back from a backup: without it no decision of this run counts",
    )


def append(store: Store, run_id: str, verdicts: Verdicts, candidates: Mapping[str, str]) -> tuple[Event, ...]:
    """Write decisions after all that is there; what was written. candidates: picture to the sha256 of its file."""
    events = written(verdicts.checked(), candidates, read_log(store, run_id))
    for event in events:
        store.write_run(run_id, f"{FOLDER}{event.name}", event.encoded(), "application/json")
    return events


def read_earlier(store: Store, run_id: str) -> tuple[tuple[str, Event], ...]:
    """Events of the same run's earlier numbers (`catalog-KEY-0` before `catalog-KEY-1`), each with its run, in order: what
    was decided there holds for the same file here."""
    parts = NUMBERED.fullmatch(run_id)
    if not parts:
        return ()
    base, number = f"{parts[1]}-", int(parts[2])
    keys = store.backend.keys(f"runs/{base}")
    folders = {key.split("/")[1].removeprefix(base) for key in keys if key.split("/")[2] + "/" == FOLDER}
    numbers = sorted(int(n) for n in folders if n.isdecimal() and int(n) < number)
    return tuple((f"{base}{n}", event) for n in numbers for event in read_log(store, f"{base}{n}"))


def _read(store: Store, run_id: str, names: Sequence[str]) -> list[Event]:
    return [_event(store, run_id, name) for name in names if name.startswith(FOLDER)]  # one small object each


def _event(store: Store, run_id: str, name: str) -> Event:
    file = name.removeprefix(FOLDER)
    try:
        event = Event.model_validate(json.loads(store.read_run(run_id, name)))
    except (NotFound, ValueError, ValidationError) as error:
        raise _damaged(run_id, file) from error
    if not NAME.fullmatch(file) or event.name != file:
        raise _damaged(run_id, file)
    return event


def _damaged(run_id: str, file: str) -> ArtifactDamaged:
    return ArtifactDamaged(
        f"the review log of {run_id} is damaged: {file} does not hold what its name says",
        cure="bring the object back from a backup: until then no decision of this run counts",
    )
