"""What enlarging cell by cell saved: counted over a run, by who made the cells, and estimated by the cards."""

from __future__ import annotations

import pytest

from flows.report import _cell_savings
from flows.savings import cell_metrics_of, cell_savings_of, cell_table_of, savings_of
from model_registry.registry import Registry
from tasks.results import Enlargement, ItemResult, RungShare

REGISTRY = Registry.load()


def item(name: str, saved: float, *rungs: tuple[str, int, float], scale: int = 2) -> ItemResult:
    shares = tuple(RungShare(engine=e, colour="#4477aa", cells=n, seconds=s) for e, n, s in rungs)
    made = Enlargement(
        scale=scale, cell=32, rungs=shares, saved=saved, expected_loss_db=0.01, consistency_db=50.0, worst_cell_db=46.0,
        colour_shift=0.1, hallucination=0.0, corrected=0,
    )  # fmt: skip
    return ItemResult(id=name, source=name, outcome="done", width=640, height=480, enlargement=made)


def test_cells_are_counted_by_who_made_them_over_all_pictures() -> None:
    found = cell_savings_of(
        REGISTRY,
        [
            item("a", 0.5, ("lanczos", 60, 0.1), ("rapidocr", 40, 0.9)), item("b", 0.75, ("lanczos", 10, 0.5), ("rapidocr", 0, 0.0)),
            item("one-rung", 0.0, ("lanczos", 100, 9.0)), item("cleaned", 0.0, ("unchanged", 4, 0.0), ("nlm", 9, 1.0), scale=1),
            ItemResult(id="c", source="c", outcome="done"),
        ],
    )  # fmt: skip
    assert found
    assert (found.pictures, found.cells, found.without_network) == (2, 110, 70)
    assert found.seconds == pytest.approx(1.5)
    assert found.top_seconds == pytest.approx(1.0 / 0.5 + 0.5 / 0.25)
    assert "70 of 110 cells of 2 enlarged pictures needed no network" in found.sentence()
    assert cell_table_of(found)[1] == ("lanczos", "70", "63.6%", "0.60")
    assert cell_metrics_of(found)["savings.cells.rapidocr"] == 40
    assert "| lanczos | 70 |" in _cell_savings(found)


def test_a_run_without_them_has_no_such_account() -> None:
    assert cell_savings_of(REGISTRY, [ItemResult(id="c", source="c", outcome="done")]) is None
    assert cell_metrics_of(None) == {}


def test_they_are_no_filled_regions() -> None:
    assert (
        savings_of(REGISTRY, [item("a", 0.5, ("lanczos", 60, 0.1), ("rapidocr", 40, 0.9))], "final") is None
    )
