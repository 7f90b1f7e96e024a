"""The truth set is large, the same every time, and is what it says it is."""

from __future__ import annotations

import numpy as np
import pytest

from flows.bench.text import truth
from flows.bench.text.case import inside
from flows.bench.text.faces import STYLES, faces
from flows.bench.text.kinds import KINDS
from flows.bench.text.truth import Spec, cases, specs
from flows.cli.bench import BENCHES
from tests.flows.bench.text.conftest import written


def levels(case):
    return ((1 - case.alpha)[..., None] * case.truth / 255 + case.paint) * 255


def test_the_command_knows_the_bench():
    assert BENCHES["text"] == "flows.bench.text.measure"


def test_there_are_at_least_300_cases_even_without_a_cjk_face():
    without = sum(kind.full for kind in KINDS if kind.style != "cjk")
    assert without >= 300
    assert sum(spec.pictures for spec in specs(quick=False)) >= without


def test_quick_looks_at_the_same_kinds():
    assert {spec.kind for spec in specs(quick=True)} == {spec.kind for spec in specs(quick=False)}
    assert len(specs(quick=True)) < 60


def test_a_kind_without_its_typeface_is_left_out_with_a_reason(monkeypatch):
    monkeypatch.setattr(truth, "faces", lambda style: () if style == "cjk" else faces(style))
    assert "cjk" not in {spec.kind for spec in specs(quick=True)}
    assert "typeface" in truth.skipped()["cjk"]


def test_every_style_but_cjk_has_a_face_on_any_machine():
    assert all(faces(style) for style in STYLES if style != "cjk")


@pytest.mark.parametrize("kind", ["slogan", "curved", "screenshot", "print and overlay"])
def test_a_case_is_the_same_every_time(kind):
    (one,), (other,) = (cases(Spec(kind, 1), "score") for _ in range(2))
    assert one.data == other.data
    assert np.array_equal(one.truth, other.truth)
    assert np.array_equal(one.alpha, other.alpha)


@pytest.mark.parametrize(
    "kind", ["slogan", "shadow or glow", "plate or banner", "semi-transparent", "rotated", "small"]
)
def test_alpha_and_paint_explain_every_pixel_of_a_lossless_case(kind):
    (case,) = cases(Spec(kind, 0), "score")
    assert np.abs(levels(case) - case.edited).max() < 0.51


@pytest.mark.parametrize("kind", ["slogan", "rotated", "curved", "digits"])
def test_the_outline_of_a_line_holds_its_lettering(kind):
    (case,) = cases(Spec(kind, 0), "score")
    for line in case.lines:
        place = inside(line.polygon, case.truth.shape[:2])
        assert line.alpha[place].sum() > 0.97 * line.alpha.sum()
        assert line.alpha[place].mean() > 0.15


def test_unmixing_with_the_true_matte_brings_a_lossless_picture_back():
    case = written(opacity=0.5)
    off = np.abs(case.unmixed() * 255 - case.truth)
    assert off.max() < 1.1
    assert np.abs(case.edited.astype(int) - case.truth).max() > 40


def test_a_supplier_has_one_overlay_at_one_place():
    four = cases(Spec("repeated over 4", 0, 4), "score")
    assert len(four) == 4
    assert all(np.array_equal(case.alpha, four[0].alpha) for case in four)
    assert len({case.truth.tobytes() for case in four}) == 4
    assert 0.3 < four[0].alpha.max() <= 0.71


@pytest.mark.parametrize("n", range(6))
def test_print_is_in_the_clean_picture_and_no_overlay_touches_it(n):
    (case,) = cases(Spec("print and overlay", n), "score")
    assert case.scene
    for outline in case.scene:
        place = inside(outline, case.truth.shape[:2])
        assert np.array_equal(case.edited[place], case.truth[place])
        assert case.truth[place].std() > 8


def test_both_sides_of_the_split_give_other_pictures():
    (score,), (tune,) = (cases(Spec("slogan", 0), side) for side in ("score", "tune"))
    assert not np.array_equal(score.truth, tune.truth)
