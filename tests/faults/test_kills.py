"""Kill -9 of real runs, at barriers: the same command again ends where an undisturbed run does."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from flows.bench.faults.case import Case
from flows.bench.faults.kills import PICTURES, SHARD, Undisturbed, chosen, context, killed, undisturbed
from flows.bench.faults.server import prefect_server

SHM = Path("/dev/shm")
WORKERS = 2


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=SHM if SHM.is_dir() else None) as name:
        yield Path(name)


@pytest.fixture(scope="module")
def processes(folder: Path) -> Iterator[ForkServerContext]:
    with prefect_server(folder / "prefect"):
        yield context()


@pytest.mark.slow
def test_a_run_that_was_killed_is_ended_by_the_same_command(
    folder: Path, processes: ForkServerContext
) -> None:
    case = Case(folder / "case", PICTURES).write()
    wanted: Undisturbed = undisturbed(case, processes, track=False)
    for at in chosen(3, 8, wanted.crossings):
        found = killed(case, processes, at, wanted, track=False)
        assert (found.lost, found.duplicated, found.torn) == ((), (), ()), found
        assert found.pictures_again <= WORKERS * SHARD, found
        assert found.resumed_s < 60, found
