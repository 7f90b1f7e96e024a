"""Where a line's letters stand: what has the ink's colour but lies beyond them is not of the text."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Zone
from tasks.detection.strokes_axis import line_size

_LOOSE = 0.3
"""How much room a reader's box leaves at the most on each side of the ink, in heights of the box. On 57 rendered lines:
0.1 to 0.26 before and after the text, 0.04 to 0.23 above and below, shadows and cut-off letters left out."""
_LOOSE_ENDS = 0.12
_MIDDLE = 0.15
"""Half the band around the middle of the box that any letter crosses, in heights of the box."""
_LETTER = (0.25, 1.15)
"""Size of a letter across the line, in heights of the box."""
_SATELLITE = 0.18
"""How far dots, accents, quotes and commas may stand off a letter, in heights of the box."""
_ON_THE_LINE = frozenset("ABCDEFGHIJKLMNOPRSTUVWXYZ0123456789abcdefhiklmnorstuvwxz .-+%:!?'\"*=&©®°")
"""What stands on the line; letters of which nothing is known may reach below."""
_MADE_OUT = 0.0
_TIGHT = 0.07
_SEVERAL = 0.2
_FRAGMENT = 0.07
"""The same of what is thinner than a letter's strokes: bits of letters that came off."""
_THICK = 0.5
_BESIDE = 0.15
_SLACK = 0.03
"""What is granted beyond the letters found, in heights of the box: soft rims."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The box a reader drew around a text line, in a crop."""

    middle: tuple[float, float]
    """x, y."""
    along: tuple[float, float]
    """Unit vector of the longer side, x, y."""
    length: float
    height: float
    """px, along and across."""
    text: str = ""
    """As read; empty where that is not known."""

    @property
    def letters(self) -> int:
        """How many letters and signs were read."""
        return len("".join(self.text.split()))

    @property
    def descends(self) -> bool:
        """Whether a letter may reach below the others' foot."""
        return not self.text or not set(self.text) <= _ON_THE_LINE

    def turned(self, slope: float) -> Frame:
        """The same box turned about its middle by a slope across a step along."""
        x, y = self.along[0] - slope * self.along[1], self.along[1] + slope * self.along[0]
        norm = float(np.hypot(x, y))
        return replace(self, along=(x / norm, y / norm))

    def places(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> tuple[Values, Values]:
        """Of pixels, the place along and across the line, from its middle, px."""
        x = columns.astype(np.float32) - np.float32(self.middle[0])
        y = rows.astype(np.float32) - np.float32(self.middle[1])
        ux, uy = np.float32(self.along[0]), np.float32(self.along[1])
        return x * ux + y * uy, y * ux - x * uy


Values = NDArray[np.float32]


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
    image: NDArray[np.int32]
    thick: Values
    """Half the greatest width of each piece, px."""


def frame_of(corners: NDArray[np.float64], origin: tuple[int, int], text: str) -> Frame:
    """corners: 4×2 x,y clockwise; origin: x, y of the crop's corner in the picture."""
    sides = (corners[1] - corners[0] + corners[2] - corners[3]) / 2, (corners[3] - corners[0] + corners[2] - corners[1]) / 2
    long, short = sorted(sides, key=lambda side: -float(np.linalg.norm(side)))
    length = max(float(np.linalg.norm(long)), 1.0)
    x, y = corners.mean(axis=0) - np.array(origin) - 0.5
    way = long / length
    height = max(abs(float(way[0] * short[1] - way[1] * short[0])), 1.0)
    return Frame((float(x), float(y)), (float(way[0]), float(way[1])), length, height, text)


def frame_around(inside: Zone) -> Frame:
    """The smallest rectangle around a line's polygon."""
    rows, columns = np.nonzero(inside)
    (x, y), (w, h), angle = cv2.minAreaRect(np.stack([columns, rows], axis=1).astype(np.float32))
    turn = np.deg2rad(angle if w >= h else angle + 90)
    length, height = line_size(inside)
    return Frame((float(x), float(y)), (float(np.cos(turn)), float(np.sin(turn))), length, height)


def text_body(found: Zone, cut: Zone, frame: Frame) -> tuple[Zone, Zone]:
    """What of the ink found is of the text, and the rectangle that the text fills, both H×W.

    found: ink by its colour; cut: pixels at the border of the ground
    looked at. Letters are the pieces that cross the middle of the line, of a letter's size and not cut. Nothing is kept
    above, below, before or after them, within what a reader's box may be off; nor small pieces that stand off them."""
    pieces = _pieces(found, frame)
    if pieces is None:
        return found, np.ones_like(found)
    letters = _letters(pieces, frame, cut)
    tilt = _tilt(pieces, letters, frame)
    if tilt:
        frame = frame.turned(tilt)
        pieces = _pieces(found, frame)
    low, high = _extent(pieces, letters, frame)
    within = ((pieces.at >= low) & (pieces.at <= high)).all(axis=1)
    if letters.sum() >= max(1, _MADE_OUT * frame.letters) and frame.length >= 1.5 * frame.height:
        within &= _near(pieces, letters, within, frame)
    out = np.zeros_like(found)
    out[pieces.pixels[0][within], pieces.pixels[1][within]] = True
    return out, _rectangle(found.shape, low, high, frame)


def _rectangle(size: tuple[int, ...], low: Values, high: Values, frame: Frame) -> Zone:
    along, across = frame.places(*np.ogrid[: size[0], : size[1]])
    return np.asarray((along >= low[0]) & (along <= high[0]) & (across >= low[1]) & (across <= high[1]))


def _pieces(found: Zone, frame: Frame) -> _Pieces | None:
    count, image = cv2.connectedComponents(found.astype(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    if count < 2:
        return None
    rows, columns = np.nonzero(found)
    label = image[rows, columns].astype(np.intp)
    at = np.stack(frame.places(rows, columns), axis=1)
    low, high = np.full((count, 2), np.inf, np.float32), np.full((count, 2), -np.inf, np.float32)
    np.minimum.at(low, label, at)
    np.maximum.at(high, label, at)
    thick = np.zeros(count, np.float32)
    depth = cv2.distanceTransform(found.astype(np.uint8), cv2.DIST_L2, 3)
    np.maximum.at(thick, label, depth[rows, columns])
    return _Pieces((rows, columns), label, low, high, at, np.asarray(image, np.int32), thick)


def _letters(pieces: _Pieces, frame: Frame, cut: Zone) -> NDArray[np.bool_]:
    """Which pieces are surely letters."""
    band = _MIDDLE * frame.height
    crossing = (pieces.low[:, 1] <= band) & (pieces.high[:, 1] >= -band)
    size = pieces.high[:, 1] - pieces.low[:, 1] + 1
    fitting = (size >= _LETTER[0] * frame.height) & (size <= _LETTER[1] * frame.height)
    at_border = np.bincount(pieces.label[cut[pieces.pixels]], minlength=len(size)) > 0
    letters = crossing & fitting & ~at_border
    return letters & (_boxed(pieces, frame) | _aligned(pieces, letters & _boxed(pieces, frame), frame))


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
    slopes = [float(np.median((edge[second] - edge[first])[apart] / step[apart])) for edge in (low[:, 1], high[:, 1])]
    return min(slopes, key=abs) if slopes[0] * slopes[1] > 0 else 0.0


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
    base, least = float(np.median(pieces.high[letters, 1])), float(size[letters].min())
    top = float(pieces.low[letters, 1].min())
    slack = 0.15 * frame.height
    level = (np.abs(pieces.high[:, 1] - base) <= slack) & (pieces.low[:, 1] >= top - slack) & (size >= least - 1)
    return np.asarray(level & (pieces.thick >= 0.5 * usual) & (pieces.thick <= 4 * usual))


def _extent(pieces: _Pieces, letters: NDArray[np.bool_], frame: Frame) -> tuple[Values, Values]:
    """Where the text lies along and across: what the letters span, within what the box may be off."""
    half = np.array([frame.length, frame.height], np.float32) / 2
    slack = np.float32(_SLACK * frame.height)
    room = np.array([_LOOSE_ENDS, _LOOSE], np.float32) * np.float32(frame.height)
    limit = half[1] - np.float32(_TIGHT * frame.height)
    if not letters.any():
        return np.array([-half[0], -limit], np.float32) - slack, np.array([half[0], limit], np.float32) + slack
    low, high = pieces.low[letters].min(axis=0), pieces.high[letters].max(axis=0)
    low[1] = -_farthest(-pieces.low[letters, 1], limit, False)
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


def _near(pieces: _Pieces, letters: NDArray[np.bool_], within: NDArray[np.bool_], frame: Frame) -> NDArray[np.bool_]:
    """Which pixels are of letters, of what crosses the middle as letters do, or of what belongs to either."""
    band = _MIDDLE * frame.height
    size = pieces.high[:, 1] - pieces.low[:, 1] + 1
    crossing = (pieces.low[:, 1] <= band) & (pieces.high[:, 1] >= -band) & (size >= _LETTER[0] * frame.height)
    lead = letters | crossing
    lead[0] = False
    sure = np.zeros(pieces.image.shape, np.uint8)
    mine = within & lead[pieces.label]
    sure[pieces.pixels[0][mine], pieces.pixels[1][mine]] = 1
    distance = cv2.distanceTransform(1 - sure, cv2.DIST_L2, 3)[pieces.pixels]
    clearance = np.full(len(letters), np.inf, np.float32)
    np.minimum.at(clearance, pieces.label[within], distance[within])
    usual = float(np.median(pieces.thick[letters]))
    below = pieces.low[:, 1] > float(np.median(pieces.high[letters, 1]))
    bit = (pieces.thick < _THICK * usual) | below
    stands_off = np.where(bit, _FRAGMENT, _SATELLITE) * frame.height
    return np.asarray((lead | (clearance <= stands_off) | _alone(pieces, lead, frame))[pieces.label])


def _alone(pieces: _Pieces, lead: NDArray[np.bool_], frame: Frame) -> NDArray[np.bool_]:
    """Which pieces have no letter above, below or right beside them: they may be bits of one that was not made out."""
    reach = _BESIDE * frame.height
    begin, end = (pieces.low[lead, 0] - reach)[None], (pieces.high[lead, 0] + reach)[None]
    beside = (pieces.high[1:, :1] >= begin) & (pieces.low[1:, :1] <= end)
    return np.append(False, ~beside.any(axis=1))
