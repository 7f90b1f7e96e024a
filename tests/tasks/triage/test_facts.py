"""Facts are right on pictures whose truth is known, cheap, and stable under what shops do to pictures."""

from __future__ import annotations

import io
import time

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tasks.contracts import PictureMeta, Raster
from tasks.triage.facts import duplicates, hamming, measure


def raster(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> Raster:
    return Raster(np.ascontiguousarray(pixels), PictureMeta(format="JPEG", notes=("a note",)))


@pytest.fixture(scope="module")
def astronaut() -> NDArray[np.uint8]:
    from skimage import data

    return np.asarray(data.astronaut())


@pytest.mark.parametrize("sigma", [2, 5, 10, 20])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_noise_of_known_strength(sigma: float, dtype: type) -> None:
    levels = np.iinfo(dtype).max
    noisy = np.random.default_rng(1).normal(128, sigma, (600, 700, 1)) / 255 * levels
    facts = measure(raster(np.clip(np.rint(noisy), 0, levels).astype(dtype)))
    assert facts.noise == pytest.approx(sigma, rel=0.03)
    assert facts.flatness == (0 if sigma > 2 else pytest.approx(0.5, abs=0.2))


def test_flatness_counts_tiles() -> None:
    half = np.full((160, 320, 3), 200, np.uint8)
    half[:, 160:] = np.random.default_rng(2).integers(0, 256, (160, 160, 3))
    assert measure(raster(half)).flatness == 0.5


def test_facts_repeat_what_the_raster_says() -> None:
    facts = measure(raster(np.zeros((7, 9, 4), np.uint16)))
    assert (facts.width, facts.height, facts.channels, facts.bit_depth) == (9, 7, 4, 16)
    assert facts.format == "JPEG"
    assert facts.notes == ("a note",)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 4), (2, 90, 3), (90, 1, 2), (17, 15, 3), (16, 16, 1)])
def test_tiny_pictures(shape: tuple[int, int, int]) -> None:
    facts = measure(raster(np.random.default_rng(3).integers(0, 256, shape).astype(np.uint8)))
    assert len(facts.fingerprint) == 16
    assert np.isfinite(facts.noise)
    assert 0 <= facts.flatness <= 1


def test_near_duplicates_have_near_fingerprints(astronaut: NDArray[np.uint8]) -> None:
    out = io.BytesIO()
    Image.fromarray(astronaut).save(out, "JPEG", quality=50)
    same = {
        "a": astronaut,
        "jpeg": np.asarray(Image.open(out)),
        "small": cv2.resize(astronaut, (300, 300), interpolation=cv2.INTER_AREA),
        "large": cv2.resize(astronaut, (2000, 2000), interpolation=cv2.INTER_CUBIC),
        "deep": astronaut.astype(np.uint16) * 257,
        "mirrored": astronaut[:, ::-1],
    }
    prints = {name: measure(raster(pixels)).fingerprint for name, pixels in same.items()}
    assert duplicates(prints) == {"deep": "a", "jpeg": "a", "large": "a", "small": "a"}
    assert duplicates(dict(reversed(prints.items()))) == duplicates(prints)
    assert hamming(prints["a"], prints["mirrored"]) > 20


def test_duplicates_look_at_aspect_and_ignore_fingerprints_that_say_nothing() -> None:
    one, near, far = "00ff00ff00ff00ff", "00ff00ff00ff00f0", "00ff00ff00ff0000"
    assert (hamming(one, near), hamming(one, far)) == (4, 8)
    assert duplicates({"a": one, "b": near, "c": far}) == {"b": "a"}
    assert duplicates({"a": one, "b": near}, {"a": 1.0, "b": 1.5}) == {}
    assert duplicates({"a": one, "b": near}, {"a": 1.5, "b": 1.51}) == {"b": "a"}
    assert duplicates({"a": "0" * 16, "b": "0" * 16, "c": "f" * 16, "d": "f" * 16}) == {}


@pytest.mark.parametrize(("channels", "dtype"), [(3, np.uint8), (4, np.uint8), (3, np.uint16)])
def test_48_megapixels_cost_little(channels: int, dtype: type) -> None:
    big = raster(np.full((6000, 8000, channels), 90, dtype))
    measure(big)
    times = []
    for _ in range(5):
        start = time.process_time()
        measure(big)
        times.append(time.process_time() - start)
    assert min(times) < 0.06
