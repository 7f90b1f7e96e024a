"""The clean pictures that overlays are laid on: photographs, flat colours, gradients, dithers and mock screens."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from flows.demo.photographs import photograph, tinted
from flows.demo.split import SPLIT, Side
from tasks.contracts import Pixels

Levels = NDArray[np.uint8]
DATA: Final = "PENTIMENTO_DATA"
SIZES: Final = ((384, 480), (400, 400), (448, 384), (360, 540), (480, 400))
"""Height and width of the cases in turn."""
_TINTS: Final = {
    "brick": ((44, 26, 20), (226, 168, 140)), "grass": ((14, 24, 8), (196, 220, 124)),
    "coins": ((38, 24, 12), (255, 226, 178)), "gravel": ((30, 28, 26), (226, 216, 200)),
}  # fmt: skip


def data_folder(*parts: str) -> Path | None:
    """A folder of the development data, where that is at hand."""
    root = os.environ.get(DATA)
    folder = Path(root, *parts) if root else None
    return folder if folder is not None and folder.is_dir() else None


@lru_cache(maxsize=2)
def photographs(side: Side) -> tuple[tuple[str, Pixels], ...]:
    """Name and H×W×3 picture, 0–1: scikit-image's photographs of this side and, where at hand, product pictures.

    Of what has no side in the split, pictures take turns by name."""
    found = [(name, _coloured(name)) for name, where in sorted(SPLIT.items()) if where == side]
    others = [path for folder, pattern in _FOLDERS for path in _listed(folder, pattern)]
    mine = others[0::2] if side == "score" else others[1::2]
    return (*found, *((path.stem[:24], _opened(path)) for path in mine))


_FOLDERS: Final = (
    (("dev", "product", "saleor"), "*.png"),
    (("dev", "product", "solidus"), "*.png"),
    (("dev", "product", "clothing"), "*/*.jpg"),
    (("train", "clic2025"), "*.png"),
)

_SCREENSHOTS: Final = ("2a760bf1", "4cd6910a")
"""Of CLIC: their own overlay text would be counted against whoever removes it."""


_PORTRAITS: Final = (
    "0369d229", "100a02c2", "11f2b039", "14ab4af2", "1cba10ad", "2684452d", "28d24b9c", "2a2420f9", "50d13125",
)  # fmt: skip
"""Of CLIC: people whose faces fill the picture. An edit there goes to a person, rightly, and says nothing of removal."""


def _listed(folder: tuple[str, ...], pattern: str) -> list[Path]:
    root = data_folder(*folder)
    found = sorted(root.glob(pattern))[:16] if root else []
    return [path for path in found if not path.stem.startswith((*_SCREENSHOTS, *_PORTRAITS))]


def _coloured(name: str) -> Pixels:
    picture = photograph(name)
    if picture.shape[2] == 3:
        return picture
    dark, light = _TINTS.get(name, ((0, 0, 0), (255, 255, 255)))
    return tinted(picture, dark, light)


def _opened(path: Path) -> Pixels:
    """Laid over white where it is transparent, as shops show it, and no larger than 900 px."""
    with Image.open(path) as picture:
        rgba = np.asarray(picture.convert("RGBA"), np.float32) / np.float32(255)
    cover = rgba[..., 3:]
    flat = rgba[..., :3] * cover + (1 - cover)
    share = 900 / max(flat.shape[:2])
    if share < 1:
        flat = cv2.resize(flat, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    return np.asarray(flat, np.float32)


def photo(rng: np.random.Generator, side: Side, n: int) -> Levels:
    """A part of the n-th photograph in turn, shrunk by a little, H×W×3."""
    pictures = photographs(side)
    picture = pictures[n % len(pictures)][1]
    height, width = SIZES[(n // len(pictures) + n) % len(SIZES)]
    h, w = picture.shape[:2]
    least = max(height / h, width / w)
    share = float(rng.uniform(min(least, 1.0), 1.0)) if least < 1 else least
    if share < 1:
        picture = np.asarray(
            cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), np.float32
        )
    h, w = picture.shape[:2]
    height, width = min(height, h), min(width, w)
    y, x = int(rng.integers(0, h - height + 1)), int(rng.integers(0, w - width + 1))
    return _eight(picture[y : y + height, x : x + width])


def flat(rng: np.random.Generator, n: int) -> Levels:
    """One colour."""
    height, width = SIZES[n % len(SIZES)]
    return np.full((height, width, 3), rng.integers(20, 256, 3).astype(np.uint8), np.uint8)


def gradient(rng: np.random.Generator, n: int) -> Levels:
    """Two colours, along a line or about a point, rounded without dither."""
    height, width = SIZES[n % len(SIZES)]
    return _eight(_ramp(rng, height, width))


def dithered(rng: np.random.Generator, n: int) -> Levels:
    """A gradient in 32 levels a channel with Bayer's ordered dither, as old screens and GIFs show it."""
    height, width = SIZES[n % len(SIZES)]
    bayer = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32) / 16
    threshold = np.tile(bayer, (height // 4 + 1, width // 4 + 1))[:height, :width, None]
    return _eight(np.floor(_ramp(rng, height, width) * 31 + threshold).astype(np.float32) / np.float32(31))


def screen(rng: np.random.Generator, n: int) -> Levels:
    """A mock user interface: panels with borders, anti-aliased round buttons, rules; no text."""
    height, width = SIZES[n % len(SIZES)]
    dark = bool(rng.integers(0, 2))
    base, panel, border = ((32, 34, 40), (44, 47, 56), (84, 88, 100)) if dark else ((240, 242, 245), (255, 255, 255), (206, 210, 218))  # fmt: skip
    page = np.full((height, width, 3), base, np.uint8)
    accent = tuple(int(v) for v in rng.integers(40, 220, 3))
    page[:44] = accent
    for row in range(2):
        y0, y1 = 60 + row * (height - 70) // 2, 50 + (row + 1) * (height - 70) // 2
        split = int(width * rng.uniform(0.35, 0.65))
        for x0, x1 in ((12, split - 6), (split + 6, width - 12)):
            cv2.rectangle(page, (x0, y0), (x1, y1), panel, -1)
            cv2.rectangle(page, (x0, y0), (x1, y1), border, 1)
            cv2.line(page, (x0, y0 + 30), (x1, y0 + 30), border, 1)
            cv2.circle(page, ((x0 + x1) // 2, y1 - 24), 12, accent, -1, cv2.LINE_AA)
    return page


def _ramp(rng: np.random.Generator, height: int, width: int) -> Pixels:
    low, high = (rng.uniform(0.1, 1.0, 3).astype(np.float32) for _ in range(2))
    y, x = np.mgrid[:height, :width].astype(np.float32)
    if rng.integers(0, 2):
        angle = float(rng.uniform(0, np.pi))
        along = x / width * np.cos(angle) + y / height * np.sin(angle)
    else:
        along = np.hypot(x / width - rng.uniform(0.2, 0.8), y / height - rng.uniform(0.2, 0.8))
    along = (along - along.min()) / (along.max() - along.min())
    return np.asarray(low + (high - low) * along[..., None], np.float32)


def _eight(picture: Pixels) -> Levels:
    return np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
