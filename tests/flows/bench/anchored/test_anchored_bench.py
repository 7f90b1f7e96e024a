"""The bench of the anchored fill: its holes, its measure of edges, and its table."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from flows.bench.anchored import measure
from flows.bench.anchored.cases import cases, crossed
from flows.bench.anchored.edges import edge_continuity
from flows.bench.anchored.tables import SCORES, Measured, Score, difference, rows, summary
from flows.bench.anchored.variants import BLURRED, DEFAULT, FUSED, Variants
from flows.bench.fill.cases import Case
from flows.cli.bench import BENCHES

Levels = NDArray[np.uint8]


def bars(angle: float = 0.3, shift: float = 0.0) -> Levels:
    page = np.full((120, 120, 3), 60, np.uint8)
    for offset in (30.0, 60.0, 90.0):
        y0, y1 = offset + shift, offset + shift + 120 * angle
        cv2.line(page, (0, round(y0)), (119, round(y1)), (200, 190, 180), 5, cv2.LINE_AA)
    return page


def hole() -> NDArray[np.bool_]:
    where = np.zeros((120, 120), bool)
    where[40:90, 30:80] = True
    return where


def test_the_bench_is_in_the_list() -> None:
    assert BENCHES["anchored"] == "flows.bench.anchored.measure"


def test_holes_are_the_same_at_every_call_and_lie_across_edges() -> None:
    first, second = list(cases(3, "tune")), list(cases(3, "tune"))
    assert [c.hole_kind for c in first] == ["plate", "blob", "large"]
    for a, b in zip(first, second, strict=True):
        assert (a.truth == b.truth).all()
        assert (a.hole == b.hole).all()
        assert crossed(a.truth, a.hole) >= 0.04


def test_edges_that_go_on_count_and_lost_or_displaced_ones_do_not() -> None:
    truth, where = bars(), hole()
    assert edge_continuity(truth, truth, where) == pytest.approx(1.0)
    lost = truth.copy()
    lost[where] = 60
    assert edge_continuity(lost, truth, where) == pytest.approx(0.0, abs=0.25)
    moved = np.where(where[..., None], bars(shift=9.0), truth).astype(np.uint8)
    near = np.where(where[..., None], bars(shift=1.0), truth).astype(np.uint8)
    far, close = edge_continuity(moved, truth, where), edge_continuity(near, truth, where)
    assert far is not None
    assert close is not None
    assert far < 0.5 < 0.9 < close


def test_a_flat_truth_has_no_edges_to_continue() -> None:
    flat = np.full((120, 120, 3), 90, np.uint8)
    assert edge_continuity(bars(), flat, hole()) is None


def test_every_ingredient_is_turned_over_once() -> None:
    settings = Variants().settings
    own = Variants().registry.get("anchored").defaults
    assert settings[DEFAULT] == ("anchored", {})
    for name in ("lines", "depth", "patches", "detail"):
        word = "without" if own[name] else "with"
        assert settings[f"anchored {word} {name}"] == ("anchored", {name: not own[name]})


def test_every_variant_fills_the_hole_and_nothing_else() -> None:
    case = Case("bars", "plate", "structured", bars(), hole())
    made = Variants().all_of(case, 0)
    assert {DEFAULT, "exemplar", BLURRED, FUSED} <= set(made)
    for name, one in made.items():
        assert (one.pixels[~case.hole] == case.truth[~case.hole]).all(), name
    again = Variants().all_of(case, 1)
    assert all((made[name].pixels == again[name].pixels).all() for name in made)


def scored(n: int, gain: float) -> Measured:
    base = Score(20.0 + n, 0.5, 0.4, None if n == 0 else 0.5, 0.1)
    better = Score(20.0 + n + gain, 0.6, 0.3, None if n == 0 else 0.7, 0.2)
    return Measured(str(n), "blob", {"exemplar": base, DEFAULT: better, BLURRED: base, FUSED: better})


def test_the_table_pairs_holes_and_leaves_out_what_cannot_be_had() -> None:
    found = [scored(n, 1.0) for n in range(5)]
    table = {row["variant"]: row for row in rows(found)}
    assert table["exemplar"]["psnr_against_default"] == pytest.approx(-1.0)
    assert table[DEFAULT]["psnr_against_default"] == 0
    assert table[DEFAULT]["edges"] == pytest.approx(0.7)
    value, interval = difference(found, DEFAULT, "exemplar", "perceptual")
    assert value == pytest.approx(-0.1)
    assert interval is not None
    whole = summary(found)
    assert whole["psnr_over_exemplar"] == pytest.approx(1.0)
    assert whole["perceptual_ratio_fusion"] == pytest.approx(0.75)
    assert {f"{score}_over_exemplar" for score in SCORES} <= set(whole)


def test_the_whole_bench_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On two small holes: its rows, its summary, and its page."""
    case = Case("bars", "plate", "structured", bars(), hole())
    monkeypatch.setenv("PENTIMENTO_BENCH_OUT", str(tmp_path))
    monkeypatch.setattr(measure, "cases", lambda count, side: iter([case, case]))
    table, whole = measure.measure(True)
    assert {row["variant"] for row in table} >= {"exemplar", DEFAULT, BLURRED, FUSED}
    assert whole["holes"] == 2
    assert "data:image/png;base64," in (tmp_path / "worst-anchored.html").read_text()
