"""What each classical engine is for: figures, not only shapes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from skimage import data

from model_registry.engines import wrap
from model_registry.engines.contract import Hole, ParamValue, Pixels
from model_registry.engines.load import load_engine
from model_registry.registry import Registry

REGISTRY = Registry.load()


def fill(name: str, image: Pixels, hole: Hole, seed: int = 0, **params: ParamValue) -> Pixels:
    card = REGISTRY.get(name)
    return wrap.fill(card, load_engine(card, REGISTRY.folder_of(name)), image, hole, seed=seed, params=params)


def upscale(name: str, image: Pixels, scale: int, **params: ParamValue) -> Pixels:
    card = REGISTRY.get(name)
    return wrap.upscale(card, load_engine(card, REGISTRY.folder_of(name)), image, scale, params=params)


def psnr(a: Pixels, b: Pixels) -> float:
    return float(-10 * np.log10(np.mean((a.astype(np.float64) - b) ** 2)))


@pytest.fixture(scope="module")
def photo() -> Pixels:
    return data.astronaut()[:160, 60:260].astype(np.float32) / np.float32(255)


@pytest.fixture(scope="module")
def strokes() -> Hole:
    canvas = np.zeros((160, 200), np.uint8)
    cv2.putText(canvas, "SALE", (20, 100), cv2.FONT_HERSHEY_SIMPLEX, 2, 1, 6)
    return canvas > 0


def shading(h: int, w: int) -> Pixels:
    ys, xs = np.mgrid[:h, :w].astype(np.float32)
    return np.stack([0.2 + 0.004 * xs, 0.7 - 0.003 * ys, 0.5 + 0.001 * xs - 0.002 * ys], axis=2)


def test_a_plane_is_exact_on_even_shading_even_at_the_border() -> None:
    image, hole = shading(60, 80), np.zeros((60, 80), bool)
    hole[20:40, 30:50] = True
    hole[50:, :10] = True
    np.testing.assert_allclose(fill("plane", image, hole), image, atol=1e-6)


def test_a_plane_takes_no_notice_of_outliers_on_its_ring() -> None:
    image, hole = shading(60, 80), np.zeros((60, 80), bool)
    hole[20:40, 30:50] = True
    spotted = image.copy()
    spotted[17:20, 30:36] = 1
    off = np.abs(fill("plane", spotted, hole) - image)[hole].max()
    assert off < 1 / 255
    assert np.abs(fill("plane", spotted, hole, trim=1e9) - image)[hole].max() > 4 * off


def test_planes_of_separate_holes_are_fitted_apart() -> None:
    image, hole = np.full((40, 80, 3), 0.2, np.float32), np.zeros((40, 80), bool)
    image[:, 40:] = 0.8
    hole[15:25, 15:25] = hole[15:25, 55:65] = True
    np.testing.assert_allclose(fill("plane", image, hole), image, atol=1e-6)


def test_a_ring_holds_no_pixel_of_another_hole() -> None:
    """Two holes three pixels apart: were one's stand-in content on the other's ring, the planes would tilt."""
    image, hole = shading(40, 60), np.zeros((40, 60), bool)
    hole[10:30, 10:25] = hole[10:30, 28:45] = True
    np.testing.assert_allclose(fill("plane", image, hole), image, atol=1e-6)


@pytest.mark.parametrize("name", ["telea", "navier-stokes"])
def test_diffusion_is_no_worse_than_opencv_in_eight_bits(name: str, photo: Pixels, strokes: Hole) -> None:
    method = cv2.INPAINT_TELEA if name == "telea" else cv2.INPAINT_NS
    levels = np.rint(photo * 255).astype(np.uint8)
    plain = cv2.inpaint(levels, strokes.astype(np.uint8), 3, method).astype(np.float32) / np.float32(255)
    ours = fill(name, photo, strokes)
    assert psnr(ours[strokes], photo[strokes]) > psnr(plain[strokes], photo[strokes]) - 0.05


@pytest.mark.parametrize("name", ["telea", "navier-stokes"])
def test_diffusion_is_finer_than_eight_bits(name: str) -> None:
    image, hole = np.full((30, 30, 3), 0.4, np.float32), np.zeros((30, 30), bool)
    image[..., 0] = 100.5 / 255
    hole[10:20, 10:20] = True
    assert np.abs(fill(name, image, hole) - image).max() < 0.05 / 255


def test_the_radius_of_diffusion_is_a_parameter(photo: Pixels, strokes: Hole) -> None:
    assert (fill("telea", photo, strokes) != fill("telea", photo, strokes, radius=9.0)).any()


def test_patches_continue_a_texture_that_diffusion_smears() -> None:
    tile = np.random.default_rng(0).random((8, 8, 3)).astype(np.float32)
    image, hole = np.tile(tile, (16, 16, 1)), np.zeros((128, 128), bool)
    hole[50:78, 50:78] = True
    assert (
        psnr(fill("patchmatch", image, hole)[hole], image[hole])
        > psnr(fill("telea", image, hole)[hole], image[hole]) + 3
    )


def test_patches_fill_narrow_pictures_too() -> None:
    """The library alone leaves most of this hole black."""
    image = (0.5 + 0.3 * np.random.default_rng(0).random((7, 300, 3))).astype(np.float32)
    hole = np.zeros((7, 300), bool)
    hole[:, :150] = True
    assert fill("patchmatch", image, hole)[hole].min() > 0.4


def test_patches_keep_black_black() -> None:
    image, hole = np.zeros((80, 80, 3), np.float32), np.zeros((80, 80), bool)
    image[:10] = 0.5
    hole[40:60, 40:60] = True
    assert not fill("patchmatch", image, hole)[hole].any()


def test_patches_depend_on_the_seed_alone_whatever_the_threads(photo: Pixels, strokes: Hole) -> None:
    alone = [fill("patchmatch", photo, strokes, seed) for seed in range(3)]
    assert (alone[0] != alone[1]).any()
    with ThreadPoolExecutor(4) as threads:
        jobs = [threads.submit(fill, "patchmatch", photo, strokes, seed % 3) for seed in range(6)]
        assert all((job.result() == alone[i % 3]).all() for i, job in enumerate(jobs))


def test_upscaling_halved_photos_beats_the_nearest_pixel(photo: Pixels) -> None:
    small = cv2.resize(photo, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    nearest = np.repeat(np.repeat(small, 2, axis=0), 2, axis=1)
    bicubic, lanczos = (psnr(upscale(name, small, 2), photo) for name in ("bicubic", "lanczos"))
    assert lanczos > psnr(nearest, photo) + 1
    assert bicubic > psnr(nearest, photo) + 1


def test_overshoot_beside_edges_is_clipped() -> None:
    image = np.zeros((16, 16, 3), np.float32)
    image[:, 8:] = 1
    out = upscale("lanczos", image, 4)
    assert out.min() == 0
    assert out.max() == 1


def test_cleaning_removes_noise_and_keeps_the_picture(photo: Pixels) -> None:
    noise = np.random.default_rng(0).normal(0, 8 / 255, photo.shape).astype(np.float32)
    noisy = np.clip(photo + noise, 0, 1)
    assert psnr(upscale("nlm", noisy, 1, strength=8.0, colour_strength=8.0), photo) > psnr(noisy, photo) + 1


def test_cleaning_weighs_red_and_blue_rightly() -> None:
    """A faint red edge is brighter to the eye than a blue one; were channels swapped, the two would trade places."""
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 4 / 255, (48, 48)).astype(np.float32)
    left = {}
    for channel in (0, 2):
        image = np.full((48, 48, 3), 0.5, np.float32)
        image[..., channel] += noise
        left[channel] = float(upscale("nlm", image, 1, colour_strength=0.1)[..., channel].std())
    levels = np.full((48, 48, 3), 128, np.uint8)
    levels[..., 2] = np.rint((0.5 + noise) * 255).astype(np.uint8)
    reference = cv2.fastNlMeansDenoisingColored(levels, None, 3.0, 0.1, 7, 21)[..., 2].std() / 255
    assert left[0] == pytest.approx(reference, rel=0.05)
    assert abs(left[2] - reference) > 0.1 * reference


def test_cleaning_keeps_what_is_finer_than_eight_bits() -> None:
    ramp = np.tile(np.linspace(0.4, 0.41, 64, dtype=np.float32)[None, :, None], (16, 1, 3))
    assert len(np.unique(upscale("nlm", ramp, 1))) > 32
