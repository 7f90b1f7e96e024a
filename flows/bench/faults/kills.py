"""Real kill -9 at seeded crossings of a real run: a process stops at a barrier, is killed there, and the same commands are given again."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import numpy as np

from flows.bench.faults import victim
from flows.bench.faults.case import Case, Left, left
from flows.bench.faults.victim import Orders

SHARD = 4
PICTURES = 12
PATIENCE = 300.0
PRELOADED = ["flows.bench.faults.victim", "flows.report", "tasks.shards", "mlflow", "pyarrow.parquet"]


@dataclass(frozen=True)
class Undisturbed:
    """A run that nothing disturbed."""

    left: Left
    outcomes: tuple[tuple[str, str], ...]
    crossings: int
    pictures: dict[str, int]
    """By record that ends a picture: its shard."""


@dataclass(frozen=True, slots=True)
class Killed:
    """One run that was killed, some of them twice, and then ended."""

    at: tuple[int, ...]
    names: tuple[str, ...]
    lost: tuple[str, ...]
    duplicated: tuple[str, ...]
    torn: tuple[str, ...]
    pictures_again: int
    """Pictures that were finished before a kill, and again after it."""
    resumed_s: float
    """From the flow's start, in a process that has its modules loaded, with Prefect's API answering, to the first stage computed."""


def context() -> ForkServerContext:
    """Processes are forked from one that has the modules imported and no thread of its own."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(PRELOADED)
    return found


def undisturbed(case: Case, processes: ForkServerContext, *, track: bool) -> Undisturbed:
    """Run the case with nothing planted."""
    case.empty()
    journal = case.folder / "journal"
    journal.unlink(missing_ok=True)
    told = _run(processes, Orders(case, SHARD, 0, journal, track))
    keys = [line.split(" ")[0] for line in journal.read_text().splitlines()]
    found = left(case)
    return Undisturbed(
        found, _outcomes(told[1]), told[3], {key: 0 for key in keys if key.startswith("item/")}
    )


def chosen(seed: int, kills: int, crossings: int) -> list[tuple[int, ...]]:
    """Crossings to be killed at; every fourth run is killed a second time, while it resumes."""
    draw = np.random.default_rng(seed)
    runs: list[tuple[int, ...]] = []
    while sum(len(run) for run in runs) < kills:
        first = int(draw.integers(1, crossings + 1))
        more = (int(draw.integers(1, max(crossings - first, 2))),) if len(runs) % 4 == 3 else ()
        runs.append((first, *more)[: kills - sum(len(run) for run in runs)])
    return runs


def killed(
    case: Case, processes: ForkServerContext, at: Sequence[int], wanted: Undisturbed, *, track: bool
) -> Killed:
    """Killed at these crossings, one after the other, and then let go to the end."""
    case.empty()
    orders = Orders(case, SHARD, 0, case.folder / "journal", track)
    names, computed, again = [], set[str](), 0
    for crossing in at:
        orders.journal.unlink(missing_ok=True)
        told = _run(processes, replace(orders, at=crossing))
        names.append(told[1] if told[0] == "here" else "")
        mine = {key for key, _ in _noted(orders.journal)}
        again, computed = max(again, _items(computed & mine)), computed | mine
    orders.journal.unlink(missing_ok=True)
    told = _run(processes, orders)
    noted = _noted(orders.journal)
    again = max(again, _items(computed & {key for key, _ in noted}))
    resumed = noted[0][1] - told[4] if noted else 0.0
    return Killed(tuple(at), tuple(names), *_held_against(case, wanted, told[1]), again, resumed)


def _run(processes: ForkServerContext, orders: Orders) -> tuple[Any, ...]:
    """A process to its end, by itself or by being killed at its barrier; the last that it said."""
    here, there = processes.Pipe(duplex=False)
    process = processes.Process(target=victim.main, args=(orders, there))
    process.start()
    there.close()
    try:
        if not here.poll(PATIENCE):
            raise RuntimeError("a process hangs")
        told: tuple[Any, ...] = here.recv()
        if told[0] == "here":
            os.kill(process.pid or 0, signal.SIGKILL)
        process.join(PATIENCE)
        if process.exitcode != (-signal.SIGKILL if told[0] == "here" else 0):
            raise RuntimeError(f"a process ended with {process.exitcode} after {told[0]}")
        return told
    finally:
        here.close()
        if process.is_alive():
            process.kill()


def _held_against(
    case: Case, wanted: Undisturbed, result: dict[str, Any]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    found = left(case)
    lost, more = found.apart(wanted.left)
    lost += [
        f"outcome {got}" for was, got in zip(wanted.outcomes, _outcomes(result), strict=True) if was != got
    ]
    return tuple(lost), tuple(more), found.damaged


def _noted(journal: Path) -> list[tuple[str, float]]:
    """Records that a process was given to write, with the time."""
    lines = journal.read_text(encoding="utf-8").splitlines() if journal.is_file() else []
    return [(line.split(" ")[0], float(line.split(" ")[1])) for line in lines]


def _items(records: set[str]) -> int:
    return sum(record.startswith("item/") for record in records)


def _outcomes(result: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((item["id"], item["outcome"]) for item in result["items"])
