"""Verdicts: thresholds, reasons, and real fills on photographs."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from model_registry.engines.contract import TextLine
from tasks.contracts import Pixels, Verdict, Zone
from tasks.errors import EngineFailed
from tasks.policy.load import default_policy
from tasks.verification.verify import NO_RING, verify
from tests.tasks.verification.test_scores import PHOTOS, disc, flat, inside, lettering, pixels

DEFAULT_THRESHOLDS = default_policy().thresholds


def judge(before: Pixels, filled: Pixels, after: Pixels, hole: Zone, **thresholds: float) -> Verdict:
    return verify(before, filled, after, hole, hole, thresholds=thresholds, residual_lines=None)


def test_a_perfect_fill_passes_every_default_with_scores_near_zero() -> None:
    for photo in PHOTOS.values():
        clean = pixels(photo)
        hole = cv2.dilate(lettering().astype(np.uint8), np.ones((9, 9), np.uint8)).astype(bool)
        before = inside(clean, lettering(), 90)
        verdict = verify(before, clean, clean, hole, hole, thresholds=DEFAULT_THRESHOLDS, residual_lines=())
        assert verdict.passed, verdict
        assert verdict.reasons == ()
        assert (
            verdict.scores["leak"]
            == verdict.scores["outside_changed"]
            == verdict.scores["residual_text"]
            == 0
        )
        assert verdict.scores["seam_step"] < 3


@pytest.mark.parametrize("method", [cv2.INPAINT_TELEA, cv2.INPAINT_NS])
@pytest.mark.parametrize("photo", PHOTOS)
def test_real_fills_pass_and_spoilt_ones_fail_with_the_figures(photo: str, method: int) -> None:
    """cv2.inpaint over lettering, then the same fill with old content mixed in, shifted, or spilt over the zone."""
    clean = np.ascontiguousarray(PHOTOS[photo])
    hole = cv2.dilate(lettering().astype(np.uint8), np.ones((9, 9), np.uint8)).astype(bool)
    written = clean.copy()
    written[lettering()] = 255 if clean[lettering()].mean() < 128 else 0
    before = pixels(written)
    filled = pixels(cv2.inpaint(written, hole.astype(np.uint8), 5, method).reshape(clean.shape))
    zone = cv2.dilate(hole.astype(np.uint8), np.ones((7, 7), np.uint8)).astype(bool)

    def reasons(after: Pixels) -> str:
        found = verify(before, filled, after, hole, zone, thresholds=DEFAULT_THRESHOLDS, residual_lines=None)
        assert found.passed == (not found.reasons)
        return "; ".join(found.reasons)

    assert reasons(filled) == ""
    assert "leak" in reasons((0.8 * filled + 0.2 * before).astype(np.float32))
    assert "seam step" in reasons(inside(filled, hole, 40))
    spilt = filled.copy()
    spilt[0, 0] += 1 / 255
    assert reasons(spilt) == "1 pixels changed outside the write zone, allowed 0"


def test_reasons_are_readable_and_sorted_by_threshold() -> None:
    image = flat()
    after = inside(image, disc(), 9.3)
    line = TextLine(((70, 40), (120, 40), (120, 88), (70, 88)), "SALE", 0.9)
    verdict = verify(
        image, image, after, disc(), disc(), thresholds={**DEFAULT_THRESHOLDS} | {"grain_ratio_min": 1.5},
        residual_lines=(line,),
    )  # fmt: skip
    assert not verdict.passed
    assert verdict.reasons == (
        "grain 1.00 of the surroundings', at least 1.50 wanted",
        "text still read on 62% of the hole, allowed 20%",
        "seam step 9.3 levels, allowed 6.0",
    )
    assert verdict.failed == ("grain_ratio", "residual_text", "seam_step")


def test_only_scores_with_a_threshold_can_fail() -> None:
    image = flat()
    after = inside(image, disc(), 100)
    assert judge(image, image, after, disc()).passed
    assert judge(image, image, after, disc(), seam_step_max=200).passed
    assert not judge(image, image, after, disc(), seam_step_max=99).passed


def test_text_that_was_not_looked_for_has_no_score_and_cannot_fail() -> None:
    verdict = judge(flat(), flat(), flat(), disc(), residual_text_max=0)
    assert verdict.passed
    assert "residual_text" not in verdict.scores


@pytest.mark.parametrize("name", ["leak", "seam_step_min", "seam_max", "", "thickness_max"])
def test_unknown_thresholds_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="there is no threshold"):
        judge(flat(), flat(), flat(), disc(), **{name: 1.0})


def test_a_threshold_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="not a number"):
        judge(flat(), flat(), flat(), disc(), leak_max=float("nan"))


def test_a_hole_over_everything_says_so() -> None:
    whole = np.ones((128, 192), bool)
    verdict = verify(
        flat(), flat(90), flat(90), whole, whole, thresholds=DEFAULT_THRESHOLDS, residual_lines=None
    )
    assert verdict.passed
    assert verdict.reasons == (NO_RING,)
    assert verdict.failed == ()
    assert verdict.scores["seam_step"] == verdict.scores["low_frequency_delta_e"] == 0


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_result_that_is_not_finite_is_never_passed(value: float) -> None:
    broken = flat()
    broken[64, 96, 1] = value
    for filled, after in ((broken, flat()), (flat(), broken)):
        with pytest.raises(EngineFailed, match="not finite"):
            judge(flat(), filled, after, disc())


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="one shape"):
        judge(flat(), flat(), flat(channels=1), disc())
    with pytest.raises(ValueError, match="crop's size"):
        judge(flat(), flat(), flat(), disc()[:-1])


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(1, 24), st.integers(1, 24)), channels=st.sampled_from([1, 3]),
    seed=st.integers(0, 999), data=st.data(),
)  # fmt: skip
def test_any_small_region_has_finite_scores_and_keeps_its_inputs(
    size: tuple[int, int], channels: int, seed: int, data: st.DataObject
) -> None:
    draw = np.random.default_rng(seed)
    before, filled, after = (draw.random((*size, channels), np.float32) for _ in range(3))
    hole = data.draw(arrays(np.bool_, size))
    kept = [a.copy() for a in (before, filled, after, hole)]
    verdict = verify(before, filled, after, hole, hole, thresholds=DEFAULT_THRESHOLDS, residual_lines=())
    assert all(np.isfinite(v) and v >= 0 and isinstance(v, float) for v in verdict.scores.values())
    assert verdict.scores["leak"] <= 1
    again = verify(before, filled, after, hole, hole, thresholds=DEFAULT_THRESHOLDS, residual_lines=())
    assert again == verdict
    for now, then in zip((before, filled, after, hole), kept, strict=True):
        np.testing.assert_array_equal(now, then)
