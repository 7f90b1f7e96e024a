"""The photographs inside scikit-image's wheel, as float canvases: cropped, shrunk, tinted, cut out."""

from __future__ import annotations

import io
from importlib.resources import files

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tasks.contracts import Box, Mask, Pixels

FILES = {
    "astronaut": "astronaut.png",
    "brick": "brick.png",
    "camera": "camera.png",
    "chelsea": "chelsea.png",
    "coffee": "coffee.png",
    "coins": "coins.png",
    "grass": "grass.png",
    "gravel": "gravel.png",
    "hubble": "hubble_deep_field.jpg",
    "motorcycle": "motorcycle_left.png",
    "retina": "retina.jpg",
    "rocket": "rocket.jpg",
}
"""Name to file. Read from the package itself, never through `skimage.data`, which may fetch or cache."""


def photograph(name: str) -> Pixels:
    """H×W×1 or H×W×3 float32, 0–1. Raises KeyError for a name that is not bundled."""
    data = files("skimage").joinpath("data", FILES[name]).read_bytes()
    with Image.open(io.BytesIO(data)) as picture:
        levels = np.array(picture, dtype=np.float32)
    return (levels[..., None] if levels.ndim == 2 else levels) / np.float32(255)


def cropped(picture: Pixels, box: Box) -> Pixels:
    """The part of the picture inside `box`, a copy."""
    x0, y0, x1, y1 = box
    return picture[y0:y1, x0:x1].copy()


def shrunk(picture: Pixels, width: int, height: int) -> Pixels:
    """Area-averaged to width×height: no aliasing, and finer steps than the source's 256 levels."""
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32).reshape(height, width, picture.shape[2])


def tinted(picture: Pixels, dark: tuple[int, int, int], light: tuple[int, int, int]) -> Pixels:
    """A grey picture in colour: black becomes `dark`, white `light` (levels of 255)."""
    low, high = (np.asarray(colour, dtype=np.float32) / np.float32(255) for colour in (dark, light))
    return np.asarray(low + picture * (high - low), dtype=np.float32)


def ellipses(shape: tuple[int, int], parts: tuple[tuple[float, float, float, float], ...]) -> Mask:
    """H×W coverage of a union of ellipses (centre x, y, radius x, y), its edge one pixel soft."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    cover = np.zeros(shape, dtype=np.float32)
    for cx, cy, rx, ry in parts:
        radius = np.hypot((x - cx) / rx, (y - cy) / ry)
        cover = np.maximum(cover, np.clip((1 - radius) * min(rx, ry) + 0.5, 0, 1))
    return cover


def coffee_cup() -> tuple[Pixels, Mask]:
    """The cup with its saucer: 400×600×3 and its coverage."""
    cup = photograph("coffee")
    saucer, rim = (279.0, 219.0, 199.0, 164.0), (292.0, 112.0, 119.0, 92.0)
    return cup, ellipses((400, 600), (saucer, rim))


def coin(box: Box, radius: float) -> tuple[Pixels, Mask]:
    """One coin of the tray, in bronze: h×w×3 and its coverage, a disc in the middle of the box."""
    picture = tinted(cropped(photograph("coins"), box), (38, 24, 12), (255, 226, 178))
    h, w = picture.shape[:2]
    return picture, ellipses((h, w), (((w - 1) / 2, (h - 1) / 2, radius, radius),))


def backdrop(height: int, width: int) -> Pixels:
    """A seamless studio backdrop: light warm grey that darkens evenly from the upper left."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    fall = (0.6 * y / height + 0.4 * x / width)[..., None]
    return np.asarray(np.array([0.95, 0.945, 0.93], np.float32) - fall * np.float32(0.11), np.float32)


def quantised(picture: Pixels, bits: int = 8) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Integer levels of a canvas, 8 or 16 bit."""
    levels = (1 << bits) - 1
    values = np.rint(np.clip(picture.astype(np.float64), 0, 1) * levels)
    return values.astype(np.uint8) if bits == 8 else values.astype(np.uint16)
