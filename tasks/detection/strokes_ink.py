"""The core of the strokes: which pixels of a text line are ink, by colours that are rare around the line."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tasks.contracts import Zone
from tasks.detection.strokes_axis import Stretches
from tasks.detection.strokes_background import (
    Levels3,
    Plane,
    energy,
    interpolated,
    local_mean,
    local_median,
    picked,
    put,
)  # fmt: skip
from tasks.detection.strokes_body import text_body
from tasks.detection.strokes_colours import Palette, palette
from tasks.detection.strokes_frame import Frame
from tasks.detection.strokes_models import NOISE, ink_models, misfit
from tasks.detection.strokes_pieces import Guess, rim, without_strays

RARE = 2.5
"""A colour is of the ink when it is at least so many times more frequent in the line than around it."""
STREWN = 0.35
"""How evenly a colour of the ink must be strewn over the line: a thing behind it is in one place."""
_LEAST = 0.02


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
    frame: Frame
    """The box that the reader drew."""


@dataclass(frozen=True, slots=True)
class Ink:
    """What was taken for ink."""

    core: Zone
    body: Zone
    """The rectangle that the letters fill."""
    background: Levels3
    change: Plane
    """Mean square over the channels, levels², of the difference to the median around each pixel."""
    separation: float
    """Share of the line's pixels in ink colours, less that of its surroundings."""


def find_ink(levels: Levels3, line: Line, rare: float = RARE, strewn: float = STREWN) -> Ink:
    """The ink of a line, told apart by what is around it; in its ends only what is closed and of the same ink."""
    inside, around = line.inside, line.around
    middle = local_median(levels, line.height)
    local = np.clip(levels - middle, -96, 95)
    by_colour = _labelled(
        levels, line, palette(picked(levels, inside), picked(levels, around), 0, 256), rare, strewn
    )
    by_change = _labelled(
        local, line, palette(picked(local, inside), picked(local, around), -96, 96), rare, strewn
    )
    core, separation = max((by_colour, by_change), key=lambda found: found[1])
    cut = rim(line.inside | line.ends)
    for _ in range(2):
        core, background = _refined(levels, core, line, strewn)
        core, body = text_body(core, cut, line.frame)
    return Ink(core, body, background, energy(levels - middle) / np.float32(3), separation)


def _labelled(
    values: Levels3, line: Line, colours: Palette, rare: float, strewn: float
) -> tuple[Zone, float]:
    ink = (colours.surprise > rare) & (colours.inside > _LEAST)
    label, index = colours.nearest(picked(values, line.inside)), line.parts.index[line.inside]
    for k in np.flatnonzero(ink):
        ink[k] = line.parts.spread_of(index[label == k]) >= strewn
    separation = float((colours.inside - colours.around)[ink].sum())
    found = np.zeros(line.inside.shape, np.bool_)
    found[line.inside] = ink[label]
    return found, separation


def _refined(levels: Levels3, core: Zone, line: Line, strewn: float) -> tuple[Zone, Levels3]:
    """Each pixel to what explains it better: the background interpolated from off the core, or one of the inks."""
    margin = max(2, round(line.height / 12))
    near = cv2.dilate(core.astype(np.uint8), np.ones((2 * margin + 1,) * 2, np.uint8)).astype(bool)
    known = (line.around | line.inside) & ~near
    if not known.any():
        known = line.around & ~core
    background = interpolated(levels, known)
    smooth = local_mean(levels, known, line.height / 4)
    variance = local_mean(energy(levels - smooth) / np.float32(3), known, line.height / 2)
    ground = put(background.copy(), smooth, known)
    against = energy(levels - ground) / (variance + NOISE**2)
    models = ink_models(
        picked(levels, core), picked(background, core), line.parts.index[core], line.parts, strewn
    )
    open_to_ink = line.inside | line.ends
    best = np.full(core.shape, np.inf, np.float32)
    best[open_to_ink] = misfit(models, picked(levels, open_to_ink), picked(background, open_to_ink))
    evidence = cv2.GaussianBlur(np.clip(against - best, -30, 30).astype(np.float32), (3, 3), 0)
    found = (evidence > 0) & (against > 6) & open_to_ink
    guess = Guess(np.asarray(found), against, best, float(np.sqrt(variance[known].mean())))
    kept = without_strays(guess, line.inside, line.ends, line.height)
    return guess.found & kept, background
