"""Seeded holes in photographs: thin, blob and large, on flat, textured and structured ground."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from flows.bench.cuttings import Levels, Rng, Zone, draw_blob, square_of
from flows.bench.text.grounds import photographs
from flows.demo.split import Side

SEED: Final = 20251125
SIDE: Final = 320
"""Of a picture, px."""
HOLES: Final = ("thin", "blob", "large")
GROUNDS: Final = ("flat", "textured", "structured")
COUNT: Final = {True: 36, False: 300}
_TRIES: Final = 150
_AROUND: Final = 12
"""How far around a hole the ground counts, px."""
_FLAT: Final = 3.0
"""Mean gradient of a flat ground at most, levels a px."""
_EVEN: Final = 0.6
"""Median gradient over mean gradient: above it the ground has gradients everywhere, below it they are along a few lines.
Noise without any direction has 0.94."""


@dataclass(frozen=True, slots=True)
class Case:
    """One hole."""

    id: str
    hole_kind: str
    ground: str
    truth: Levels
    """H×W×3."""
    hole: Zone


def cases(count: int, side: Side, size: int = SIDE) -> Iterator[Case]:
    """The first `count` cases; kinds of hole, grounds and photographs take turns. The same ones at every call. size: of the
    pictures, px."""
    for n in range(count):
        yield _case(n, HOLES[n % 3], GROUNDS[n // 3 % 3], side, size)


def _case(n: int, kind: str, ground: str, side: Side, size: int) -> Case:
    """Draws photographs, parts of them and holes until the ground around the hole is of the wanted kind."""
    rng, pictures = np.random.default_rng((SEED, n)), photographs(side)
    for turn in range(_TRIES):
        name, picture = pictures[(n // 9 + turn) % len(pictures)]
        truth = square_of(picture, size, rng, 0.5)
        hole = _hole(kind, size, rng)
        if ground_of(truth, hole) == ground:
            return Case(f"{n:03d}-{name[:12]}", kind, ground, truth, hole)
    raise LookupError(f"no {ground} ground for a {kind} hole on side {side}")


def ground_of(truth: Levels, hole: Zone) -> str:
    """`flat`, `textured` or `structured`, by the brightness gradients in and around the hole."""
    near = cv2.dilate(hole.astype(np.uint8), np.ones((2 * _AROUND + 1,) * 2, np.uint8)) > 0
    grey = cv2.GaussianBlur(cv2.cvtColor(truth, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 1.0)
    slope = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))[near] / 8
    mean = float(slope.mean())
    if mean <= _FLAT and float(np.percentile(slope, 95)) <= 3 * _FLAT:
        return "flat"
    return "textured" if float(np.median(slope)) > _EVEN * mean else "structured"


def _hole(kind: str, size: int, rng: Rng) -> Zone:
    page = np.zeros((size, size), np.uint8)
    centre = rng.integers(110, size - 110, 2)
    if kind == "thin":
        walk = np.cumsum(rng.integers(-30, 31, (6, 2)), axis=0) + centre
        walk = np.clip(walk, 20, size - 20).astype(np.int32)
        cv2.polylines(page, [walk], False, (1,), int(rng.integers(3, 8)))
    else:
        draw_blob(page, centre, (14, 24) if kind == "blob" else (40, 66), rng)
    return page > 0
