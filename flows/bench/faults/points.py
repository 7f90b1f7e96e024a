"""Planted faults in one process: at every crossing the command breaks off, or a call fails, and the same commands are given again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from flows.bench.faults.body import Command, Journal, Server, process
from flows.bench.faults.case import Case, Left, left
from flows.bench.faults.schedule import CrashedError, Kind, Point, Schedule
from infra.tracking import spool
from tasks.errors import BadRequest
from tasks.results import RunResult


@dataclass(frozen=True)
class Reference:
    """What nothing disturbed."""

    left: Left
    outcomes: tuple[tuple[str, str], ...]
    crossings: tuple[str, ...]
    shard_of: dict[str, int]
    """By record."""


@dataclass(frozen=True, slots=True)
class Found:
    """After a fault and the same commands again."""

    point: Point
    name: str
    """Of the crossing; empty where the run had fewer."""
    lost: tuple[str, ...]
    duplicated: tuple[str, ...]
    torn: tuple[str, ...]
    shards_again: int
    """Of which something was computed twice."""
    pictures_again: int


def reference(case: Case) -> Reference:
    """Run the case with nothing planted."""
    case.empty()
    schedule, journal = Schedule(), Journal()
    with process(schedule, journal):
        command = Command(case, schedule, journal)
        result = command.catalog()
        command.publish(result.run_id)
    return Reference(left(case), _outcomes(result), tuple(schedule.names), dict(journal.entries))


def tried(case: Case, point: Point, wanted: Reference) -> Found:
    """One fault in an empty folder; then whatever had not ended is asked for again, in a process where nothing goes wrong."""
    case.empty()
    schedule, first, again = Schedule(point), Journal(), Journal()
    run_id = ""
    with process(schedule, first), suppress(CrashedError, Exception):
        command = Command(case, schedule, first)
        result = command.catalog()
        run_id = result.run_id if _outcomes(result) == wanted.outcomes else ""
        try:
            if run_id:
                command.publish(run_id)
        except BadRequest:  # the run says that its record was not kept, and to run it again
            run_id = ""
    with process(None, again):
        command = Command(case, Schedule(), again)
        if not run_id:
            result = command.catalog()
            run_id = result.run_id
        command.publish(run_id)
    twice = {key for key, _ in first.entries} & {key for key, _ in again.entries}
    shards = {wanted.shard_of.get(key, -1) for key in twice} - {-1}
    items = sum(key.startswith("item/") for key in twice)
    name = schedule.names[point.at - 1] if len(schedule.names) >= point.at else ""
    return Found(
        point, name, *_held_against(case, wanted, run_id, point.kind, _outcomes(result)), len(shards), items
    )


def _held_against(
    case: Case, wanted: Reference, run_id: str, kind: Kind, outcomes: Sequence[tuple[str, str]]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """What is lost, what is there twice, what is torn."""
    found = left(case)
    lost, more = found.apart(wanted.left)
    lost += [
        f"outcome {got}, not {was}" for was, got in zip(wanted.outcomes, outcomes, strict=True) if was != got
    ]
    sent = Server(case.home / "tracking", Schedule()).runs()
    waiting = [folder.name for folder in spool.waiting(case.home / "spool")]
    lost += [f"tracked {run_id}"] if run_id not in (*sent, *waiting) else []
    # A mark that may not be taken away says, in a run that has ended, nothing to anybody.
    torn = [
        *(d for d in found.damaged if kind == "crash" or not d.startswith("mark ")),
        *(f"tracked {n}" for n, whole in sent.items() if not whole and n not in waiting),
    ]
    return tuple(lost), tuple(more), tuple(torn)


def _outcomes(result: RunResult) -> tuple[tuple[str, str], ...]:
    return tuple((item.id, item.outcome) for item in result.items)
