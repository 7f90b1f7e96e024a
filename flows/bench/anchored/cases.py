"""Seeded holes across the edges of structured photographs, whose content is known: plates, blobs and large ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.bench.cuttings import Levels, Rng, Zone, draw_blob, square_of
from flows.bench.fill.cases import Case, ground_of
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
        truth = square_of(picture, SIDE, rng, 0.5)
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


def _hole(kind: str, rng: Rng) -> Zone:
    page = np.zeros((SIDE, SIDE), np.uint8)
    centre = rng.integers(100, SIDE - 100, 2)
    if kind == "plate":
        size = float(rng.uniform(60, 120)), float(rng.uniform(16, 34))
        angle = float(rng.choice((0.0, 0.0, 90.0)) + rng.uniform(-8, 8) * rng.integers(0, 2))
        corners = cv2.boxPoints(((float(centre[0]), float(centre[1])), size, angle))
        cv2.fillPoly(page, [np.rint(corners).astype(np.int32)], (1,))
    else:
        draw_blob(page, centre, (14, 24) if kind == "blob" else (36, 58), rng)
    return page > 0
