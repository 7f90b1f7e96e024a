"""The circle that lettering stands on, from where a network sees letters: a first guess, then the band as far as it goes."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Box
from tasks.detection.arc import Arc
from tasks.detection.arc_sample import DEEP, FEW, GAP, LIKELY, ROUND, first_arc

BENT = 0.25
"""Rise of the text over the line between its ends from which it is bent, in letter heights."""
_ROUNDS = 6
_LIT = 0.4
"""Mean probability over the middle of the band from which letters stand there."""
_LONG = 2.5
"""Least length, in letter heights."""
_TALL, _FARTHEST = 1.3, 60.0
"""Looked at above and below the band's middle, and to either side, in letter heights."""
_SEEN = 32.0
"""px that letters are looked at the largest."""
_APART = 0.25
"""The band's mean probability over that of what lies above and below it."""

Plane = NDArray[np.float32]
Floats = NDArray[np.float64]


def bend(chances: Plane, corners: Floats) -> float:
    """How far the middle of the lettering in a box rises over the line between its ends, in heights of the lettering; 0 where
    there is hardly any. chances: H×W, 0–1, probability of lettering; corners: 4×2, of the box, its first side along the line."""
    along = (corners[1] - corners[0] + corners[2] - corners[3]) / 2
    down = (corners[3] - corners[0] + corners[2] - corners[1]) / 2
    long, tall = float(np.linalg.norm(along)), float(np.linalg.norm(down))
    if min(long, tall) < 2 * DEEP:
        return 0.0
    matrix = np.column_stack([along / long, down / tall, corners[0]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    box = cv2.warpAffine(chances, matrix, (int(long), int(tall)), flags=flags, borderValue=(0,))
    lit = box.max(axis=0) > LIKELY
    if lit.sum() < FEW:
        return 0.0
    box = box[:, lit].astype(np.float64)
    across = (np.arange(box.shape[0]) + 0.5)[:, None]
    middle = (box**2 * across).sum(axis=0) / (box**2).sum(axis=0)
    place = (np.flatnonzero(lit) + 0.5) / len(lit) - 0.5
    return abs(float(np.polyfit(place, middle, 2)[0])) / 4 / max(float(np.median(box.sum(axis=0))), 1.0)


def arc_in(chances: Plane, box: Box) -> Arc | None:
    """The bent line that most of the lettering in a box stands on; None where there is none, or it is straight.

    chances: H×W, 0–1, probability of lettering; box: of the picture, x0, y0, x1, y1. From a first guess in the box the band is
    followed as far as it goes, beyond the box too, and the circle fitted to it anew. Its height is that of the lettering."""
    found = first_arc(chances, box)
    for _ in range(_ROUNDS):
        found = _followed(chances, found) if found is not None else None
    if found is None or found.length < _LONG * found.height or found.rise < BENT * found.height:
        return None
    return _as_read(found) if _stands_out(chances, found) else None


def _followed(chances: Plane, arc: Arc) -> Arc | None:
    """The band as far as letters stand in it, its circle fitted to their middle."""
    strip, along, across = _laid_out(chances, arc)
    lit = strip[np.abs(across[:, 0]) < 0.35 * arc.height].mean(axis=0) > _LIT
    run = _run_about(lit, along, arc)
    if run is None:
        return None
    first, last = run
    held = lit & (along >= first) & (along <= last)
    centre, radius = _moved(strip, along, across, held, arc)
    height = float(np.median(strip[:, held].sum(axis=0)) * (across[1, 0] - across[0, 0]))
    if not ROUND[0] * height < radius < 2 * ROUND[1] * height or height < 2 * DEEP:
        return None
    middle = arc.turn + (first + last) / 2 / arc.radius
    return replace(arc, centre=centre, radius=radius, turn=middle, length=last - first, height=height)


def settled(chances: Plane, arc: Arc) -> Arc | None:
    """The arc on the circle that the lettering between its ends fits best; None where that is none of about its size."""
    strip, along, across = _laid_out(chances, arc)
    lit = strip[np.abs(across[:, 0]) < 0.5 * arc.height].max(axis=0) > LIKELY
    held = lit & (np.abs(along) < arc.length / 2)
    if held.sum() < FEW:
        return None
    centre, radius = _moved(strip, along, across, held, arc)
    if not 0.5 * arc.radius < radius < 2.5 * arc.radius:
        return None
    made = replace(arc, centre=centre, radius=radius)
    half = np.array([-0.5, 0.5], np.float32) * np.float32(arc.length)
    first, last = (float(at) for at in made.places(*arc.points(half, np.zeros_like(half)))[0])
    return replace(made, turn=made.turn + made.way * (first + last) / 2 / radius, length=last - first)


def _moved(
    strip: Plane, along: Floats, across: Floats, held: NDArray[np.bool_], arc: Arc
) -> tuple[tuple[float, float], float]:
    """Centre and radius of the circle through the lettering's middle in the columns held, by one step of least squares."""
    weight = np.where(np.abs(across) < 0.8 * arc.height, strip, 0)[:, held].astype(np.float64) ** 2
    off = -(weight * across).sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-6)
    off = arc.way * np.clip(off, -0.5 * arc.height, 0.5 * arc.height)
    angle = arc.turn + arc.way * along[held] / arc.radius
    basis = np.stack([np.ones_like(angle), np.cos(angle), np.sin(angle)], axis=1)
    steady = basis.T @ basis + 1e-4 * len(angle) * np.eye(3)
    change, right, down = np.linalg.solve(steady, basis.T @ off)
    return (arc.centre[0] + float(right), arc.centre[1] + float(down)), arc.radius + float(change)


def _laid_out(chances: Plane, arc: Arc) -> tuple[Plane, Floats, Floats]:
    """The circle's band unrolled, and the places of its columns along and of its rows (h×1) across, px."""
    return _seen(chances, arc, min(math.pi * arc.radius, _FARTHEST * arc.height))


def _seen(chances: Plane, arc: Arc, half: float) -> tuple[Plane, Floats, Floats]:
    """So many px to either side of the band's middle unrolled; large letters are seen smaller, and nothing beyond the picture."""
    tall, scale = min(_TALL * arc.height, arc.radius - 1), min(_SEEN / arc.height, 1.0)
    strip = np.asarray(arc.strip(chances, half, tall, scale, cv2.BORDER_CONSTANT), np.float32)
    along, across = (np.arange(size, dtype=np.float64) + 0.5 for size in strip.shape[::-1])
    return strip, along / scale - half, (across / scale - tall)[:, None]


def _run_about(lit: NDArray[np.bool_], along: Floats, arc: Arc) -> tuple[float, float] | None:
    """First and last place of the run of letters that shares most with the arc as it was; the full circle is cut once."""
    at = along[lit]
    if len(at) < 3:
        return None
    edges = [0, *(np.flatnonzero(np.diff(at) > GAP * arc.height) + 1), len(at)]
    runs = [at[a:b] for a, b in pairwise(edges)]
    shared = [int((np.abs(run) <= arc.length / 2).sum()) for run in runs]
    best = runs[int(np.argmax(shared))]
    return (float(best[0]), float(best[-1])) if max(shared) else None


def _stands_out(chances: Plane, arc: Arc) -> bool:
    """Whether there is less lettering right above and below the band than in it."""
    strip, _, rows = _seen(chances, arc, arc.length / 2)
    across = np.abs(rows[:, 0])
    within = strip[across < 0.35 * arc.height].mean()
    beyond = strip[across > 0.8 * arc.height]
    return bool(within > LIKELY and (not beyond.size or within - beyond.mean() > _APART))


def _as_read(arc: Arc) -> Arc:
    """Letters stand with their heads up, as far as the arc lets them."""
    return arc if math.sin(arc.turn) <= 0 else replace(arc, way=-1)
