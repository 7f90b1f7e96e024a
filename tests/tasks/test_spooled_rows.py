"""Rows that may be many: the same to whoever reads them, held or in a file."""

from __future__ import annotations

import pytest

from tasks import spooled
from tasks.results import ItemResult, RunResult
from tasks.spooled import Lazily, Picked, Spooled, changed, held


def items(number: int) -> list[ItemResult]:
    return [ItemResult(id=f"p{n}", source=f"gärten/{n}.png", outcome="done") for n in range(number)]


def spool(number: int) -> Spooled[ItemResult]:
    rows = Spooled(ItemResult)
    for item in items(number):
        rows.add(item)
    return rows


def test_a_few_rows_are_a_tuple_and_one_more_lies_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spooled, "AT_HAND", 100)
    assert held(iter(items(100)), ItemResult) == tuple(items(100))
    many = held(iter(items(101)), ItemResult)
    assert isinstance(many, Spooled)
    assert tuple(many) == tuple(items(101))


@pytest.mark.parametrize("number", [0, 1, 64, 65, 200])
def test_spooled_rows_are_read_as_a_list_is(number: int) -> None:
    rows, plain = spool(number), items(number)
    assert len(rows) == number
    assert list(rows) == plain
    for part in (
        slice(0, 3),
        slice(60, 70),
        slice(-5, None),
        slice(3, 1),
        slice(None, None, 7),
        slice(190, 999),
    ):
        assert list(rows[part]) == plain[part]
    with pytest.raises(IndexError):
        rows[number]
    if number:
        assert (rows[0], rows[-1]) == (plain[0], plain[-1])


def test_rows_may_be_added_while_others_are_read() -> None:
    rows = spool(3)
    first = iter(rows)
    assert next(first).id == "p0"
    rows.add(items(4)[3])
    assert [row.id for row in rows] == ["p0", "p1", "p2", "p3"]


def test_rows_picked_and_changed_are_made_when_they_are_asked_for() -> None:
    made: list[int] = []

    def read(place: int) -> int:
        made.append(place)
        return place

    picked = Picked(read, range(0, 1000, 10))
    longer = changed(picked, str)
    assert isinstance(longer, Lazily)
    assert longer[3] == "30"
    assert made == [30]
    assert changed((1, 2), str) == ("1", "2")


@pytest.mark.parametrize("number", [0, 1, 150])
def test_a_result_is_told_and_written_the_same_from_memory_and_from_a_file(number: int) -> None:
    given: dict[str, object] = {"run_id": 'r"items":[]', "counts": {"done": number}, "seconds": 1.0}
    short = RunResult(**given, items=tuple(items(number)))  # type: ignore[arg-type]
    long = RunResult(**given, items=spool(number))  # type: ignore[arg-type]
    assert isinstance(long.items, Spooled), "it must not be read to be looked at"
    assert "".join(short.written()) == "".join(long.written()) == short.model_dump_json()
    assert long.model_dump_json() == short.model_dump_json()
    told = long.told()
    assert {**told, "items": list(told["items"])} == short.told() == short.model_dump(mode="json")
    assert isinstance(RunResult.model_validate(told).items, Spooled)
