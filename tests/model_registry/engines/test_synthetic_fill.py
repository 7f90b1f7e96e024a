"""The fill for drawn grounds: exact on what a program drew, silent about what a camera saw."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage import data

from model_registry.engines import wrap
from model_registry.engines.contract import Hole, Pixels
from model_registry.engines.load import load_engine
from model_registry.grounds.drawn import explain, is_synthetic
from model_registry.registry import Registry

REGISTRY = Registry.load()
H, W = 110, 220
YS, XS = np.mgrid[:H, :W].astype(np.float64)


def fill(image: Pixels, hole: Hole) -> Pixels:
    card = REGISTRY.get("synthetic")
    return wrap.fill(card, load_engine(card, REGISTRY.folder_of("synthetic")), image, hole, seed=0, params={})


def bayer(side: int) -> np.ndarray:
    if side == 1:
        return np.zeros((1, 1))
    quarter = 4 * bayer(side // 2)
    return np.block([[quarter, quarter + 2], [quarter + 3, quarter + 1]])


def shades(t: np.ndarray) -> np.ndarray:
    return np.stack([30 + 90 * t, 200 - 120 * t, 77 + 140 * t], axis=-1)


def bordered() -> np.ndarray:
    picture = np.full((H, W, 3), (240, 242, 245.0))
    picture[20:90, 8:212] = (30, 120, 210)
    picture[20:22, 8:212] = picture[88:90, 8:212] = 10
    picture[56, :] = (200, 60, 20)
    picture[:, 120] = (200, 60, 20)
    return picture


def dithered(t: np.ndarray, side: int, levels: int) -> np.ndarray:
    threshold = np.tile((bayer(side) + 0.5) / side**2, (H // side + 1, W // side + 1))[:H, :W, None]
    return np.floor(shades(t) / 255 * (levels - 1) + threshold) * 255 / (levels - 1)


GROUNDS = {
    "flat": np.full((H, W, 3), (17, 200, 99.0)),
    "vertical ramp": shades(YS / H),
    "horizontal ramp": shades(XS / W),
    "ramp with stops": np.stack([np.interp(YS, [0, 40, 70, H], stops) for stops in ([0, 255, 9, 80], [9, 9, 200, 0], [5, 70, 70, 5])], -1),
    "stripes": np.where((XS // 3 % 2 == 0)[..., None], (250.0, 250, 255), (10.0, 90, 40)),
    "slanted stripes": np.where(((XS + YS) // 4 % 2 == 0)[..., None], (250.0, 250, 255), (10.0, 90, 40)),
    "borders and a crossing": bordered(),
    "dithered flat": dithered(np.full((H, W), 0.4), 4, 2),
    "dithered ramp": dithered(YS / H, 8, 6),
}  # fmt: skip


def as_pixels(levels: np.ndarray, top: int = 255) -> Pixels:
    return (np.rint(np.clip(levels * (top / 255), 0, top)) / top).astype(np.float32)


def lettering() -> Hole:
    canvas = np.zeros((H, W), np.uint8)
    cv2.putText(canvas, "Sale 50%", (25, 68), cv2.FONT_HERSHEY_SIMPLEX, 1.3, 255, 5, cv2.LINE_AA)
    return canvas > 0


def outline() -> Hole:
    hole = np.zeros((H, W), bool)
    hole[34:80, 22:200] = True
    return hole


@pytest.mark.parametrize("top", [255, 65535])
@pytest.mark.parametrize("name", list(GROUNDS))
def test_drawn_grounds_come_back_exactly(name: str, top: int) -> None:
    image = as_pixels(GROUNDS[name], top)
    for hole in (lettering(), outline()):
        spoiled = np.where(hole[..., None], np.float32(0.5), image)
        assert is_synthetic(spoiled, hole)
        np.testing.assert_array_equal(fill(spoiled, hole), image)


@pytest.mark.parametrize(
    "levels",
    [shades((0.8 * XS + 0.6 * YS) / 260), shades(np.hypot(XS - 260, YS - 20) / 300)],
    ids=["slanted", "round"],
)
def test_slanted_and_round_ramps_are_right_but_for_a_few_roundings(levels: np.ndarray) -> None:
    image, hole = as_pixels(levels), lettering()
    assert is_synthetic(np.where(hole[..., None], np.float32(1), image), hole)
    off = np.abs(np.rint(fill(image, hole) * 255) - np.rint(image * 255))[hole]
    assert off.max() <= 1
    assert (off.max(axis=-1) > 0).mean() < 0.01


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea", "cat"])
def test_photographs_are_not_drawn(name: str) -> None:
    photo = getattr(data, name)().astype(np.float32) / np.float32(255)
    hole = lettering()
    for top in range(0, photo.shape[0] - H, 60):
        for left in range(0, photo.shape[1] - W, 110):
            assert not is_synthetic(photo[top : top + H, left : left + W], hole), (top, left)


def test_error_diffusion_is_not_foretold() -> None:
    from PIL import Image

    ramp = Image.fromarray(np.rint(shades(YS / H)).astype(np.uint8))
    palette = Image.new("P", (1, 1))
    palette.putpalette(
        [v for r in (0, 128, 255) for g in (0, 128, 255) for b in (0, 128, 255) for v in (r, g, b)]
    )
    spread = np.asarray(ramp.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG).convert("RGB"))
    for hole in (lettering(), outline()):
        assert not is_synthetic(as_pixels(spread.astype(float)), hole)


def test_an_explanation_that_the_pixels_beside_the_hole_belie_does_not_count() -> None:
    image, hole = as_pixels(GROUNDS["flat"]), outline()
    beside = cv2.dilate(hole.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool) & ~hole
    speckled = np.where((beside & (XS % 5 == 0))[..., None], np.float32(0.1), image)
    assert is_synthetic(image, hole)
    assert not is_synthetic(speckled, hole)


def test_flat_white_of_a_photograph_counts_and_stays_white() -> None:
    image, hole = np.ones((H, W, 3), np.float32), lettering()
    assert is_synthetic(image, hole)
    assert (fill(image, hole) == 1).all()


def test_stains_beside_the_hole_do_not_spread() -> None:
    image, hole = as_pixels(GROUNDS["vertical ramp"]), outline()
    rim = cv2.dilate(hole.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool) & ~hole
    shade = np.random.default_rng(3).uniform(0.6, 1, (H, W, 1)).astype(np.float32)
    stained = np.where(rim[..., None], image * shade, image)
    np.testing.assert_array_equal(fill(stained, hole)[hole], image[hole])


def test_the_old_content_and_other_pixels_play_no_part() -> None:
    image, hole = as_pixels(GROUNDS["borders and a crossing"]), lettering()
    before = image.copy()
    made = explain(image, hole)
    changed = np.where(hole[..., None], 1 - image, image)
    assert is_synthetic(changed, hole) == is_synthetic(image, hole)
    np.testing.assert_array_equal(explain(changed, hole).pixels, made.pixels)
    np.testing.assert_array_equal(made.pixels[~hole], image[~hole])
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (5, 5)])
def test_tiny_pictures_are_no_trouble(shape: tuple[int, int]) -> None:
    image = np.full((*shape, 3), 0.25, np.float32)
    for hole in (np.zeros(shape, bool), np.ones(shape, bool), np.eye(*shape, dtype=bool)):
        assert fill(image, hole).shape == image.shape
        assert is_synthetic(image, hole) in (True, False)
