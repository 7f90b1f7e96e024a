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
from tasks.detection.strokes_models import CHANNELS, NOISE, InkModel, ink_models, misfit, partly
from tasks.detection.strokes_pieces import FITS, Guess, attached, going_on, rim, without_strays

RARE = 2.5
"""A colour is of the ink when it is at least so many times more frequent in the line than around it."""
STREWN = 0.35
"""How evenly a colour of the ink must be strewn over the line: a thing behind it is in one place."""
_LEAST = 0.02
"""Share of the line's pixels that a colour of the ink makes up."""
_NARROW = 12.0
"""The most that an ink's narrowness counts for against a restless ground."""
_ALONE = 20.0
"""Evidence from which a pixel needs no neighbour's: dots and dashes of small letters are a pixel or two thick."""
_CALM = 10.0
"""Standard deviation of the ground, levels, up to which that holds."""
_THIN = 3
"""px beyond sure ink up to which hairlines and rims are followed."""
_MIXED = 6.0
"""What may speak against a pixel's being ink mixed with ground."""
_AS_STREWN = 0.72
"""Of the most evenly strewn colour's measure: fill, outline and shadow are strewn alike."""
_GOING_ON = 0.5
"""Share of a colour's pixels at most in pieces that go on beyond the line: letters end in it, what is behind does not."""


@dataclass(frozen=True, slots=True)
class Line:
    """Where a text line lies in a crop. Zones are H×W and apart from each other, but for `around`."""

    inside: Zone
    """Its polygon."""
    ends: Zone
    """Ground before its first and after its last letter, where more may stand."""
    around: Zone
    """What to learn the background from."""
    beside: Zone
    """Next to the polygon, where what goes on beyond it shows."""
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


def find_ink(
    levels: Levels3, line: Line, rare: float = RARE, strewn: float = STREWN, bent: bool = False
) -> Ink:
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
    if bent:
        core, _ = text_body(core, cut, line.frame, bent)
    for _ in range(2):
        core, background = _refined(levels, core, line, strewn)
        core, body = text_body(core, cut, line.frame, bent)
    return Ink(core, body, background, energy(levels - middle) / np.float32(3), separation)


def _labelled(
    values: Levels3, line: Line, colours: Palette, rare: float, strewn: float
) -> tuple[Zone, float]:
    ink = (colours.surprise > rare) & (colours.inside > _LEAST)
    label, index = colours.nearest(picked(values, line.inside)), line.parts.index[line.inside]
    spread = np.array([line.parts.spread_of(index[label == k]) if ink[k] else 0.0 for k in range(len(ink))])
    ink &= spread >= max(strewn, _AS_STREWN * float(spread.max()))
    if ink.any():
        shown = np.full(line.inside.shape, -1, np.intp)
        shown[line.inside] = label
        shown[line.beside] = colours.nearest(picked(values, line.beside))
        for k in np.flatnonzero(ink):
            ink[k] = going_on(shown == k, line.inside) <= _GOING_ON
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
    models = _bounded(models, levels, background, line) if len(models) > 1 else models
    best = np.full(core.shape, np.inf, np.float32)
    best[open_to_ink], error = misfit(models, picked(levels, open_to_ink), picked(background, open_to_ink))
    # A ground that could show any colour foretells none: the inks' narrowness counts for them.
    spread = np.zeros(core.shape, np.float32)
    spread[open_to_ink] = CHANNELS * np.log((variance[open_to_ink] + NOISE**2) / error**2)
    against += np.clip(spread, 0, _NARROW)
    alone = np.clip(against - best, -30, 30).astype(np.float32)
    evidence = cv2.GaussianBlur(alone, (3, 3), 0)
    sure = (evidence > 0) | ((alone > _ALONE) & (variance < _CALM**2))
    found = sure & (against > 6) & open_to_ink
    near = cv2.dilate(found.astype(np.uint8), np.ones((2 * _THIN + 1,) * 2, np.uint8)) > 0
    near &= open_to_ink & ~found & (against > 6)
    doubt = partly(
        models, picked(levels, near), picked(ground, near), np.sqrt(variance[near] + np.float32(NOISE**2))
    )
    mixed = np.zeros_like(found)
    mixed[near] = doubt < np.minimum(against[near] - 6, _MIXED)
    found |= attached(mixed, found)
    guess = Guess(np.asarray(found), against, best, float(np.sqrt(variance[known].mean())))
    kept = without_strays(guess, line.inside, line.ends, line.height)
    return guess.found & kept, background


def _bounded(models: list[InkModel], levels: Levels3, background: Levels3, line: Line) -> list[InkModel]:
    """The inks that end in the line; all of them if none does."""
    seen = line.inside | line.beside
    shown, behind = picked(levels, seen), picked(background, seen)
    fits = np.stack([misfit([model], shown, behind)[0] for model in models])
    which = np.full(line.inside.shape, -1, np.intp)
    which[seen] = np.where(fits.min(axis=0) < FITS, fits.argmin(axis=0), -1)
    kept = [model for k, model in enumerate(models) if going_on(which == k, line.inside) <= _GOING_ON]
    return kept or models
