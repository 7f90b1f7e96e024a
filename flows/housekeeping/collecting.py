"""`gc`: mark everything that is named, then take away what is not: records first, then documents of runs, artifacts last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from flows.housekeeping.documents import RECORDS, Contents, Document, contents, named
from flows.housekeeping.keeping import Retention, kept, under_way
from flows.housekeeping.pointers import Visible, visible
from infra.settings import Settings
from infra.store.contract import Entry
from infra.store.store import Store

GRACE_S = 24 * 3600.0
"""Nothing that was written in the last day is taken away: twice the age at which `Store.put` writes again what it is given."""
STAY = (f"{RECORDS}run/", f"{RECORDS}overlays/")
"""Records that always stay: the numbers of runs, so that no id is given twice, and overlays that were learnt."""


@dataclass(frozen=True)
class Garbage:
    """What would go, in the order in which it would."""

    held: Contents
    seen: Visible
    records: tuple[Entry, ...] = ()
    documents: tuple[Entry, ...] = ()
    """Of runs that go: a run's result first, so that half a run is one that did not end."""
    artifacts: tuple[Entry, ...] = ()
    temporary: tuple[Entry, ...] = ()
    runs: tuple[str, ...] = ()
    """Runs that go."""
    stay: Mapping[str, str] = field(default_factory=dict)
    """Runs that stay, with the reason; empty where no retention was asked for."""
    waits_for: tuple[str, ...] = ()
    """Runs under way, because of which records and runs stay this time."""

    @property
    def bytes(self) -> int:
        """Of everything that would go."""
        return sum(e.size for e in (*self.records, *self.documents, *self.artifacts, *self.temporary))


def find_garbage(
    store: Store, settings: Settings, retention: Retention | None, now: float, grace_s: float = GRACE_S
) -> Garbage:
    """Look through the whole store; changes nothing. now: seconds since 1970. Raises Unavailable, Forbidden."""
    young = now - grace_s
    held = contents(store.backend)
    seen = visible(store, settings, held.of_runs())
    busy = under_way(store, held, young) if retention else ()
    stay = kept(held, seen, retention, now) if retention and not busy else {}
    runs = tuple(sorted(set(held.of_runs()) - set(stay))) if retention and not busy else ()
    gone = _of_runs(held, runs)
    age = max(grace_s, retention.older_than_s) if retention else grace_s
    records = _unused(held, seen, gone, stay, now - age) if retention and not busy else ()
    rest = [d for key, d in held.documents.items() if key not in {e.key for e in (*gone, *records)}]
    return Garbage(
        held, seen, records, gone, _unnamed(held, named(rest) | seen.digests, young),
        tuple(e for e in store.backend.unfinished() if e.modified < young), runs, stay, busy,
    )  # fmt: skip


def take_away(store: Store, garbage: Garbage, now: float, grace_s: float = GRACE_S) -> int:
    """Delete it; bytes that are free now. What was named or written again meanwhile stays.

    It may stop after any delete: then every record still has its artifacts, and the same command goes on."""
    freed = 0
    for entry in (*garbage.records, *garbage.documents):
        freed += entry.size if store.backend.delete_older(entry.key, entry.modified + 1e-3) else 0
    again = contents(store.backend, garbage.held)
    spared = named(again.documents.values()) | garbage.seen.digests
    for entry in garbage.artifacts:
        if entry.key.rpartition("/")[2] not in spared:
            freed += entry.size if store.backend.delete_older(entry.key, now - grace_s) else 0
    for entry in garbage.temporary:
        store.backend.drop_unfinished(entry)
        freed += entry.size
    return freed


def _of_runs(held: Contents, runs: Iterable[str]) -> tuple[Entry, ...]:
    by_run = held.of_runs()
    entries = [document.entry for run in runs for document in by_run[run]]
    return tuple(
        sorted(entries, key=lambda e: (e.key.split("/")[1], not e.key.endswith("/result.json"), e.key))
    )


def _unused(
    held: Contents, seen: Visible, gone: Iterable[Entry], stay: Mapping[str, str], young: float
) -> tuple[Entry, ...]:
    """Records that no run that stays made or shows, and that are old. The picture's own come first."""
    going = {entry.key for entry in gone}
    others = [d for key, d in held.documents.items() if not key.startswith(RECORDS) and key not in going]
    wanted = named(others) | seen.digests
    unused = [
        document.entry
        for key, document in held.documents.items()
        if key.startswith(RECORDS) and not key.startswith(STAY) and document.entry.modified < young
        and not _used(document, wanted, stay)
    ]  # fmt: skip
    return tuple(sorted(unused, key=lambda e: (not e.key.startswith(f"{RECORDS}item/"), e.key)))


def _used(record: Document, wanted: set[str], stay: Mapping[str, str]) -> bool:
    """Made by a run that stays, named by its key, or all that it made is shown by runs that stay.

    A shared part is not enough: the picture before the edit is the same for every plan."""
    key = record.entry.key.rpartition("/")[2].removesuffix(".json")
    if record.runs & stay.keys() or key in wanted:
        return True
    return bool(record.artifacts) and record.artifacts <= wanted


def _unnamed(held: Contents, names: set[str], young: float) -> tuple[Entry, ...]:
    return tuple(
        entry for digest, entry in sorted(held.artifacts.items())
        if digest not in names and entry.modified < young
    )  # fmt: skip
