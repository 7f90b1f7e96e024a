"""Whether the edges of the truth go on in a fill: agreement of edge pixels inside the hole, by place and direction."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.bench.cuttings import Levels, Zone

Floats = NDArray[np.floating[Any]]

NEAR: Final = 2
"""Edge pixels this far apart count as one, px."""
_TURN: Final = np.deg2rad(25)
_STRONG: Final = 10.0
"""Brightness gradient of an edge pixel, levels a px."""
_FEWEST: Final = 12
"""Fewer edge pixels of the truth in the hole than this say nothing."""


def edge_continuity(made: Levels, truth: Levels, hole: Zone) -> float | None:
    """F-score, 0–1, of the edge pixels inside the hole: of the truth's those that the fill has within NEAR px and 25 degrees,
    and of the fill's those that the truth has. None where the truth has too few edges to say."""
    mine, theirs = _edges(made, hole), _edges(truth, hole)
    if np.count_nonzero(theirs[0]) < _FEWEST:
        return None
    if not mine[0].any():
        return 0.0
    precision, recall = _found(mine, theirs), _found(theirs, mine)
    return 2 * precision * recall / max(precision + recall, 1e-9)


def _edges(picture: Levels, hole: Zone) -> tuple[Zone, Floats]:
    """Thinned edge pixels inside the hole, and every pixel's edge direction in radians."""
    grey = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 1.2)
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0) / 8, cv2.Sobel(grey, cv2.CV_32F, 0, 1) / 8
    slope = np.hypot(across, down)
    return _crest(slope, across, down) & (slope > _STRONG) & hole, np.arctan2(down, across)


def _crest(slope: Floats, across: Floats, down: Floats) -> Zone:
    """Pixels whose gradient is no less than that of both neighbours along it."""
    wide = np.abs(across) >= np.abs(down)
    same = across * down >= 0
    shift = {
        (0, 1): wide & (np.abs(down) < 0.4142 * np.abs(across)),
        (1, 0): ~wide & (np.abs(across) < 0.4142 * np.abs(down)),
    }
    straight = shift[0, 1] | shift[1, 0]
    shift |= {(1, 1): ~straight & same, (1, -1): ~straight & ~same}
    crest = np.zeros(slope.shape, bool)
    for (dy, dx), where in shift.items():
        before, after = np.roll(slope, (dy, dx), (0, 1)), np.roll(slope, (-dy, -dx), (0, 1))
        crest |= where & (slope >= before) & (slope >= after)
    return crest


def _found(these: tuple[Zone, Floats], those: tuple[Zone, Floats]) -> float:
    """Share of the first's edge pixels with one of the second's nearby, of like direction (a ramp up is no ramp down)."""
    met = np.zeros(these[0].shape, bool)
    for dy in range(-NEAR, NEAR + 1):
        for dx in range(-NEAR, NEAR + 1):
            if dy * dy + dx * dx <= NEAR * NEAR:
                there = np.roll(those[0], (dy, dx), (0, 1))
                turn = np.abs(np.angle(np.exp(1j * (these[1] - np.roll(those[1], (dy, dx), (0, 1))))))
                met |= there & (turn < _TURN)
    return float(met[these[0]].mean())
