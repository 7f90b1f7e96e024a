"""Fills with the faults that generative fills have: the right content, off in colour, contrast, shading or sharpness."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.classical.exemplar import ExemplarFill

Levels = NDArray[np.uint8]
Floats = NDArray[np.float64]
Zone = NDArray[np.bool_]
Rng = np.random.Generator

FAULTS: Final = ("cast", "contrast", "shading", "drift", "soft", "decoded", "patches")
"""A colour cast; contrast and a cast; light that falls off across the hole; a wandering cast; a cast and lost sharpness;
all of it a little, with JPEG's noise, as after a round trip through an autoencoder; and wrong content, copied from around
the hole, under a cast."""


def faulty(truth: Levels, hole: Zone, fault: str, rng: Rng) -> Levels:
    """The photograph (H×W×3) as an engine with this fault would give it back, whole."""
    make = {
        "cast": _cast, "contrast": _contrast, "shading": _shading, "drift": _drift, "soft": _soft, "decoded": _decoded,
        "patches": _patches,
    }[fault]  # fmt: skip
    made = make(truth.astype(np.float64), hole, rng)
    return np.rint(np.clip(made, 0, 255)).astype(np.uint8)


def _tint(rng: Rng, least: float, most: float) -> Floats:
    """A shift of each channel, in levels, most of it shared."""
    shared = rng.uniform(least, most) * rng.choice([-1, 1])
    return np.asarray(shared + rng.uniform(-0.5, 0.5, 3) * abs(shared))


def _cast(truth: Floats, hole: Zone, rng: Rng) -> Floats:
    return np.asarray(truth + _tint(rng, 6, 24), np.float64)


def _contrast(truth: Floats, hole: Zone, rng: Rng) -> Floats:
    mean = truth[hole].mean(axis=0)
    factor = float(rng.choice([rng.uniform(0.8, 0.93), rng.uniform(1.07, 1.2)]))
    return np.asarray(mean + (truth - mean) * factor + _tint(rng, 4, 16), np.float64)


def _shading(truth: Floats, hole: Zone, rng: Rng) -> Floats:
    ys, xs = np.nonzero(hole)
    y, x = np.mgrid[: hole.shape[0], : hole.shape[1]]
    angle = rng.uniform(0, 2 * np.pi)
    along = (y - ys.mean()) * np.sin(angle) + (x - xs.mean()) * np.cos(angle)
    share = along[..., None] / max(float(np.abs(along[hole]).max()), 1.0)
    return np.asarray(truth + share * _tint(rng, 8, 24) + _tint(rng, 2, 10), np.float64)


def _drift(truth: Floats, hole: Zone, rng: Rng) -> Floats:
    grid = rng.normal(0, 12, (4, 4, 3))
    field = cv2.resize(grid, hole.shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(truth + field + _tint(rng, 0, 8), np.float64)


def _soft(truth: Floats, hole: Zone, rng: Rng) -> Floats:
    return np.asarray(cv2.GaussianBlur(truth, (0, 0), rng.uniform(0.5, 0.9)) + _tint(rng, 6, 20))


def _decoded(truth: Floats, hole: Zone, rng: Rng) -> Floats:
    made = _drift(
        _contrast(np.asarray(cv2.GaussianBlur(truth, (0, 0), 0.5), np.float64), hole, rng), hole, rng
    )
    levels = np.rint(np.clip(made, 0, 255)).astype(np.uint8)
    _, data = cv2.imencode(".jpg", levels, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(80, 95))])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_UNCHANGED), np.float64)


def _patches(truth: Floats, hole: Zone, rng: Rng) -> Floats:
    image = (truth / 255).astype(np.float32)
    made = ExemplarFill().fill(image, hole, seed=1, prompt="", params={"context": 64, "samples": 8})
    return _cast(made.astype(np.float64) * 255, hole, rng)
