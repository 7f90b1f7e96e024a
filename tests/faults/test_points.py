"""Whatever goes wrong at whichever boundary, the same commands again end where an undisturbed run does."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.bench.faults.case import Case
from flows.bench.faults.points import Reference, reference, tried
from flows.bench.faults.schedule import Kind, Point, kinds_of, points

SEED = 7
SHM = Path("/dev/shm")


@pytest.fixture(scope="module")
def case() -> Iterator[Case]:
    with tempfile.TemporaryDirectory(dir=SHM if SHM.is_dir() else None) as folder:
        yield Case(Path(folder)).write()


@pytest.fixture(scope="module")
def wanted(case: Case) -> Reference:
    return reference(case)


def check(case: Case, point: Point, wanted: Reference) -> None:
    found = tried(case, point, wanted)
    assert (found.lost, found.duplicated, found.torn) == ((), (), ()), found
    assert found.shards_again <= 1, found


def test_every_sort_of_boundary_is_crossed(wanted: Reference) -> None:
    sorts = kinds_of(wanted.crossings)
    assert {"before", "during", "after"} <= {sort.split(" ")[0] for sort in sorts}
    for sort in ("write", "read", "task", "spool", "send", "settle", "delete"):
        assert any(found.endswith(f" {sort}") for found in sorts), sort
    assert any("published.json" in name for name in wanted.crossings)
    assert wanted.outcomes == (("p0", "done"), ("p1", "done"), ("p2", "done"), ("p3", "rejected"))


@pytest.mark.parametrize("point", points(SEED, 400, 40)[:6] + points(SEED, 400, 40)[-10:], ids=str)
def test_a_fault_costs_nothing_but_time(case: Case, wanted: Reference, point: Point) -> None:
    check(case, point, wanted)


@pytest.mark.parametrize(
    ("at", "kind"),
    [
        ("before write published.json", "crash"), ("after write published.json", "crash"), ("during send", "crash"),
        ("after send", "crash"), ("before spool remove", "crash"), ("before send", "transient"),
    ],
)  # fmt: skip
def test_publishing_and_tracking_happen_once(case: Case, wanted: Reference, at: str, kind: Kind) -> None:
    number = next(n for n, name in enumerate(wanted.crossings, 1) if name.startswith(at))
    check(case, Point(number, kind), wanted)


@pytest.mark.slow
def test_four_hundred_more(case: Case, wanted: Reference) -> None:
    for point in points(SEED + 1, len(wanted.crossings), 400):
        check(case, point, wanted)
