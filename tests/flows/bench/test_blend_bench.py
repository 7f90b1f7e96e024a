"""Bench `blend` on two small cases: its keys, its checks against wrong results, and its rivals' own truth."""

from __future__ import annotations

import numpy as np
import pytest

from flows.bench import blend, blend_cases
from model_registry.engines.classical.poisson_blend import poisson_blend

PROMISED = {
    "speedup_geomean",
    "speedup_min",
    "max_error_levels",
    "changed_outside",
    "speedup_over_sine_geomean",
}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blend_cases, "sizes", lambda quick: [(40, 50), (61, 47)])


@pytest.mark.usefixtures("small")
def test_rows_and_summary() -> None:
    rows, summary = blend.measure(True)
    assert [r["zone"] for r in rows] == ["rectangle", "rectangle", "irregular"]
    assert summary.keys() >= PROMISED
    assert summary["max_error_levels"] <= 1
    assert summary["changed_outside"] == 0
    assert all(r["low"] <= r["speedup"] * 1.0001 and r["high"] * 1.0001 >= r["speedup"] for r in rows)


@pytest.mark.usefixtures("small")
def test_a_wrong_blend_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blend, "poisson_blend", lambda target, source, zone: source.copy())
    _, summary = blend.measure(True)
    assert summary["max_error_levels"] > 1
    assert summary["changed_outside"] > 0


@pytest.mark.usefixtures("small")
def test_the_sine_rival_solves_the_same_equation() -> None:
    case = next(iter(blend_cases.cases(True)))
    ours = poisson_blend(case.target, case.source, case.zone).astype(int)
    assert np.abs(ours - blend_cases.sine_transform(case)).max() <= 1


def test_forty_sizes_from_a_twentieth_to_four_megapixels() -> None:
    sizes = blend_cases.sizes(False)
    areas = [h * w for h, w in sizes]
    assert len(sizes) == 40
    assert {(937, 937), (1897, 1498)} <= set(sizes)
    assert min(areas) < 0.051e6
    assert max(areas) > 3.95e6
