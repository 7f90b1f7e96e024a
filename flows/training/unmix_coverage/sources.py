"""What training samples are made from: photographs to cover, and typefaces to cover them with."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from tasks.contracts import Pixels

BUNDLED = (
    "camera.png", "gravel.png", "hubble_deep_field.jpg", "motorcycle_left.png",
    "ihc.png", "moon.png", "cell.png", "clock_motion.png",
)  # fmt: skip
"""Inside scikit-image's wheel. Read from the package itself, never through `skimage.data`, which may fetch or cache."""
FACES = (
    "STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "STIXGeneralBolIta",
    "cmb10", "cmr10", "cmss10", "cmtt10",
)  # fmt: skip
"""Typefaces that matplotlib ships."""
LARGEST = 700
"""px: longer sides are shrunk to this."""
SMALLEST = (66, 119)
"""Height and width, px: the largest patch that a sample is cut from, and one more for its place to be drawn."""
_PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp")
_TYPEFACES = (".ttf", ".otf")


def photographs(folder: Path | None) -> tuple[Pixels, ...]:
    """H×W×3 float32, 0–1 each: of `folder`, by name, or those bundled. Raises ValueError for none and for too small ones."""
    if folder is None:
        data = files("skimage").joinpath("data")
        named: list[tuple[str, bytes]] = [(name, data.joinpath(name).read_bytes()) for name in BUNDLED]
    else:
        named = [(path.name, path.read_bytes()) for path in _with_ending(folder, _PICTURES)]
    if not named:
        raise ValueError(f"no photographs in {folder}")
    return tuple(_decoded(name, content) for name, content in named)


def typefaces(folders: Iterable[Path]) -> tuple[str, ...]:
    """Font files: matplotlib's once each, those of `folders`, by name, twice each, as they are nearer to overlay text."""
    import matplotlib

    shipped = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    found = [str(shipped / f"{name}.ttf") for name in FACES]
    for folder in folders:
        more = _with_ending(folder, _TYPEFACES)
        if not more:
            raise ValueError(f"no typefaces in {folder}")
        found += [str(path) for path in more] * 2
    return tuple(found)


def _with_ending(folder: Path, endings: Sequence[str]) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in endings)


def _decoded(name: str, content: bytes) -> Pixels:
    with Image.open(io.BytesIO(content)) as picture:
        pixels = np.asarray(picture.convert("RGB"), np.float32) / np.float32(255)
    longest = max(pixels.shape[:2])
    if longest > LARGEST:
        share = LARGEST / longest
        pixels = np.asarray(
            cv2.resize(pixels, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), np.float32
        )
    if pixels.shape[0] < SMALLEST[0] or pixels.shape[1] < SMALLEST[1]:
        raise ValueError(f"{name}: smaller than {SMALLEST[1]}×{SMALLEST[0]} px")
    return pixels
