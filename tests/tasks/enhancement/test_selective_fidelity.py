"""What comes out gives its source back, in colour and in detail, and nothing that is noise."""

from __future__ import annotations

import io
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tasks.contracts import Pixels, Raster
from tasks.enhancement.rungs import Cutting, Guards, Request, Rung
from tasks.enhancement.selective import enlarge_selectively
from tasks.enhancement.smaller import smaller
from tests.tasks.enhancement.conftest import Ladder, bicubic, picture, sharpened


def natural(height: int, width: int, seed: int = 0, sigma: float = 0.7) -> Raster:
    """Smooth ground with sharp-edged shapes on it, antialiased: what a clean reduction looks like."""
    rng = np.random.default_rng(seed)
    big = np.full((height * 4, width * 4, 3), 200, np.uint8)
    for _ in range(30):
        centre = (int(rng.integers(0, width * 4)), int(rng.integers(0, height * 4)))
        colour = tuple(int(c) for c in rng.integers(20, 235, 3))
        cv2.circle(big, centre, int(rng.integers(6, 60)), colour, -1, cv2.LINE_AA)
    soft = cv2.GaussianBlur(big.astype(np.float32), (0, 0), sigma)
    return Raster(np.rint(np.clip(smaller(soft, 4), 0, 255)).astype(np.uint8))


def again_small(out: Raster, scale: int) -> np.ndarray:
    """By Pillow: another hand than ours."""
    size = (out.width // scale, out.height // scale)
    return np.asarray(Image.fromarray(out.pixels).resize(size, Image.Resampling.BICUBIC)).astype(float)


def lanczos(raster: Raster, scale: int) -> np.ndarray:
    alpha = raster.pixels[..., -1].astype(np.float32)
    if scale == 1:
        return alpha
    size = (raster.width * scale, raster.height * scale)
    return np.rint(np.clip(cv2.resize(alpha, size, interpolation=cv2.INTER_LANCZOS4), 0, raster.levels))


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / max(np.mean((a.astype(float) - b.astype(float)) ** 2), 1e-9)))


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_smaller_is_pillows_bicubic(scale: int) -> None:
    rng = np.random.default_rng(scale)
    plane = rng.random((15 * scale, 11 * scale)).astype(np.float32) * 255
    ref = np.asarray(Image.fromarray(plane).resize((11, 15), Image.Resampling.BICUBIC))
    assert np.abs(smaller(plane[..., None], scale)[..., 0] - ref).max() < 1e-3


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_clean_input_comes_back_at_45_db(scale: int, ladder: Ladder) -> None:
    raster = natural(96, 128)
    loose = Request(scale, guards=Guards(consistency_db=0), choice=np.zeros((3, 4), np.int8))
    before = psnr(again_small(enlarge_selectively(raster, ladder(scale), loose).raster, scale), raster.pixels)
    out = enlarge_selectively(raster, ladder(scale), replace(loose, guards=Guards()))
    after = psnr(again_small(out.raster, scale), raster.pixels)
    assert before < 45 <= after
    assert abs(out.fidelity.consistency_db - after) < 0.5
    assert out.fidelity.worst_cell_db >= 45
    assert out.fidelity.consistency.shape == (3, 4)
    assert out.fidelity.corrected > 0


def test_noise_of_a_jpeg_is_not_brought_back() -> None:
    """A rung that has cleaned the picture stays clean: the gap to the dirty source is within what the tables rounded away."""
    clean = natural(96, 128, 3)
    held = io.BytesIO()
    Image.fromarray(clean.pixels).save(held, "JPEG", quality=60)
    file = Image.open(held)
    tables = tuple(tuple(table) for _, table in sorted(file.quantization.items()))
    dirty = Raster(np.asarray(file), replace(clean.meta, format="JPEG", jpeg_tables=tables))
    ideal = bicubic(clean.crop(clean.box), 2)

    def cleaned(image: Pixels) -> Pixels:
        return ideal if image.shape[:2] == (96, 128) else bicubic(image, 2)

    rungs = (Rung("low", cleaned, 1, 3),)
    out = enlarge_selectively(dirty, rungs, Request(2)).raster.pixels
    noisy = np.rint(bicubic(dirty.crop(dirty.box), 2) * 255)
    plain = np.rint(ideal * 255)
    assert np.mean((out - plain) ** 2) < 0.1 * np.mean((noisy - plain) ** 2)
    unknown = enlarge_selectively(replace(dirty, meta=clean.meta), rungs, Request(2)).raster.pixels
    assert np.mean((unknown - plain) ** 2) > 0.1 * np.mean((noisy - plain) ** 2)  # the tables are what told


def test_noise_of_a_sensor_is_not_brought_back() -> None:
    clean = natural(96, 128, 5, sigma=6)
    rng = np.random.default_rng(0)
    grain = rng.normal(0, 5, clean.pixels.shape)
    dirty = Raster(np.clip(np.rint(clean.pixels + grain), 0, 255).astype(np.uint8))
    ideal = bicubic(clean.crop(clean.box), 2)
    rungs = (Rung("low", lambda x: ideal if x.shape[:2] == (96, 128) else bicubic(x, 2), 1, 3),)
    out = enlarge_selectively(dirty, rungs, Request(2)).raster.pixels.astype(float)
    back = np.sqrt(np.mean((out - np.rint(ideal * 255)) ** 2))
    assert back < 1.0


@pytest.mark.parametrize("depth", [8, 16])
def test_colour_is_locked(depth: int) -> None:
    raster = picture(96, 96, depth=depth)
    ground = replace(raster, pixels=(raster.pixels * 0.7).astype(raster.pixels.dtype))
    cast = np.array([0.02, -0.01, 0.015], np.float32)
    rungs = (Rung("tinted", lambda x: bicubic(x, 4) + cast, 1, 3),)
    out = enlarge_selectively(ground, rungs, Request(4, guards=Guards(consistency_db=0)))
    assert out.fidelity.colour_shift <= 0.3
    means = out.raster.pixels.mean(axis=(0, 1)) - ground.pixels.mean(axis=(0, 1))
    assert np.abs(means).max() / raster.levels * 255 <= 0.3
    free = enlarge_selectively(ground, rungs, Request(4, guards=Guards(0, 255)))
    assert free.fidelity.colour_shift > 2


def test_less_than_half_a_level_of_colour_is_locked_too() -> None:
    raster = natural(96, 96, 6, sigma=3)
    rungs = (Rung("tinted", lambda x: bicubic(x, 4) + np.float32(0.45 / 255), 1, 3),)
    loose = enlarge_selectively(raster, rungs, Request(4, guards=Guards(0, 255)))
    locked = enlarge_selectively(raster, rungs, Request(4, guards=Guards(0, 0.15)))
    assert loose.fidelity.colour_shift > 0.2
    assert locked.fidelity.colour_shift < 0.15
    assert np.abs(locked.raster.pixels.astype(int) - loose.raster.pixels).max() <= 1


def test_invention_falls_and_detail_that_is_explained_stays(ladder: Ladder) -> None:
    raster = picture(96, 96, 2)
    rng = np.random.default_rng(0)

    def dreaming(x: Pixels) -> Pixels:
        grown = ladder(4)[1].enlarge(x)
        noise = rng.normal(0, 0.08, grown.shape).astype(np.float32)
        return np.clip(grown + noise * (x.mean() < 0.97), 0, 1).astype(np.float32)

    top = np.full((3, 3), 2, np.int8)
    rungs = (*ladder(4)[:2], Rung("gan@1", dreaming, 90, 6, invents=True))
    out = enlarge_selectively(raster, rungs, Request(4, choice=top))
    assert {f.why for f in out.routing.falls} == {"invention"}
    assert {f.made for f in out.routing.falls} == {1}
    assert out.fidelity.invention.max() > 0.5
    honest = replace(ladder(4)[2], invents=True)
    kept = enlarge_selectively(raster, (*ladder(4)[:2], honest), Request(4, choice=top))
    assert kept.routing.falls == ()
    loose = enlarge_selectively(raster, rungs, Request(4, choice=top, guards=Guards(invention=1e9)))
    assert loose.routing.falls == ()


def test_cleaning_leaves_flat_cells_to_the_bit(ladder: Ladder) -> None:
    raster = picture(128, 192, 1)
    noisy = raster.pixels.copy()
    noisy[:, 96:] = 250
    noisy[::7, 100:160:5] = 240
    rungs = (
        Rung("keep@1", lambda x: x, 0.01),
        Rung("clean@1", lambda x: cv2.GaussianBlur(x, (3, 3), 0) * 0.9, 1, 4),
    )
    out = enlarge_selectively(Raster(noisy), rungs, Request(1))
    flat = out.routing.choice == 0
    assert flat.any()
    assert (out.routing.choice == 1).any()
    cells = np.repeat(np.repeat(flat, 32, axis=0), 32, axis=1)
    assert (out.raster.pixels[cells] == noisy[cells]).all()
    assert (out.raster.pixels != noisy).any()


@settings(max_examples=20, deadline=None)
@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.sampled_from([1, 2, 3, 4]),
    st.sampled_from([np.uint8, np.uint16]),
    st.sampled_from([1, 2, 3, 4]),
    st.integers(0, 99),
)
def test_every_kind_of_picture(h: int, w: int, channels: int, kind: type, scale: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    raster = Raster(rng.integers(0, np.iinfo(kind).max + 1, (h, w, channels)).astype(kind))
    rungs = tuple(Rung(f"r{n}", lambda x, n=n: sharpened(x, scale, n / 2), 10.0**n, 6) for n in range(3))
    if scale == 1:
        rungs = (Rung("keep", lambda x: x, 0.1), *rungs[1:])
    out = enlarge_selectively(raster, rungs, Request(scale)).raster
    assert out.pixels.shape == (h * scale, w * scale, channels)
    assert out.pixels.dtype == kind
    assert out.meta == raster.meta
    if raster.has_alpha:
        assert np.abs(out.pixels[..., -1].astype(float) - lanczos(raster, scale)).max() <= 1


def test_alpha_in_bands_is_alpha_in_one(ladder: Ladder) -> None:
    rng = np.random.default_rng(0)
    raster = Raster(rng.integers(0, 256, (600, 9, 2)).astype(np.uint8))
    out = enlarge_selectively(raster, ladder(2)[:1], Request(2)).raster.pixels[..., 1]
    assert np.abs(out - lanczos(raster, 2)).max() <= 1


def test_memory_cannot_be_seen_through_the_guards(ladder: Ladder) -> None:
    raster = natural(160, 160, 9)
    request = Request(4, cutting=Cutting(cell=32, context=9))
    one = enlarge_selectively(raster, ladder(4), request).raster.pixels
    few = replace(request, cutting=replace(request.cutting, memory=3000))
    two = enlarge_selectively(raster, ladder(4), few).raster.pixels
    assert np.abs(one.astype(int) - two).max() <= 1
