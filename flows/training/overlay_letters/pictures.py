"""The photographs of a training run, what a reader takes for text in them, and which of them are held out."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from flows.training.text_origin.sources import Photograph

_HELD_OUT = 10
"""One photograph in so many, by its name, is only measured on."""


def held_out(name: str) -> bool:
    """Whether a photograph of that name is kept from training."""
    return zlib.crc32(name.encode()) % _HELD_OUT == 0


def with_boxes(pictures: Sequence[Photograph], file: Path) -> list[Photograph]:
    """The photographs with boxes about what may be print in them, all of it no overlay.

    file: what a reader found, by name; of a picture it does not know, any part may be print."""
    boxes: dict[str, list[list[float]]] = json.loads(file.read_text(encoding="utf-8"))
    return [_boxed(picture, boxes.get(picture.name)) for picture in pictures]


def _boxed(picture: Photograph, boxes: Sequence[Sequence[float]] | None) -> Photograph:
    height, width = picture.pixels.shape[:2]
    found = boxes if boxes is not None else [(0, 0, width, 0, width, height, 0, height)]
    return replace(picture, boxes=tuple(np.array(box, np.float64).reshape(-1, 2) for box in found))
