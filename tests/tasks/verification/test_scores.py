"""Each verification score on cases whose answer is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data
from skimage.color import deltaE_cie76, rgb2lab

from model_registry.engines.contract import TextLine
from tasks.contracts import Pixels, Zone
from tasks.verification.colour import low_frequency_delta_e
from tasks.verification.contour import steps
from tasks.verification.grain import grain_ratio
from tasks.verification.leak import leak
from tasks.verification.outside import outside_changed
from tasks.verification.residual import residual_text
from tasks.verification.seam import seam_step

PHOTOS = {
    "astronaut": data.astronaut()[150:278, 40:232], "coffee": data.coffee()[100:228, 250:442],
    "chelsea": data.chelsea()[40:168, 120:312], "rocket": data.rocket()[200:328, 200:392],
    "brick": data.brick()[100:228, 100:292, None], "gravel": data.gravel()[100:228, 100:292, None],
}  # fmt: skip


def pixels(levels: np.ndarray) -> Pixels:
    return (levels / 255).astype(np.float32)


def flat(value: float = 120, channels: int = 3) -> Pixels:
    return pixels(np.full((128, 192, channels), value))


def disc() -> Zone:
    canvas = np.zeros((128, 192), np.uint8)
    cv2.circle(canvas, (96, 64), 34, 1, -1)
    return canvas.astype(bool)


def lettering() -> Zone:
    canvas = np.zeros((128, 192), np.uint8)
    cv2.putText(canvas, "SALE", (20, 80), cv2.FONT_HERSHEY_SIMPLEX, 2.0, 1, 4)
    return canvas.astype(bool)


def inside(image: Pixels, hole: Zone, change: np.ndarray | float) -> Pixels:
    return np.where(hole[..., None], image + np.asarray(change, np.float32) / 255, image).astype(np.float32)


@settings(max_examples=30, deadline=None)
@given(share=st.floats(0, 1), photo=st.sampled_from(sorted(PHOTOS)), shift=st.floats(-5, 5))
def test_a_planted_leak_is_measured_whatever_the_shift_of_the_blend(
    share: float, photo: str, shift: float
) -> None:
    clean = pixels(PHOTOS[photo])
    hole = cv2.dilate(lettering().astype(np.uint8), np.ones((9, 9), np.uint8)).astype(bool)
    before = np.where(lettering()[..., None], np.float32(1), clean)
    mixed = ((1 - share) * clean + share * before).astype(np.float32)
    assert leak(before, clean, inside(mixed, hole, shift), hole) == pytest.approx(share, abs=0.05)


@pytest.mark.parametrize("contrast", [30, 60, 120])
def test_a_leak_of_an_even_patch_is_measured_too(contrast: float) -> None:
    filled, hole = flat(120), disc()
    before = inside(filled, hole, contrast)
    after = (0.7 * filled + 0.3 * before).astype(np.float32)
    assert leak(before, filled, after, hole) == pytest.approx(0.3, abs=0.05)


@given(seed=st.integers(0, 1000), sigma=st.floats(0, 12))
def test_new_content_that_knows_nothing_of_the_old_leaks_nothing(seed: int, sigma: float) -> None:
    draw = np.random.default_rng(seed)
    filled, hole = flat(), disc()
    before = inside(filled, lettering(), 90)
    after = inside(filled, hole, draw.normal(0, sigma, filled.shape))
    assert leak(before, filled, after, hole) < 0.05
    assert leak(before, filled, filled, hole) == 0


@pytest.mark.parametrize("shift", [-15, 15])
def test_a_shift_by_the_blend_is_no_leak(shift: float) -> None:
    filled, hole = flat(), cv2.dilate(lettering().astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    before = inside(filled, lettering(), shift * 3)
    assert leak(before, filled, inside(filled, hole, shift), hole) < 0.04


def test_leak_without_anything_to_leak() -> None:
    image = flat()
    assert leak(image, image, image, disc()) == 0
    assert leak(image, image, inside(image, disc(), 40), disc()) == 0
    assert leak(image, image, image, np.zeros((128, 192), bool)) == 0


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [2.0, 10.0, -25.0])
def test_a_step_on_flat_ground_measures_its_size(channels: int, size: float) -> None:
    after = inside(flat(channels=channels), disc(), size)
    assert seam_step(after, disc()) == pytest.approx(abs(size), abs=0.05)


def test_a_step_on_a_slope_measures_its_size() -> None:
    slope = pixels(np.broadcast_to(np.linspace(20, 200, 192)[None, :, None], (128, 192, 3)))
    assert seam_step(slope, disc()) < 0.2
    assert seam_step(inside(slope, disc(), 10), disc()) == pytest.approx(10, abs=1)


@pytest.mark.parametrize("photo", PHOTOS)
def test_the_untouched_photograph_has_no_seam_and_a_step_on_it_shows(photo: str) -> None:
    image = pixels(PHOTOS[photo])
    for hole in (disc(), lettering()):
        clean, stepped = seam_step(image, hole), seam_step(inside(image, hole, 10), hole)
        assert clean < 3
        assert stepped - clean > 2
        assert seam_step(inside(image, hole, 40), hole) > 18


def test_a_step_of_ten_levels_on_noise_measures_near_ten() -> None:
    noise = np.random.default_rng(0).normal(0, 8, (128, 192, 1))
    image = (flat(channels=1) + noise / 255).astype(np.float32)
    assert seam_step(image, disc()) < 0.5
    assert seam_step(inside(image, disc(), 10), disc()) == pytest.approx(10, abs=2)


@pytest.mark.parametrize("score", [seam_step, low_frequency_delta_e])
def test_no_ring_no_seam(score: object) -> None:
    assert callable(score)
    for shape in ((1, 1, 3), (1, 1, 1), (7, 5, 3)):
        image = np.random.default_rng(0).random(shape, np.float32)
        assert score(image, np.ones(shape[:2], bool)) == 0
        assert score(image, np.zeros(shape[:2], bool)) == 0


def test_a_hole_at_the_border_is_measured_where_it_has_an_edge() -> None:
    hole = np.zeros((128, 192), bool)
    hole[:60, :80] = True
    assert seam_step(inside(flat(), hole, 10), hole) == pytest.approx(10, abs=0.1)
    assert steps(flat()[:4, :4], np.ones((4, 4), bool), width=1, reach=2).edge is None


@pytest.mark.parametrize(("change", "expected"), [((10, 10, 10), 4.1), ((20, 0, 0), 8.4), ((0, 0, 0), 0)])
def test_a_shift_in_colour_is_measured_in_delta_e(change: tuple[float, ...], expected: float) -> None:
    """Expected: CIE 1976 differences of the two flat colours, by skimage."""
    after = inside(flat(), disc(), np.array(change))
    known = float(deltaE_cie76(rgb2lab(after[0, 0]), rgb2lab(after[64, 96])))
    assert known == pytest.approx(expected, abs=0.5)
    assert low_frequency_delta_e(after, disc()) == pytest.approx(known, abs=0.05)


@pytest.mark.parametrize("photo", PHOTOS)
def test_a_cast_on_a_photograph_raises_delta_e(photo: str) -> None:
    image = pixels(PHOTOS[photo])
    cast = low_frequency_delta_e(inside(image, disc(), 40), disc())
    assert cast > low_frequency_delta_e(image, disc()) + 3


@settings(max_examples=20, deadline=None)
@given(ground=st.floats(2, 10), fill=st.floats(0, 10), seed=st.integers(0, 99))
def test_grain_ratio_is_the_ratio_of_the_noises(ground: float, fill: float, seed: int) -> None:
    draw = np.random.default_rng(seed)
    sigma = np.where(disc()[..., None], max(fill, 0.25), ground)
    after = (flat(channels=1) + draw.normal(0, 1, (128, 192, 1)) * sigma / 255).astype(np.float32)
    assert grain_ratio(after, disc(), disc()) == pytest.approx(max(fill, 0.25) / ground, rel=0.15)


def test_noise_is_measured_in_levels() -> None:
    """Against a flat hole the ratio is the floor of 0.25 levels over the ring's noise."""
    noise = np.random.default_rng(0).normal(0, 0.5, (128, 192, 1))
    after = (flat(channels=1) + noise / 255 * ~disc()[..., None]).astype(np.float32)
    assert grain_ratio(after, disc(), disc()) == pytest.approx(0.5, rel=0.1)


def test_grain_ratio_without_noise_without_ring_or_without_room_is_one() -> None:
    thin = np.zeros((128, 192), bool)
    thin[60, 20:100] = True
    everything = np.ones((128, 192), bool)
    noisy = np.random.default_rng(0).random((128, 192, 3), np.float32)
    assert grain_ratio(flat(), disc(), disc()) == 1
    assert grain_ratio(noisy, thin, thin) == 1
    assert grain_ratio(noisy, everything, everything) == 1
    assert grain_ratio(noisy[:1, :1], everything[:1, :1], everything[:1, :1]) == 1


@given(seed=st.integers(0, 1000), count=st.integers(0, 40))
def test_outside_changed_counts_pixels_once_and_only_outside(seed: int, count: int) -> None:
    draw = np.random.default_rng(seed)
    before, zone = draw.random((20, 30, 3), np.float32), np.zeros((20, 30), bool)
    zone[5:15, 5:25] = True
    after = before.copy()
    after[zone] = 0.5
    chosen = draw.choice(np.flatnonzero(~zone), count, replace=False)
    flat_view = after.reshape(-1, 3)
    flat_view[chosen, 1] = np.nextafter(flat_view[chosen, 1], np.float32(2))
    assert outside_changed(before, after, zone) == count


def box_line(x0: float, y0: float, x1: float, y1: float, score: float = 1.0) -> TextLine:
    return TextLine(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), "SALE", score)


def plate() -> Zone:
    hole = np.zeros((100, 200), bool)
    hole[40:60, 50:150] = True
    return hole


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((), 0.0),
        ((box_line(50, 40, 150, 60),), 1.0),
        ((box_line(50, 40, 150, 60, 0.6),), 0.6),
        ((box_line(50, 40, 100, 60),), 0.5),
        ((box_line(50, 40, 100, 60, 0.5), box_line(50, 40, 100, 60, 0.8)), 0.4),
        ((box_line(50, 40, 100, 60), box_line(100, 40, 150, 60, 0.5)), 0.75),
        ((box_line(30, 20, 130, 80),), 0.0),  # 27 % of it in the hole: a line that was not removed
        ((box_line(30, 30, 130, 70),), 0.8),  # 40 %
        ((box_line(150, 70, 190, 90),), 0.0),
        ((box_line(-400, 40, 100, 60),), 0.0),  # most of it lies outside the crop
    ],
)
def test_residual_text_on_known_lines(lines: tuple[TextLine, ...], expected: float) -> None:
    assert residual_text(lines, plate()) == pytest.approx(expected, abs=0.03)


def test_residual_text_read_in_another_frame() -> None:
    doubled = TextLine(((1100, 580), (1300, 580), (1300, 620), (1100, 620)), "SALE", 1.0)
    assert residual_text([doubled], plate(), (1000, 500, 1400, 700)) == pytest.approx(1, abs=0.03)
    assert residual_text([doubled], np.zeros((100, 200), bool)) == 0


@given(
    corners=st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=4, max_size=4),
    score=st.floats(-1, 2),
)
def test_residual_text_stays_between_0_and_1(corners: list[tuple[float, float]], score: float) -> None:
    assert 0 <= residual_text([TextLine(tuple(corners), "x", score)], plate()) <= 1
