"""The core of the strokes: which pixels of a text line are ink, by colours that are rare around the line."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Zone
from tasks.detection.strokes_background import Levels3, Plane, interpolated, local_mean
from tasks.detection.strokes_colours import Palette, palette

RARE = 2.5
"""A colour is of the ink when it is at least so many times more frequent in the line than around it."""
_LEAST = 0.02
_NOISE = 4.0
"""Levels: below this no spread is believed."""


@dataclass(frozen=True, slots=True)
class Ink:
    """What was taken for ink."""

    core: Zone
    background: Levels3
    spread: Plane
    """Standard deviation of the background's guess, levels."""
    separation: float
    """Share of the line's pixels in ink colours, less that of its surroundings."""


def find_ink(levels: Levels3, inside: Zone, around: Zone, height: float) -> Ink:
    """The ink in `inside`, told apart by what `around` looks like. height: of the letters, px."""
    first = interpolated(levels, around)
    by_colour = _labelled(levels, inside, around, palette(levels[inside], levels[around], 0, 256))
    smooth = local_mean(levels, around, height / 2)
    change = np.clip(np.where(inside[..., None], levels - first, levels - smooth), -96, 95)
    by_change = _labelled(change, inside, around, palette(change[inside], change[around], -96, 96))
    best = max((by_colour, by_change), key=lambda found: found[1])
    core, separation = best
    for _ in range(2):
        core, background, spread = _refined(levels, core, inside, around, height)
    return Ink(core, background, spread, separation)


def _labelled(values: Levels3, inside: Zone, around: Zone, colours: Palette) -> tuple[Zone, float]:
    ink = (colours.surprise > RARE) & (colours.inside > _LEAST)
    separation = float((colours.inside - colours.around)[ink].sum())
    core = np.zeros(inside.shape, np.bool_)
    core[inside] = ink[colours.nearest(values[inside])]
    return core, separation


def _refined(
    levels: Levels3, core: Zone, inside: Zone, around: Zone, height: float
) -> tuple[Zone, Levels3, Plane]:
    """Each pixel to what explains it better: the background interpolated from off the core, or one of the inks."""
    margin = max(2, round(height / 12))
    near = cv2.dilate(core.astype(np.uint8), np.ones((2 * margin + 1,) * 2, np.uint8)).astype(bool)
    known = (around | inside) & ~near
    if not known.any():
        known = around & ~core
    background = interpolated(levels, known)
    smooth = local_mean(levels, known, height / 4)
    spread = np.sqrt(local_mean((levels - smooth) ** 2, known, height / 2).mean(axis=2) + _NOISE**2)
    guess = np.where(known[..., None], smooth, background)
    against = ((levels - guess) ** 2).sum(axis=2) / spread**2
    best = np.full(core.shape, np.inf, np.float32)
    for plane, error in _inks(levels, background, core):
        best = np.minimum(best, ((levels - plane) ** 2).sum(axis=2) / error**2)
    evidence = cv2.GaussianBlur(np.clip(against - best, -30, 30).astype(np.float32), (3, 3), 0)
    found = (evidence > 0) & (against > 6) & inside
    return np.asarray(found), background, spread.astype(np.float32)


def _inks(levels: Levels3, background: Levels3, core: Zone) -> list[tuple[Levels3, float]]:
    """Of each colour of the core: what it would show over the background, and how far off that is (levels)."""
    pixels, behind = levels[core], background[core]
    if len(pixels) < 8:
        return []
    colours = palette(pixels, pixels[:0], 0, 256)
    label = colours.nearest(pixels)
    made = []
    for k in np.flatnonzero(colours.inside > 0.06):
        mine = label == k
        slope, offset = _blend(pixels[mine], behind[mine])
        off = pixels[mine] - slope * behind[mine] - offset
        error = float(np.sqrt((off**2).sum(axis=1).mean() / 3 + _NOISE**2))
        made.append((np.asarray(slope * background + offset, np.float32), error))
    return made


def _blend(shown: NDArray[np.float32], behind: NDArray[np.float32]) -> tuple[float, NDArray[np.float32]]:
    """Transparency (one for all channels) and added colour that take `behind` to `shown`, by least squares."""
    mean_shown, mean_behind = shown.mean(axis=0), behind.mean(axis=0)
    centred = behind - mean_behind
    power = float((centred**2).sum())
    slope = float((centred * (shown - mean_shown)).sum()) / (power + 25.0 * len(shown))
    slope = min(max(slope, 0.0), 0.9)
    return slope, (mean_shown - slope * mean_behind).astype(np.float32)
