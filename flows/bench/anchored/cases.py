"""Seeded holes across the edges of structured photographs, whose content is known: plates, blobs and large ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.bench.fill.cases import Case, Levels, Zone, ground_of
from flows.bench.text.grounds import photographs
from flows.demo.split import Side

SEED: Final = 20251126
SIDE: Final = 288
"""Of a picture, px."""
HOLES: Final = ("plate", "blob", "large")
COUNT: Final = {True: 12, False: 90}
_TRIES: Final = 400
_EACH: Final = 4
"""Draws on a photograph before the next one's turn."""
_WITHOUT_LINES: Final = ("hubble", "retina")
"""Stars and vessels: specks and veins are no structure that goes on."""
_CROSSED: Final = 0.04
"""Least share of the hole's outline that strong edges cross: without any there is nothing to continue."""
_STRONG: Final = 14.0
"""Brightness gradient of a strong edge, levels a px."""

Rng = np.random.Generator


def cases(count: int, side: Side) -> Iterator[Case]:
    """The first `count` cases; kinds of hole take turns. The same ones at every call."""
    for n in range(count):
        yield _case(n, HOLES[n % 3], side)


def _case(n: int, kind: str, side: Side) -> Case:
    """Draws photographs, parts of them and holes until the ground is structured and edges run into the hole."""
    rng, pictures = np.random.default_rng((SEED, n)), _of_things(side)
    first = int(rng.integers(len(pictures)))
    for turn in range(_TRIES):
        name, picture = pictures[(first + turn // _EACH) % len(pictures)]
        truth = _part(picture, rng)
        hole = _hole(kind, rng)
        if crossed(truth, hole) >= _CROSSED and ground_of(truth, hole) == "structured":
            return Case(f"{n:03d}-{name[:12]}", kind, "structured", truth, hole)
    raise LookupError(f"no structured ground for a {kind} hole on side {side}")


def _of_things(side: Side) -> list[tuple[str, NDArray[np.float32]]]:
    return [(name, picture) for name, picture in photographs(side) if name not in _WITHOUT_LINES]


def crossed(truth: Levels, hole: Zone) -> float:
    """Share of the outline just outside the hole that lies on a strong edge of brightness."""
    grey = cv2.GaussianBlur(cv2.cvtColor(truth, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 1.0)
    slope = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)) / 8
    outline = cv2.dilate(hole.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool) & ~hole
    return float((slope[outline] > _STRONG).mean())


def _part(picture: NDArray[np.float32], rng: Rng) -> Levels:
    """A square of the photograph, shrunk by as much as it has to spare and the draw says."""
    least = SIDE / min(picture.shape[:2])
    share = max(least, float(rng.uniform(max(min(least, 1.0), 0.5), 1.0)))
    if share != 1:
        way = cv2.INTER_AREA if share < 1 else cv2.INTER_CUBIC
        picture = np.asarray(cv2.resize(picture, None, fx=share, fy=share, interpolation=way))
    h, w = picture.shape[:2]
    y, x = int(rng.integers(0, h - SIDE + 1)), int(rng.integers(0, w - SIDE + 1))
    return np.rint(np.clip(picture[y : y + SIDE, x : x + SIDE], 0, 1) * 255).astype(np.uint8)


def _hole(kind: str, rng: Rng) -> Zone:
    page = np.zeros((SIDE, SIDE), np.uint8)
    centre = rng.integers(100, SIDE - 100, 2)
    if kind == "plate":
        size = float(rng.uniform(60, 120)), float(rng.uniform(16, 34))
        angle = float(rng.choice((0.0, 0.0, 90.0)) + rng.uniform(-8, 8) * rng.integers(0, 2))
        corners = cv2.boxPoints(((float(centre[0]), float(centre[1])), size, angle))
        cv2.fillPoly(page, [np.rint(corners).astype(np.int32)], (1,))
    else:
        around = np.linspace(0, 2 * np.pi, 90, endpoint=False)
        wander = [rng.uniform(-0.4, 0.4) / k * np.sin(k * around + rng.uniform(0, 6.3)) for k in (2, 3, 5)]
        radius = rng.uniform(*((14, 24) if kind == "blob" else (36, 58))) * (1 + np.sum(wander, axis=0))
        outline = centre + radius[:, None] * np.stack([np.cos(around), np.sin(around)], axis=1)
        cv2.fillPoly(page, [outline.astype(np.int32)], (1,))
    return page > 0
