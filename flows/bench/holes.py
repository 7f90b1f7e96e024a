"""Seeded holes in photographs whose content is known: thin strokes, blobs, and boxes as a text detector draws them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

KINDS = ("thin", "box", "blob")
SIDE = 256
"""Of the crop a hole is cut in, px."""


@dataclass(frozen=True, slots=True)
class Case:
    """One hole with its truth."""

    name: str
    kind: str
    truth: NDArray[np.float32]
    """SIDE×SIDE×3, 0–1."""
    hole: NDArray[np.bool_]


def cases(photographs: dict[str, NDArray[np.float32]], count: int) -> Iterator[Case]:
    """`count` cases, kinds and photographs in turn; the same ones at every call. Photographs: H×W×3, 0–1, at
    least SIDE px."""
    names = sorted(photographs)
    for n in range(count):
        draw = np.random.default_rng(n)
        name, kind = names[n // len(KINDS) % len(names)], KINDS[n % len(KINDS)]
        picture = photographs[name]
        y, x = (int(draw.integers(0, size - SIDE + 1)) for size in picture.shape[:2])
        truth = picture[y : y + SIDE, x : x + SIDE].copy()
        yield Case(f"{name}-{n}", kind, truth, _hole(kind, draw))


def _hole(kind: str, draw: np.random.Generator) -> NDArray[np.bool_]:
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    centre = draw.integers(72, SIDE - 72, 2)
    if kind == "thin":
        walk = np.cumsum(draw.integers(-28, 29, (8, 2)), axis=0) + centre
        cv2.polylines(
            canvas, [np.clip(walk, 12, SIDE - 12).astype(np.int32)], False, (1,), int(draw.integers(3, 7))
        )
    elif kind == "box":
        half = np.array([draw.integers(30, 60), draw.integers(9, 18)])
        cv2.rectangle(canvas, tuple(map(int, centre - half)), tuple(map(int, centre + half)), (1,), -1)
    else:
        axes = tuple(int(a) for a in draw.integers(20, 44, 2))
        cv2.ellipse(canvas, tuple(map(int, centre)), axes, float(draw.integers(0, 180)), 0, 360, (1,), -1)
    return canvas.astype(bool)
