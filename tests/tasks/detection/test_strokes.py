"""Stroke masks on text drawn with Pillow's own font over plain and noisy grounds, whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tasks.detection.strokes import stroke_mask, stroke_width
from tasks.detection.strokes_pieces import attached, going_on
from tests.tasks.detection.lettering import INK, PAPER, Written, noisy, written

Bytes3 = NDArray[np.uint8]


def distance_from(zone: NDArray[np.bool_]) -> NDArray[np.float32]:
    return np.asarray(cv2.distanceTransform((~zone).astype(np.uint8), cv2.DIST_L2, 5), np.float32)


def trimmed(case: Written) -> NDArray[np.bool_]:
    found = stroke_mask(case.picture, case.polygon, reach=case.reach)
    assert found.trusted, found.reason
    return np.asarray(found.mask > 0)


@pytest.mark.parametrize("angle", [0, 17, -35])
@pytest.mark.parametrize(("ink", "paper"), [(INK, PAPER), (PAPER, INK), ((200, 30, 40), (90, 120, 150))])
def test_all_ink_is_in_the_hole_and_the_hole_is_tight(
    ink: tuple[int, int, int], paper: tuple[int, int, int], angle: float
) -> None:
    case = written("Sale 24 only", ink=ink, paper=paper, angle=angle)
    hole = trimmed(case)
    assert hole[case.visible].all()
    assert distance_from(case.overlay)[hole].max() <= 5
    assert hole.sum() < 0.6 * case.polygon.sum()


@pytest.mark.parametrize("opacity", [0.3, 0.5, 0.8])
def test_half_transparent_text_over_a_gradient(opacity: float) -> None:
    case = written("Sale 24 only", ink=(255, 255, 255), paper="gradient", opacity=opacity)
    hole = trimmed(case)
    assert hole[case.visible].mean() > 0.995
    assert distance_from(case.overlay)[hole].max() <= 9


def test_text_over_a_noisy_ground() -> None:
    case = noisy(written("Sale 24 only"), 18)
    hole = trimmed(case)
    assert hole[case.visible].mean() > 0.99
    assert distance_from(case.overlay)[hole].max() <= 9


@pytest.mark.parametrize("outline", [2, 4])
def test_the_outline_goes_with_the_letters(outline: int) -> None:
    case = written("Sale 24 only", ink=PAPER, paper=(120, 140, 110), outline=outline)
    assert trimmed(case)[case.visible].all()


def test_growth_follows_the_shadow_to_its_side() -> None:
    plain, shaded = (written("Sale 24 only", ink=(250, 220, 60), shadow=s) for s in (0.0, 0.7))
    hole = trimmed(shaded)
    assert hole[shaded.visible].mean() > 0.995
    more = hole & ~trimmed(plain)
    below, above = (np.roll(plain.overlay, by, axis=0) & ~plain.overlay for by in (4, -4))
    assert more[below].mean() > 2 * more[above].mean()


def test_the_mask_is_full_on_ink_and_lower_at_the_rim() -> None:
    case = written("Sale 24 only")
    mask = stroke_mask(case.picture, case.polygon, reach=case.reach).mask
    assert mask.dtype == np.float32
    assert mask[case.full].mean() > 0.98
    assert (mask[(mask > 0) & ~case.overlay] < 1).all()


def test_a_letter_that_the_reader_cut_off_is_found_in_the_ends() -> None:
    case = written("Sale 24 only")
    columns = np.flatnonzero(case.visible.any(axis=0))
    polygon = case.polygon.copy()
    gaps = np.flatnonzero(~case.visible[:, : columns[-1]].any(axis=0))
    polygon[:, gaps[-1] :] = False
    found = stroke_mask(case.picture, polygon, ends=case.polygon & ~polygon)
    assert (found.mask > 0)[case.visible].all()


def test_the_width_of_strokes_is_measured() -> None:
    for width in (1, 3, 6, 11):
        bars = np.zeros((60, 120), np.bool_)
        for x in range(10, 110, 25):
            bars[5:55, x : x + width] = True
        assert stroke_width(bars) == pytest.approx(width, abs=1.01)


def test_polarity_is_told() -> None:
    light = written("Sale 24 only", ink=PAPER, paper=INK)
    dark = written("Sale 24 only", ink=INK, paper=PAPER)
    assert stroke_mask(light.picture, light.polygon).polarity == "light"
    assert stroke_mask(dark.picture, dark.polygon).polarity == "dark"


@given(level=st.integers(0, 255), noise=st.integers(0, 3), seed=st.integers(0, 9))
@settings(deadline=None, max_examples=25)
def test_a_flat_polygon_is_not_trusted_and_kept_whole(level: int, noise: int, seed: int) -> None:
    grain = np.random.default_rng(seed).integers(-noise, noise + 1, (60, 160, 3))
    picture = np.clip(level + grain, 0, 255).astype(np.uint8)
    polygon = np.zeros((60, 160), np.bool_)
    polygon[20:40, 20:140] = True
    found = stroke_mask(picture, polygon)
    assert not found.trusted
    assert found.reason
    np.testing.assert_array_equal(found.mask > 0, polygon)


@given(height=st.integers(1, 30), width=st.integers(1, 50), seed=st.integers(0, 99), data=st.data())
@settings(deadline=None, max_examples=60)
def test_any_size_keeps_to_the_polygon_and_to_its_inputs(
    height: int, width: int, seed: int, data: st.DataObject
) -> None:
    random = np.random.default_rng(seed)
    picture = random.integers(0, 256, (height, width, 3)).astype(np.uint8)
    x0, x1 = sorted(data.draw(st.tuples(st.integers(0, width), st.integers(0, width))))
    y0, y1 = sorted(data.draw(st.tuples(st.integers(0, height), st.integers(0, height))))
    polygon = np.zeros((height, width), np.bool_)
    polygon[y0:y1, x0:x1] = True
    picture[polygon & (random.random((height, width)) < 0.3)] = data.draw(st.integers(0, 255))
    kept, kept_polygon = picture.copy(), polygon.copy()
    first, second = stroke_mask(picture, polygon), stroke_mask(picture, polygon)
    np.testing.assert_array_equal(picture, kept)
    np.testing.assert_array_equal(polygon, kept_polygon)
    np.testing.assert_array_equal(first.mask, second.mask)
    assert first.mask.shape == polygon.shape
    assert not (first.mask > 0)[~polygon].any()
    assert not np.isnan(first.mask).any()
    assert first.mask.any() == polygon.any()


def blotched(case: Written, sigma: float, strength: float) -> Written:
    """The same over a ground of big soft blotches in all colours."""
    grain = cv2.GaussianBlur(np.random.default_rng(7).normal(0, 1, case.ground.shape), (0, 0), sigma)
    ground = np.clip(np.rint(128 + grain * (strength / float(np.std(grain)))), 0, 255).astype(np.uint8)
    return replace(case, picture=np.where(case.visible[..., None], case.picture, ground), ground=ground)


@pytest.mark.parametrize("sigma", [2.0, 5.0])
def test_texture_around_the_letters_is_no_rim(sigma: float) -> None:
    case = blotched(written("Sale 24 only"), sigma, 40)
    hole = trimmed(case)
    assert hole[case.visible].mean() > 0.99
    assert distance_from(case.visible)[hole].mean() < 1
    assert hole.sum() < 2 * case.visible.sum()


def test_letters_end_in_their_line_and_what_is_behind_goes_on() -> None:
    inside, letters, behind = (np.zeros((40, 120), np.bool_) for _ in range(3))
    inside[10:30, 10:110] = True
    letters[14:26, 20:24] = letters[14:26, 40:60] = letters[14:31, 80:84] = True
    behind[5:36, 50:90] = True
    assert going_on(letters, inside) == 0
    assert going_on(behind, inside) == 1
    assert going_on(np.zeros_like(inside), inside) == 0


def test_hairlines_hang_on_to_strokes() -> None:
    strokes, hairs = np.zeros((20, 40), np.bool_), np.zeros((20, 40), np.bool_)
    strokes[5:15, 5:9] = True
    hairs[10, 9:15] = hairs[10, 25:30] = True
    expected = hairs.copy()
    expected[:, 20:] = False
    np.testing.assert_array_equal(attached(hairs, strokes), expected)
