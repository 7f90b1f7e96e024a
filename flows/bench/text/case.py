"""What a case of the truth set holds, and how it is put together from a clean picture and captions."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from flows.bench.text.lettering import Caption, Polygon, draw
from tasks.contracts import Mask, Pixels, Zone

Levels = NDArray[np.uint8]
STROKE = 0.02
"""Opacity above which a pixel counts as inside the strokes."""


@dataclass(frozen=True, slots=True)
class Line:
    """One overlay line."""

    text: str
    polygon: Polygon
    alpha: Mask
    """H×W: the opacity of all that belongs to it, plate and shadow counted."""


@dataclass(frozen=True)
class Case:
    """A picture with an overlay, and everything that is known of it."""

    id: str
    kind: str
    truth: Levels
    """H×W×3."""
    data: bytes
    """The edited picture's file."""
    suffix: Literal[".png", ".jpg"]
    alpha: Mask
    """H×W: the whole overlay's exact opacity."""
    paint: Pixels
    """H×W×3: what the overlay adds. The edited picture is (1 − alpha)·truth + paint, before rounding and coding."""
    lines: tuple[Line, ...]
    scene: tuple[Polygon, ...] = ()
    """Print that belongs to the picture and must stay."""

    @cached_property
    def edited(self) -> Levels:
        """H×W×3, as a reader of the file sees it."""
        with Image.open(io.BytesIO(self.data)) as picture:
            return np.array(picture.convert("RGB"), np.uint8)

    @property
    def strokes(self) -> Zone:
        """Where the overlay is."""
        return np.asarray(self.alpha > STROKE)

    @property
    def visible(self) -> Zone:
        """Where the overlay differs from what it lies on by two levels or more."""
        change = self.paint - self.alpha[..., None] * (self.truth.astype(np.float32) / 255)
        return np.asarray(np.abs(change).max(axis=2) >= 2 / 255)

    def unmixed(self) -> Pixels:
        """The edited picture un-mixed with the true matte: the best that any un-mixing could do."""
        clear = np.maximum(1 - self.alpha, np.float32(1e-3))[..., None]
        shown = self.edited.astype(np.float32) / 255
        return np.asarray(np.clip((shown - self.paint) / clear, 0, 1), np.float32)


@dataclass(frozen=True, slots=True)
class File:
    """How a case is written."""

    quality: int = 0
    """Of a JPEG; 0 is PNG."""
    subsampling: Literal[0, 2] = 0


def compose(
    name: str, kind: str, truth: Levels, captions: tuple[Caption, ...], file: File = File(),
    scene: tuple[Polygon, ...] = (),
) -> Case:  # fmt: skip
    """A case: the captions laid over the picture, in order."""
    height, width = truth.shape[:2]
    clear = np.ones((height, width), np.float64)
    paint = np.zeros(truth.shape, np.float64)
    lines: list[Line] = []
    for caption in captions:
        drawn, own = draw(caption, height, width), np.ones((height, width), np.float64)
        for layer in drawn.layers:
            through = 1 - layer.coverage.astype(np.float64)
            colour = np.asarray(layer.colour, np.float64) / 255
            paint = paint * through[..., None] + layer.coverage[..., None] * colour
            clear, own = clear * through, own * through
        lines.append(Line(caption.text, drawn.polygon, (1 - own).astype(np.float32)))
    shown = clear[..., None] * truth / 255 + paint
    data, suffix = _encoded(np.rint(np.clip(shown, 0, 1) * 255).astype(np.uint8), file)
    alpha = (1 - clear).astype(np.float32)
    return Case(name, kind, truth, data, suffix, alpha, paint.astype(np.float32), tuple(lines), scene)


def _encoded(pixels: Levels, file: File) -> tuple[bytes, Literal[".png", ".jpg"]]:
    out = io.BytesIO()
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    if not file.quality:
        picture.save(out, "PNG", compress_level=3)
        return out.getvalue(), ".png"
    picture.save(out, "JPEG", quality=file.quality, subsampling=file.subsampling)
    return out.getvalue(), ".jpg"


def inside(polygon: Polygon, shape: tuple[int, int]) -> Zone:
    """H×W: the pixels of a polygon."""
    page = np.zeros(shape, np.uint8)
    cv2.fillPoly(page, [np.rint((polygon - 0.5) * 16).astype(np.int32)], (1,), shift=4)
    return page > 0
