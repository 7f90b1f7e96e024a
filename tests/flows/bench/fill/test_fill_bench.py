"""Bench `fill`: its holes and grounds, what the ladder picks, its scores and tables against planted fills, its clock."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from flows.bench.fill import measure as bench
from flows.bench.fill.cases import GROUNDS, HOLES, Case, cases, ground_of
from flows.bench.fill.fillers import RIVALS, Fillers
from flows.bench.fill.scores import perceptual, psnr, ssim, why_no_perceptual, window
from flows.bench.fill.tables import FINISHED, OURS, Measured, Score, ratio, summary
from flows.bench.fill.timing import Timed, figures

PROMISED = {
    "psnr_vs_best_classical_db",
    "ssim_vs_best_classical",
    "perceptual_ratio",
    "speedup_vs_pypatchmatch",
}


@pytest.fixture(scope="module")
def fillers() -> Fillers:
    return Fillers()


@pytest.fixture(scope="module")
def nine() -> list[Case]:
    return list(cases(9, "tune"))


def score(psnr_db: float, distance: float | None = None) -> Score:
    return Score(psnr_db, psnr_db / 50, distance)


def measured(kind: str, ground: str, ours: Score, rival: Score) -> Measured:
    scores = {OURS: ours, FINISHED: ours, **dict.fromkeys(RIVALS, rival)}
    return Measured("x", kind, ground, "exemplar", scores)


def test_every_kind_of_hole_on_every_ground(nine: list[Case]) -> None:
    assert {(c.hole_kind, c.ground) for c in nine} == {(h, g) for h in HOLES for g in GROUNDS}
    assert all(ground_of(c.truth, c.hole) == c.ground for c in nine)
    sizes = {kind: np.mean([c.hole.sum() for c in nine if c.hole_kind == kind]) for kind in HOLES}
    assert sizes["blob"] * 3 < sizes["large"]


def test_cases_are_the_same_at_every_call(nine: list[Case]) -> None:
    again = list(cases(2, "tune"))
    assert [c.truth.tobytes() for c in again] == [c.truth.tobytes() for c in nine[:2]]


def test_grounds_are_told_apart() -> None:
    rng = np.random.default_rng(0)
    hole = np.zeros((96, 96), bool)
    hole[30:60, 30:60] = True
    flat = np.full((96, 96, 3), 180, np.uint8)
    noise = rng.integers(0, 256, (96, 96, 1), dtype=np.uint8).repeat(3, axis=2)
    edge = flat.copy()
    edge[:, 44:] = 20
    assert [ground_of(p, hole) for p in (flat, noise, edge)] == ["flat", "textured", "structured"]


def test_ours_is_the_ladder_as_planned_and_sees_nothing_of_the_hole(
    fillers: Fillers, nine: list[Case]
) -> None:
    assert fillers.ladder == ("synthetic", "plane", "membrane", "fill-small", "telea", "anchored", "exemplar")
    case = nine[4]
    other = case.truth.copy()
    other[case.hole] = (255, 0, 128)
    made, again = (fillers.ours(p, case.hole) for p in (case.truth, other))
    assert made.engine in fillers.ladder
    np.testing.assert_array_equal(made.pixels[case.hole], again.pixels[case.hole])
    np.testing.assert_array_equal(made.pixels[~case.hole], case.truth[~case.hole])
    assert psnr(made.pixels, case.truth, case.hole) < 50


def test_a_flat_ground_is_filled_by_the_cheapest_rung(fillers: Fillers) -> None:
    flat = np.full((120, 120, 3), 200, np.uint8)
    hole = np.zeros((120, 120), bool)
    hole[50:70, 50:70] = True
    made = fillers.ours(flat, hole)
    assert made.engine == "synthetic"
    np.testing.assert_array_equal(made.pixels, flat)


def test_finished_writes_at_most_the_feather_outside_the_hole(fillers: Fillers, nine: list[Case]) -> None:
    case = nine[1]
    made = fillers.finished(case.truth, case.hole).pixels
    assert (made != fillers.ours(case.truth, case.hole).pixels)[case.hole].any()
    box = window(case.hole)
    outside = (made != case.truth).any(axis=2)
    outside[box] = False
    assert not outside.any()


def test_scores_of_the_truth_are_the_best_there_are(nine: list[Case]) -> None:
    case = nine[1]
    worse = case.truth.copy()
    worse[case.hole] = 128
    assert psnr(case.truth, case.truth, case.hole) == 50
    assert ssim(case.truth, case.truth, case.hole) == pytest.approx(1)
    assert psnr(worse, case.truth, case.hole) < 40
    assert ssim(worse, case.truth, case.hole) < 0.95


def test_what_lies_outside_the_hole_does_not_count_for_psnr() -> None:
    truth, hole = np.full((64, 64, 3), 100, np.uint8), np.zeros((64, 64), bool)
    hole[10:20, 10:20] = True
    made = np.where(hole[..., None], truth + 10, truth + 90).astype(np.uint8)
    assert psnr(made, truth, hole) == pytest.approx(20 * np.log10(255 / 10))


def test_the_window_holds_the_hole_and_is_never_too_small() -> None:
    hole = np.zeros((320, 200), bool)
    hole[310:, 2:5] = True
    rows, columns = window(hole)
    assert rows.stop - rows.start >= 96
    assert columns.stop - columns.start >= 96
    assert hole[rows, columns].sum() == hole.sum()


def test_without_the_tool_there_is_a_reason_and_no_figure(
    monkeypatch: pytest.MonkeyPatch, nine: list[Case]
) -> None:
    monkeypatch.delenv("PENTIMENTO_DATA", raising=False)
    assert "perceptual.py" in (why_no_perceptual() or "")
    found = summary(
        [measured("large", "textured", score(20), score(20)), measured("thin", "flat", score(40), score(39))]
    )
    assert found["perceptual_ratio"] is None
    assert found["psnr_vs_best_classical_db"] == pytest.approx(1)


@pytest.mark.skipif(why_no_perceptual() is not None, reason=why_no_perceptual() or "")
def test_the_perceptual_distance_grows_with_blur(nine: list[Case]) -> None:
    case = nine[5]
    blurred = case.truth.copy()
    blurred[case.hole] = case.truth[case.hole].mean(axis=0)
    none, some = (perceptual(p, case.truth, case.hole) for p in (case.truth, blurred))
    assert none == pytest.approx(0, abs=1e-6)
    assert some is not None
    assert some > 0.05


def test_the_worst_cell_counts_and_only_thin_and_flat_ones_for_fidelity() -> None:
    found = [
        measured("thin", "textured", score(30), score(28)), measured("blob", "flat", score(35), score(36)),
        measured("large", "structured", score(10, 0.5), score(20, 1.0)), measured("blob", "textured", score(10, 0.8), score(20, 1.0)),
    ]  # fmt: skip
    made = summary(found)
    assert made["psnr_vs_best_classical_db"] == pytest.approx(-1)
    assert made["ssim_vs_best_classical"] == pytest.approx(-1 / 50)
    assert made["perceptual_ratio"] == pytest.approx(0.8)
    assert ratio([found[2]], OURS) == pytest.approx(0.5)


def test_where_the_best_rival_is_exact_only_an_exact_fill_is_as_good() -> None:
    exact, off = score(50, 0.0), score(30, 0.4)
    assert ratio([measured("large", "flat", exact, exact)], OURS) == 1
    assert ratio([measured("large", "flat", off, exact)], OURS) == float("inf")


def test_the_best_rival_of_the_class_is_the_one_to_beat() -> None:
    one = measured("thin", "flat", score(30), score(20))
    better = replace(one, scores={**one.scores, "telea": score(33)})
    assert summary([better, measured("large", "textured", score(9, 1.0), score(9, 1.0))])[
        "psnr_vs_best_classical_db"
    ] == pytest.approx(-3)


def test_the_speedup_is_of_the_sums_of_medians(nine: list[Case]) -> None:
    slow = Timed(nine[0], "exemplar", (1.0, 1.0, 9.0), (4.0, 4.0, 4.0))
    quick = Timed(nine[1], "plane", (0.1, 0.1, 0.1), (4.0, 4.0, 4.0))
    found = figures([slow, quick])
    assert found["speedup_vs_pypatchmatch"] == pytest.approx(8 / 1.1)
    assert found["speedup_min_picture"] == pytest.approx(4)
    assert found["speedup_320"] == found["speedup_vs_pypatchmatch"]
    low, high = found["speedup_vs_pypatchmatch_95"]
    assert low <= 8 / 1.1 <= high


def test_rows_summary_and_page(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setitem(bench.COUNT, True, 3)
    monkeypatch.setitem(bench.TIMED, True, 1)
    monkeypatch.setattr(bench, "TIMED_SIDES", (320,))
    monkeypatch.setenv("PENTIMENTO_BENCH_OUT", str(tmp_path))
    monkeypatch.setenv("PENTIMENTO_BENCH_SIDE", "tune")
    rows, found = bench.measure(True)
    assert found.keys() >= PROMISED
    assert len(rows) == 3
    assert sum(row["count"] for row in rows) == 3
    assert found["pictures_timed"] == 1
    assert (found["perceptual_ratio"] is None) == ("perceptual_ratio" in found["skipped"])
    assert (tmp_path / "worst-fills.html").read_text().count("<section>") == 3
