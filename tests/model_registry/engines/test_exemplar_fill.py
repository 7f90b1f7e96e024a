"""The embedded exemplar fill: copies texture, goes on with shading, reads no hole, and gives the same bytes each time."""

from __future__ import annotations

import time
from typing import cast

import cv2
import numpy as np
import pytest
from skimage import data

from model_registry.engines import wrap
from model_registry.engines.classical.exemplar import ExemplarFill
from model_registry.engines.contract import Filler, Hole, Pixels
from model_registry.engines.load import load_engine
from model_registry.registry import Registry

REGISTRY = Registry.load()
PARAMS = {"context": 64, "samples": 8}


def fill(image: Pixels, hole: Hole, seed: int = 0, name: str = "exemplar") -> Pixels:
    card = REGISTRY.get(name)
    return wrap.fill(card, load_engine(card, REGISTRY.folder_of(name)), image, hole, seed=seed, params={})


def direct(image: Pixels, hole: Hole, seed: int = 0) -> Pixels:
    """Without the wrapper, which hides the hole's content and keeps the outside."""
    return ExemplarFill().fill(image, hole, seed=seed, prompt="", params=PARAMS)


def psnr(a: Pixels, b: Pixels) -> float:
    return float(-10 * np.log10(np.mean((a.astype(np.float64) - b) ** 2)))


def photograph(name: str, y: int, x: int, h: int, w: int) -> Pixels:
    picture = np.atleast_3d(getattr(data, name)())[y : y + h, x : x + w, :3]
    return np.ascontiguousarray(np.broadcast_to(picture, (h, w, 3)), np.float32) / np.float32(255)


def detail(image: Pixels) -> Pixels:
    return image - np.asarray(cv2.GaussianBlur(image, (0, 0), 1.5), np.float32)


def lettering(h: int, w: int) -> Hole:
    canvas = np.zeros((h, w), np.uint8)
    cv2.putText(canvas, "SALE", (20, h // 2 + 20), cv2.FONT_HERSHEY_SIMPLEX, 1.8, (1,), 7)
    return canvas > 0


def blob(h: int, w: int, radius: int) -> Hole:
    canvas = np.zeros((h, w), np.uint8)
    cv2.circle(canvas, (w // 2, h // 2), radius, (1,), -1)
    return canvas > 0


def test_what_is_under_the_hole_is_never_read_and_what_is_outside_is_kept() -> None:
    photo, hole = photograph("coffee", 40, 60, 140, 200), lettering(140, 200)
    other = photo.copy()
    other[hole] = (9, -3, 0.5)
    made = direct(photo, hole)
    np.testing.assert_array_equal(made[hole], direct(other, hole)[hole])
    np.testing.assert_array_equal(made[~hole], photo[~hole])


@pytest.mark.parametrize("hole", [lettering(140, 200), blob(140, 200, 28)], ids=["lettering", "blob"])
def test_the_same_seed_gives_the_same_bytes_and_inputs_stay(hole: Hole) -> None:
    photo = photograph("coffee", 40, 60, 140, 200)
    before = photo.copy(), hole.copy()
    assert direct(photo, hole, 5).tobytes() == direct(photo, hole, 5).tobytes()
    assert direct(photo, hole, 5).tobytes() != direct(photo, hole, 6).tobytes()
    np.testing.assert_array_equal(photo, before[0])
    np.testing.assert_array_equal(hole, before[1])


def test_the_bytes_do_not_depend_on_the_number_of_threads() -> None:
    photo, hole = photograph("coffee", 40, 60, 140, 200), blob(140, 200, 28)
    threads = cv2.getNumThreads()
    try:
        made = []
        for count in (1, 4):
            cv2.setNumThreads(count)
            made.append(direct(photo, hole).tobytes())
    finally:
        cv2.setNumThreads(threads)
    assert made[0] == made[1]


def test_a_pattern_goes_on_through_the_hole() -> None:
    ys, xs = np.mgrid[:160, :160]
    stripes = 0.5 + 0.3 * np.sin(2 * np.pi * (xs + 0.5 * ys) / 12)
    image = np.repeat(stripes[..., None], 3, axis=2).astype(np.float32)
    hole = blob(160, 160, 30)
    made = fill(image, hole)
    assert psnr(made[hole], image[hole]) > 24
    assert psnr(fill(image, hole, name="telea")[hole], image[hole]) < 15


def test_shading_goes_on_where_no_known_patch_has_the_right_mean() -> None:
    ys, xs = np.mgrid[:120, :120].astype(np.float32) / 120
    ramp = np.stack([0.2 + 0.6 * xs, 0.7 - 0.5 * ys, 0.3 + 0.2 * xs + 0.3 * ys], axis=2)
    hole = blob(120, 120, 14)
    assert abs(fill(ramp, hole) - ramp)[hole].max() < 4 / 255


@pytest.mark.parametrize("level", [0.0, 0.37, 1.0])
def test_a_flat_ground_stays_flat(level: float) -> None:
    image, hole = np.full((80, 120, 3), level, np.float32), lettering(80, 120)
    assert abs(fill(image, hole) - level)[hole].max() < 0.5 / 255


def test_a_grey_picture_stays_grey() -> None:
    image, hole = photograph("camera", 100, 100, 140, 200)[..., :1], lettering(140, 200)
    made = fill(image, hole)
    assert made.shape == image.shape
    colour = direct(np.repeat(image, 3, axis=2), hole)
    assert abs(colour - colour.mean(axis=2, keepdims=True)).max() < 1e-5


def test_texture_goes_on_where_diffusion_smears() -> None:
    photo, hole = photograph("brick", 60, 60, 200, 200), blob(200, 200, 30)
    made, smeared = fill(photo, hole), fill(photo, hole, name="telea")
    assert psnr(made[hole], photo[hole]) > psnr(smeared[hole], photo[hole]) + 2
    assert detail(made)[hole].std() > 1.5 * detail(smeared)[hole].std()


def test_lettering_is_filled_better_than_by_diffusion() -> None:
    places = [
        ("camera", 90, 180),
        ("gravel", 50, 50),
        ("coffee", 40, 60),
        ("coffee", 200, 300),
        ("camera", 250, 20),
    ]
    hole = lettering(140, 200)
    photos = [photograph(*place, 140, 200) for place in places]
    fidelity = {
        name: np.mean([psnr(fill(photo, hole, name=name)[hole], photo[hole]) for photo in photos])
        for name in ("exemplar", "telea", "navier-stokes")
    }
    assert fidelity["exemplar"] > max(fidelity["telea"], fidelity["navier-stokes"])


def test_holes_at_the_border_and_many_holes_are_filled() -> None:
    photo, hole = photograph("coffee", 40, 60, 150, 201), lettering(150, 201)
    hole[:12] = hole[:, -9:] = hole[-5:, :60] = True
    marked = photo.copy()
    marked[hole] = (1, 0, 1)
    made = fill(marked, hole)
    assert np.isfinite(made).all()
    assert psnr(made[hole], photo[hole]) > 20


def test_where_no_patch_is_known_whole_the_fill_is_smooth() -> None:
    image = np.full((60, 60, 3), (0.2, 0.5, 0.8), np.float32)
    hole = np.ones((60, 60), bool)
    hole[::5, ::5] = False
    np.testing.assert_allclose(fill(image, hole), image, atol=2 / 255)


def test_it_is_many_times_faster_than_the_reference_on_a_whole_picture() -> None:
    photo = np.tile(photograph("astronaut", 0, 0, 512, 512), (2, 2, 1))
    hole = np.zeros((1024, 1024), bool)
    hole[380:540, 220:420] = lettering(160, 200)
    seconds = {}
    for name in ("exemplar", "patchmatch"):
        card = REGISTRY.get(name)
        engine = cast(Filler, load_engine(card, REGISTRY.folder_of(name)))
        begun = time.process_time()
        engine.fill(photo, hole, seed=0, prompt="", params=card.defaults)
        seconds[name] = time.process_time() - begun
    assert seconds["patchmatch"] > 4 * seconds["exemplar"]
