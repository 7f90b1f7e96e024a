"""The pictures that the bench works on: seeded JPEG files and their manifest, the same for every way of doing them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image

SCALE: Final = 2
QUALITY = 90
MANIFEST = "catalogue.csv"


@dataclass(frozen=True, slots=True)
class Work:
    """How large the pictures are and by which engine each is made; the cheaper, the more of the time is tax."""

    name: str
    width: int
    height: int
    engine: str


def write(folder: Path, work: Work, pictures: int, first: int = 0) -> Path:
    """`pictures` files, each with content of its own (by `first` and its place), and the manifest; its path."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"p{n:05d}" for n in range(first, first + pictures)]
    for n, name in enumerate(names, first):
        (folder / f"{name}.jpg").write_bytes(jpeg(work, n))
    path = folder / MANIFEST
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("id", "image", "intent", "scale", "engine"))
        rows.writerows(
            (name, f"{name}.jpg", "upscale", SCALE, f"enhancement={work.engine}") for name in names
        )
    return path


def jpeg(work: Work, n: int) -> bytes:
    """Smooth colours with a rectangle and a little grain: the sort of picture that a shop has."""
    draw = np.random.default_rng((20261123, n))
    coarse = draw.integers(40, 216, (6, 8, 3), np.uint8)
    pixels = cv2.resize(coarse, (work.width, work.height), interpolation=cv2.INTER_CUBIC)
    x, y = (int(draw.integers(0, side // 2)) for side in (work.width, work.height))
    colour = [int(v) for v in draw.integers(0, 256, 3)]
    cv2.rectangle(pixels, (x, y), (x + work.width // 3, y + work.height // 3), colour, -1)
    grain = draw.integers(-3, 4, pixels.shape, np.int16)
    out = io.BytesIO()
    Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
