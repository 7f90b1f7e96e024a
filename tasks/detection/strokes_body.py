"""Where a line's letters stand: what has the ink's colour but lies beyond them is not of the text."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Zone
from tasks.detection.strokes_frame import Frame, Values
from tasks.detection.strokes_pieces import around

# All in heights of the reader's box. How much room that leaves around the ink was measured with rapidocr 3.10 on 57
# rendered lines: before and after the text 0.1 to 0.26, above and below it 0.04 to 0.23, where no letter was missed.
_LOOSE, _LOOSE_ENDS = 0.3, 0.12
"""So much of the box's border, across and along the line, may be empty; within it nothing is cut off."""
_TIGHT = 0.07
"""A letter that comes nearer to the box's border than this has something else attached."""
_SEVERAL = 0.2
"""Unless this share of the letters does: then the box is askew."""
_SLACK = 0.03
"""Granted beyond the letters found: soft rims."""
_MIDDLE = 0.15
"""Half the band around the middle that every letter crosses."""
_LETTER = (0.25, 1.15)
"""Size of a letter across the line."""
_MADE_OUT = 0.6
"""Share of the line's length that letters must cover before anything apart from them is dropped."""
_SATELLITE, _FRAGMENT = 0.18, 0.07
"""How far dots, accents, quotes and commas may stand off a letter; and bits thinner than strokes or below the line."""
_GAP = 3.0
"""px that they may stand off in any case: in small letters a pixel is a large share of the height."""
_FARTHEST = 0.4
"""How far a satellite may reach from its letter."""
_BESIDE = 0.15
"""How far from a letter, along the line, a bit of another may begin."""
_ASKEW = 0.05
"""Slope that a reader's box has against its text at the most; more comes of descenders here and ascenders there."""
_UNEVEN = 0.25
"""How far a letter beyond the box may stick out of the others' line."""
_THICK = 0.5
"""In thicknesses of the strokes, a pixel's doubt taken off: what is thinner is a bit."""

_STOUT = 0.35
"""Half the width of a heavy letter's stroke at the most, as a share of the room that a letter has along the line."""


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Connected pieces of ink: extents in the line's axes, px, from its middle. Index 0 is no piece."""

    pixels: tuple[NDArray[np.intp], NDArray[np.intp]]
    label: NDArray[np.intp]
    """Of each pixel of ink."""
    low: Values
    high: Values
    """count×2: along, across."""
    at: Values
    """Of each pixel of ink, n×2."""
    thick: Values
    """Half the greatest width of each piece, px."""
    size: tuple[int, ...]

    def drawn(self, which: NDArray[np.bool_]) -> Zone:
        """Pixels of ink as a zone."""
        out = np.zeros(self.size, np.bool_)
        out[self.pixels[0][which], self.pixels[1][which]] = True
        return out


def text_body(found: Zone, cut: Zone, frame: Frame, bent: bool = False) -> tuple[Zone, Zone]:
    """What of the ink found is of the text, and the rectangle that the text fills, both H×W.

    found: ink by its colour; cut: pixels at the border of the ground looked at. Letters are the pieces that cross the
    middle of the line, of a letter's size and not cut. Above, below, before and after them nothing is kept but what a
    reader's box may be off; beside them nothing that stands farther off than dots, accents, quotes and commas do. bent: the letters do not stand in one line; then all
    are kept that lie in the ground whole and are no thicker than strokes."""
    if not found.any():
        return found, np.ones_like(found)
    pieces = _pieces(found, frame)
    if bent:
        return pieces.drawn(_strokes(pieces, frame, cut)[pieces.label]), np.zeros_like(found)
    letters = _letters(pieces, frame, cut)
    lead = letters | (_crossing(pieces, frame) & _filling(pieces, letters))
    tilt = _tilt(pieces, letters, frame)
    if tilt:
        frame = frame.turned(tilt)
        pieces = _pieces(found, frame)
    low, high = _extent(pieces, letters, frame)
    within = np.asarray(((pieces.at >= low) & (pieces.at <= high)).all(axis=1))
    long = frame.length >= 1.5 * frame.height
    if letters.any() and long and _covered(pieces, lead, frame) > _MADE_OUT:
        within &= _near(pieces, letters, lead, within, frame)
        low[0], high[0] = _ends(pieces, lead, frame)
    return pieces.drawn(within), _rectangle(found.shape, low, high, frame)


def _strokes(pieces: _Pieces, frame: Frame, cut: Zone) -> NDArray[np.bool_]:
    """In a box whose letters do not stand in one line: the pieces that lie in it whole and are no thicker than strokes."""
    at_border = np.bincount(pieces.label[cut[pieces.pixels]], minlength=len(pieces.thick)) > 0
    return np.asarray(~at_border & (pieces.thick <= _STOUT * frame.length / frame.letters))


def _rectangle(size: tuple[int, ...], low: Values, high: Values, frame: Frame) -> Zone:
    along, across = frame.places(*np.ogrid[: size[0], : size[1]])
    return np.asarray((along >= low[0]) & (along <= high[0]) & (across >= low[1]) & (across <= high[1]))


def _pieces(found: Zone, frame: Frame) -> _Pieces:
    view = around(found)
    part = found[view].astype(np.uint8)
    count, image = cv2.connectedComponents(part, connectivity=8, ltype=cv2.CV_32S)
    rows, columns = np.nonzero(part)
    label = image[rows, columns].astype(np.intp)
    depth = cv2.distanceTransform(part, cv2.DIST_L2, 3)[rows, columns]
    rows, columns = rows + view[0].start, columns + view[1].start
    at = frame.places(rows, columns)
    low, high = np.full((2, count), np.inf, np.float32), np.full((2, count), -np.inf, np.float32)
    for axis in (0, 1):
        np.minimum.at(low[axis], label, at[axis])
        np.maximum.at(high[axis], label, at[axis])
    thick = np.zeros(count, np.float32)
    np.maximum.at(thick, label, depth)
    return _Pieces(
        (rows, columns), label, low.T.copy(), high.T.copy(), np.stack(at, axis=1), thick, found.shape
    )


def _letters(pieces: _Pieces, frame: Frame, cut: Zone) -> NDArray[np.bool_]:
    """Which pieces are surely letters."""
    size = pieces.high[:, 1] - pieces.low[:, 1] + 1
    fitting = (size >= _LETTER[0] * frame.height) & (size <= _LETTER[1] * frame.height)
    at_border = np.bincount(pieces.label[cut[pieces.pixels]], minlength=len(size)) > 0
    letters = _crossing(pieces, frame) & fitting & ~at_border
    letters &= _filling(pieces, letters)
    return letters & (_boxed(pieces, frame) | _aligned(pieces, letters & _boxed(pieces, frame), frame))


def _crossing(pieces: _Pieces, frame: Frame) -> NDArray[np.bool_]:
    """Which pieces cross the middle as letters do: letters, and letters run together with what is behind."""
    band = _MIDDLE * frame.height
    size = pieces.high[:, 1] - pieces.low[:, 1] + 1
    return np.asarray(
        (pieces.low[:, 1] <= band) & (pieces.high[:, 1] >= -band) & (size >= _LETTER[0] * frame.height)
    )


def _covered(pieces: _Pieces, lead: NDArray[np.bool_], frame: Frame) -> float:
    """Share of the line's length that pieces cover."""
    low, high = np.clip(
        np.stack([pieces.low[lead, 0], pieces.high[lead, 0]]), -frame.length / 2, frame.length / 2
    )
    order = np.argsort(low, kind="stable")
    reached = np.maximum.accumulate(np.append(-np.inf, high[order]))
    return float(np.maximum(high[order] - np.maximum(low[order], reached[:-1]), 0).sum() / frame.length)


def _filling(pieces: _Pieces, letters: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which pieces fill at least half of the band between most letters' tops and feet."""
    if not letters.any():
        return letters
    top, foot = float(np.median(pieces.low[letters, 1])), float(np.median(pieces.high[letters, 1]))
    shared = np.minimum(pieces.high[:, 1], foot) - np.maximum(pieces.low[:, 1], top)
    return np.asarray(shared >= 0.5 * (foot - top))


def _tilt(pieces: _Pieces, letters: NDArray[np.bool_], frame: Frame) -> float:
    """Slope of the letters' line against the box's, by Theil and Sen's median over pairs; 0 with too few to tell."""
    if letters.sum() < 5:
        return 0.0
    low, high = pieces.low[letters], pieces.high[letters]
    place = (low[:, 0] + high[:, 0]) / 2
    first, second = np.triu_indices(len(place), 1)
    step = place[second] - place[first]
    apart = np.abs(step) > 0.3 * frame.length
    if apart.sum() < 4:
        return 0.0
    slopes = [
        float(np.median((edge[second] - edge[first])[apart] / step[apart]))
        for edge in (low[:, 1], high[:, 1])
    ]
    tilt = min(slopes, key=abs) if slopes[0] * slopes[1] > 0 else 0.0
    return tilt if abs(tilt) <= _ASKEW else 0.0


def _boxed(pieces: _Pieces, frame: Frame) -> NDArray[np.bool_]:
    """Which pieces begin and end in the reader's box, but for what a letter cut by it sticks out."""
    half = np.float32(frame.length / 2)
    return np.asarray((pieces.low[:, 0] <= half) & (pieces.high[:, 0] >= -half))


def _aligned(pieces: _Pieces, letters: NDArray[np.bool_], frame: Frame) -> NDArray[np.bool_]:
    """Which pieces stand on the letters' line and are as high and as thick as they."""
    if letters.sum() < 2:
        return np.zeros_like(letters)
    usual = float(np.median(pieces.thick[letters]))
    size = pieces.high[:, 1] - pieces.low[:, 1]
    slack = _UNEVEN * frame.height
    top, foot = float(pieces.low[letters, 1].min()) - slack, float(pieces.high[letters, 1].max()) + slack
    level = (pieces.low[:, 1] >= top) & (pieces.high[:, 1] <= foot) & _filling(pieces, letters)
    level &= size >= float(size[letters].min()) - 1
    return np.asarray(level & (pieces.thick >= _THICK * usual) & (pieces.thick <= usual / _THICK**2))


def _extent(pieces: _Pieces, letters: NDArray[np.bool_], frame: Frame) -> tuple[Values, Values]:
    """Where the text lies along and across: what the letters span, within what the box may be off."""
    half = np.array([frame.length, frame.height], np.float32) / 2
    slack = np.float32(_SLACK * frame.height)
    room = np.array([_LOOSE_ENDS, _LOOSE], np.float32) * np.float32(frame.height) * bool(frame.text)
    limit = half[1] - np.float32(_TIGHT * frame.height) * bool(frame.text)
    if not letters.any():
        most = np.array([half[0], limit], np.float32) + slack
        return -most, most
    low, high = pieces.low[letters].min(axis=0), pieces.high[letters].max(axis=0)
    low[1] = -_farthest(-pieces.low[letters, 1], limit, not frame.upright)
    low[1] = low[1] if frame.ascends else min(low[1], -limit)
    high[1] = _farthest(pieces.high[letters, 1], limit, frame.descends)
    return np.minimum(low - slack, room - half), np.maximum(high + slack, half - room)


def _farthest(edges: Values, limit: np.float32, may_alone: bool) -> np.float32:
    """How far letters reach to one side of the line. What goes beyond `limit` alone has something else attached."""
    beyond = int((edges > limit).sum())
    if beyond >= max(3, _SEVERAL * len(edges)):
        return np.float32(edges.max())
    if may_alone or beyond == len(edges):
        return np.float32(min(edges.max(), limit))
    return np.float32(edges[edges <= limit].max())


def _near(
    pieces: _Pieces,
    letters: NDArray[np.bool_],
    lead: NDArray[np.bool_],
    within: NDArray[np.bool_],
    frame: Frame,
) -> NDArray[np.bool_]:
    """Which pixels are of letters, of what crosses the middle as letters do, or of what belongs to either."""
    sure = pieces.drawn(within & lead[pieces.label])
    rows, columns = pieces.pixels
    view = slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)
    open_ground = (~sure[view]).astype(np.uint8)
    distance = cv2.distanceTransform(open_ground, cv2.DIST_L2, 3)[rows - rows.min(), columns - columns.min()]
    clearance = np.full(len(letters), np.inf, np.float32)
    np.minimum.at(clearance, pieces.label[within], distance[within])
    usual = float(np.median(pieces.thick[letters]))
    below = (pieces.low[:, 1] > float(np.median(pieces.high[letters, 1]))) & frame.upright
    bit = (pieces.thick < _THICK * (usual - 1)) | below
    stands_off = np.maximum(np.where(bit, _FRAGMENT, _SATELLITE) * frame.height, _GAP)
    farthest = np.where(below, _FRAGMENT, _FARTHEST) * frame.height
    farthest[~lead & (clearance > stands_off)] = 0
    farthest[lead | _alone(pieces, lead, frame) | (_parts(pieces, letters, frame) & ~below)] = np.inf
    return np.asarray(distance <= farthest[pieces.label])


def _parts(pieces: _Pieces, letters: NDArray[np.bool_], frame: Frame) -> NDArray[np.bool_]:
    """Which pieces may be parts of letters that are made of several, as Han signs are: in the line, and of its strokes."""
    usual = float(np.median(pieces.thick[letters]))
    low, high = pieces.low[letters].min(axis=0), pieces.high[letters].max(axis=0)
    low[0], high[0] = min(low[0], -frame.length / 2), max(high[0], frame.length / 2)
    slack = _SLACK * frame.height
    held = ((pieces.low >= low - slack) & (pieces.high <= high + slack)).all(axis=1)
    held &= (pieces.thick >= _THICK * usual) & (pieces.thick <= usual / _THICK)
    held[0] = False
    return np.asarray(held)


def _alone(pieces: _Pieces, lead: NDArray[np.bool_], frame: Frame) -> NDArray[np.bool_]:
    """Which pieces have no letter above, below or right beside them: they may be bits of one that was not made out."""
    reach = _BESIDE * frame.height
    begin, end = (pieces.low[lead, 0] - reach)[None], (pieces.high[lead, 0] + reach)[None]
    beside = ((pieces.high[:, :1] >= begin) & (pieces.low[:, :1] <= end)).any(axis=1)
    first, last = _ends(pieces, lead, frame)
    alone = ~beside & (pieces.high[:, 0] >= first) & (pieces.low[:, 0] <= last)
    alone[0] = False
    return np.asarray(alone)


def _ends(pieces: _Pieces, lead: NDArray[np.bool_], frame: Frame) -> tuple[float, float]:
    """Where the text begins and ends: at its first and last letter, or with the box where there is room for one more."""
    half = frame.length / 2
    first, last = float(pieces.low[lead, 0].min()), float(pieces.high[lead, 0].max())
    letter = frame.length / frame.letters if frame.letters else 0.6 * frame.height
    room = 0.2 * frame.height + 0.8 * letter
    return first if first + half <= room else -half, last if half - last <= room else half
