"""The core of the strokes: which pixels of a text line are ink, by colours that are rare around the line."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Zone
from tasks.detection.strokes_axis import Stretches
from tasks.detection.strokes_background import Levels3, Plane, energy, interpolated, local_mean
from tasks.detection.strokes_colours import Palette, palette

RARE = 2.5
"""A colour is of the ink when it is at least so many times more frequent in the line than around it."""
STREWN = 0.35
"""How evenly a colour of the ink must be strewn over the line: a thing behind it is in one place."""
_LEAST = 0.02
_NOISE = 4.0
"""Levels: below this no spread is believed."""


@dataclass(frozen=True, slots=True)
class Line:
    """Where a text line lies in a crop. Zones are H×W and apart from each other, but for `around`."""

    inside: Zone
    """Its polygon."""
    ends: Zone
    """Ground before its first and after its last letter, where more may stand."""
    around: Zone
    """What to learn the background from."""
    height: float
    """Of its letters, px."""
    parts: Stretches


@dataclass(frozen=True, slots=True)
class Ink:
    """What was taken for ink."""

    core: Zone
    background: Levels3
    change: Plane
    """Mean square over the channels, levels², of the difference to the median around each pixel."""
    separation: float
    """Share of the line's pixels in ink colours, less that of its surroundings."""


def find_ink(levels: Levels3, line: Line, rare: float = RARE, strewn: float = STREWN) -> Ink:
    """The ink of a line, told apart by what is around it; in its ends only what is closed and of the same ink."""
    inside, around = line.inside, line.around
    side = min(2 * round(0.6 * line.height) + 1, 255)
    middle = cv2.medianBlur(levels.astype(np.uint8), side).astype(np.float32)
    local = np.clip(levels - middle, -96, 95)
    by_colour = _labelled(levels, line, palette(levels[inside], levels[around], 0, 256), rare, strewn)
    by_change = _labelled(local, line, palette(local[inside], local[around], -96, 96), rare, strewn)
    core, separation = max((by_colour, by_change), key=lambda found: found[1])
    for _ in range(2):
        core, background = _refined(levels, core, line, strewn)
    return Ink(core, background, energy(levels - middle) / 3, separation)


def _labelled(
    values: Levels3, line: Line, colours: Palette, rare: float, strewn: float
) -> tuple[Zone, float]:
    ink = (colours.surprise > rare) & (colours.inside > _LEAST)
    label = np.full(line.inside.shape, -1, np.intp)
    label[line.inside] = colours.nearest(values[line.inside])
    for k in np.flatnonzero(ink):
        ink[k] = line.parts.spread(label == k) >= strewn
    separation = float((colours.inside - colours.around)[ink].sum())
    return np.asarray(np.append(ink, False)[label]), separation


def _refined(levels: Levels3, core: Zone, line: Line, strewn: float) -> tuple[Zone, Levels3]:
    """Each pixel to what explains it better: the background interpolated from off the core, or one of the inks."""
    margin = max(2, round(line.height / 12))
    near = cv2.dilate(core.astype(np.uint8), np.ones((2 * margin + 1,) * 2, np.uint8)).astype(bool)
    known = (line.around | line.inside) & ~near
    if not known.any():
        known = line.around & ~core
    background = interpolated(levels, known)
    smooth = local_mean(levels, known, line.height / 4)
    variance = local_mean(energy(levels - smooth)[..., None] / 3, known, line.height / 2)[..., 0]
    guess = np.where(known[..., None], smooth, background)
    against = energy(levels - guess) / (variance + _NOISE**2)
    best = np.full(core.shape, np.inf, np.float32)
    for plane, error in _inks(levels, background, core, line.parts, strewn):
        best = np.minimum(best, energy(levels - plane) / error**2)
    evidence = cv2.GaussianBlur(np.clip(against - best, -30, 30).astype(np.float32), (3, 3), 0)
    found = (evidence > 0) & (against > 6) & (line.inside | line.ends)
    return _without_strays(np.asarray(found), against, best, line), background


def _without_strays(found: Zone, against: Plane, best: Plane, line: Line) -> Zone:
    """What was found, less those pieces in the ends that are open, of the wrong size or not surely of the ink."""
    count, label, boxes, _ = cv2.connectedComponentsWithStats(found.astype(np.uint8), connectivity=8)
    label = label.astype(np.intp)
    beyond = found & line.ends
    area = np.bincount(label[found], minlength=count)
    surely = np.bincount(label[found], np.minimum(best, 30)[found], count) < 4 * area
    surely &= np.bincount(label[found], np.minimum(against, 100)[found], count) > 20 * area
    edge = cv2.dilate((~(line.inside | line.ends)).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    closed = np.bincount(label[beyond & edge], minlength=count) == 0
    longest = boxes[:, 2:4].max(axis=1)
    fitting = (longest >= 0.3 * line.height) & (longest <= 1.5 * line.height)
    kept = surely & closed & fitting
    kept |= np.bincount(label[beyond], minlength=count) == 0
    kept[0] = False
    return np.asarray(found & (line.inside | kept[label]))


def _inks(levels: Levels3, background: Levels3, core: Zone, parts: Stretches, strewn: float) -> list[tuple[Levels3, float]]:
    """Of each colour of the core: what it would show over the background, and how far off that is (levels)."""
    pixels, behind = levels[core], background[core]
    if len(pixels) < 8:
        return []
    colours = palette(pixels, pixels[:0], 0, 256)
    label = colours.nearest(pixels)
    index = parts.index[core]
    made = []
    for k in np.flatnonzero(colours.inside > 0.06):
        mine = label == k
        if parts.spread_of(index[mine]) < strewn:
            continue
        slope, offset = _blend(pixels[mine], behind[mine])
        off = pixels[mine] - slope * behind[mine] - offset
        error = float(np.sqrt(np.vdot(off, off) / off.size + _NOISE**2))
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
