"""Bench `seam`: its holes and faults, its measures against planted seams and leaks, its rivals, its page."""

from __future__ import annotations

import numpy as np
import pytest

from flows.bench.seam import measure as bench
from flows.bench.seam.blenders import OURS, RIVALS, blends, feather, multiband, paste, seamless
from flows.bench.seam.cases import SHAPES, SIDE, Case, cases
from flows.bench.seam.fills import FAULTS
from flows.bench.seam.scores import leaked, seam_gradient
from flows.bench.seam.tables import Measured, interval, summary

PROMISED = {"grad_below_paste", "grad_below_seamless", "grad_below_feather", "leak", "changed_outside"}


@pytest.fixture(scope="module")
def some() -> list[Case]:
    return list(cases(2 * len(SHAPES), "tune"))


def square() -> tuple[np.ndarray, np.ndarray]:
    truth = np.full((64, 64, 3), 100, np.uint8)
    hole = np.zeros((64, 64), bool)
    hole[20:44, 20:44] = True
    return truth, hole


def test_shapes_faults_and_forms_take_turns() -> None:
    found = list(cases(len(SHAPES) * len(FAULTS) * 2, "tune"))
    assert {(c.shape, c.fault, c.form) for c in found} == {
        (s, f, o) for s in SHAPES for f in FAULTS for o in ("whole", "hole")
    }
    assert {c.width for c in found if c.shape == "stroke"} == {4, 6, 9, 14}
    assert all(0.002 < c.hole.mean() < 0.4 for c in found)


def test_the_object_is_in_the_picture_and_only_under_the_hole(some: list[Case]) -> None:
    for case in some:
        for picture in case.pictures:
            np.testing.assert_array_equal(picture[~case.hole], case.truth[~case.hole])
        assert (case.pictures[0] != case.pictures[1])[case.hole].any(axis=1).mean() > 0.9
        off = np.abs(case.pictures[0].astype(int) - case.truth)[case.hole]
        assert off.mean() > 25


def test_a_fill_for_the_hole_alone_repeats_the_picture_and_one_for_all_does_not(some: list[Case]) -> None:
    for case in list(cases(50, "tune"))[::7]:
        same = (case.fill == case.truth)[~case.hole].all()
        assert same == (case.form == "hole")
        assert (case.fill != case.truth)[case.hole].any()


def test_cases_are_the_same_at_every_call(some: list[Case]) -> None:
    again = list(cases(3, "tune"))
    for one, other in zip(some[:3], again, strict=True):
        assert one.fill.tobytes() == other.fill.tobytes()
        assert one.pictures[0].tobytes() == other.pictures[0].tobytes()
        assert one.truth.shape == (SIDE, SIDE, 3)


def test_a_step_along_the_edge_is_a_gradient_error_and_an_even_shift_deep_inside_is_none() -> None:
    truth, hole = square()
    shifted, deep = truth.copy(), truth.copy()
    shifted[hole] += 10
    deep[28:36, 28:36] += 10
    assert seam_gradient(truth, truth, hole) == 0
    assert seam_gradient(deep, truth, hole) == 0
    assert (
        25 < seam_gradient(shifted, truth, hole) < 45
    )  # Sobel sums 1 + 2 + 1 over a step of 10, less at corners


def test_a_tenth_of_the_object_is_a_leak_of_a_tenth() -> None:
    truth, hole = square()
    over = truth.copy(), truth.copy()
    over[0][hole], over[1][hole] = 50, 250
    mixed = tuple((0.9 * truth + 0.1 * picture).round().astype(np.uint8) for picture in over)
    share, pixels = leaked((mixed[0], mixed[1]), over, hole)
    assert share == pytest.approx(0.1, abs=0.01)
    assert pixels == hole.sum()
    assert leaked((truth, truth), over, hole) == (0.0, 0)


def test_ours_leaks_nothing_and_those_that_mix_the_hole_do(some: list[Case]) -> None:
    ours = blends()[OURS]
    for case in (c for c in some if c.shape == "stroke"):
        for blend, leaks in (
            (ours, False),
            (paste, False),
            (feather, True),
            (multiband, True),
            (seamless, True),
        ):
            first, second = (blend(picture, case.fill, case.hole) for picture in case.pictures)
            assert (leaked((first, second), case.pictures, case.hole)[0] > 0.02) is leaks


def test_the_clone_meets_itself_and_is_not_moved() -> None:
    """Of one and the same picture nothing changes by more than rounding."""
    rng = np.random.default_rng(1)
    picture = np.repeat(rng.integers(90, 160, (16, 16, 3), dtype=np.uint8), 4, axis=0).repeat(4, axis=1)
    for box in ((20, 43, 18, 45), (21, 44, 20, 44)):
        hole = np.zeros((64, 64), bool)
        hole[box[0] : box[1], box[2] : box[3]] = True
        assert np.abs(seamless(picture, picture, hole).astype(int) - picture).max() <= 2


def test_rows_summary_and_page(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setitem(bench.COUNT, True, 10)
    monkeypatch.setenv("PENTIMENTO_BENCH_OUT", str(tmp_path))
    monkeypatch.setenv("PENTIMENTO_BENCH_SIDE", "tune")
    rows, found = bench.measure(True)
    assert found.keys() >= PROMISED
    assert found["leak"] == 0
    assert found["changed_outside"] == 0
    assert found["grad_below_paste"] > 0.3
    assert found["side"] == "tune"
    assert rows[-1]["holes"] == "all"
    assert rows[-1]["count"] == 10
    text = (tmp_path / "worst-seams.html").read_text()
    assert text.count("<section>") == 10
    assert text.count("data:image/png;base64,") == 60
    assert "http://" not in text.replace("http-equiv", "")


def test_a_blend_that_leaks_or_writes_outside_shows(
    monkeypatch: pytest.MonkeyPatch, some: list[Case]
) -> None:
    broken = blends() | {OURS: feather}
    found = summary([bench.measured(case, broken) for case in some])
    assert found["leak"] > 0.1
    assert found["leak_pixels"] > 0
    assert found["changed_outside"] > 0


def test_the_summary_is_of_means_over_holes() -> None:
    def one(ours: float, others: float) -> Measured:
        grad = {OURS: ours, **dict.fromkeys(RIVALS, others)}
        return Measured(
            "x", "stroke", 4, "cast", "hole", grad, dict.fromkeys(grad, 0.0), dict.fromkeys(grad, 0), 0
        )

    found = summary([one(1, 10), one(3, 30), one(50, 40)])
    assert found["grad_below_paste"] == pytest.approx(1 - 54 / 80)
    assert found["holes_worse_than_paste"] == 1
    low, high = interval([one(1, 10), one(3, 30), one(50, 40)], "paste")
    assert low < 1 - 54 / 80 < high
