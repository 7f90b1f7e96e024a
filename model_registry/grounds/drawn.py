"""Explains drawn grounds exactly: user interfaces, flat colours, borders, stripes, ramps, ordered dither.

The ground is explained by the pixels around the hole, which must all be as the explanation says; then the hole's are too.
Two explanations are tried: rows and columns that repeat (`twins`), and a ramp in any direction or around a point
(`ramps`). The first is followed where it is of one mind. Where twins disagree, a ramp that explains all of the
known pixels goes before them, and without one the nearest twin is followed.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage  # type: ignore[import-untyped]

from model_registry.engines.contract import Hole, Pixels
from model_registry.grounds.ramps import Floats, round_ramp, straight_ramp
from model_registry.grounds.twins import Codes, Flags, between, by_twins

LOOKS = ((16, 10), (8, 8), (4, 6))
"""How far around a piece of the hole its ground is looked at, px, and how many pixels twins must share; far first: more is
known there; near where something else comes in."""
RING = 8
"""Width, px, of the ring that a ramp must explain."""
LARGEST = 2048
"""Longest side of a piece of the hole that is looked at, px: the work grows with its cube."""
_JOIN = 3
_SMOOTH = 4
"""Levels of 255: neighbours on a ramp differ by no more."""
_FEWEST = 32
_TORN = 0.02
"""Share of a hole on which twins may disagree: where one line meets another."""
_WRONG = 0.01
"""Share of the pixels next to the hole that may be otherwise than explained: the ends of things drawn on the ground."""
_REMNANT = 0.05
"""Share of a hole that may be left to be closed between equal ends."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A drawn ground, as far as it could be explained."""

    pixels: Pixels
    """H×W×C: the picture with every explained pixel of the hole put right."""
    explained: Hole
    """H×W: pixels of the hole whose value follows from those around."""
    torn: Hole
    """H×W: explained, but differently from different sides; the nearest was followed."""
    ramp: bool = False
    """Explained by a ramp, whose rounding may be a level off where it nearly rounds the other way."""


def is_synthetic(image: Pixels, hole: Hole) -> bool:
    """Whether the ground around a hole is drawn: the hole, and the pixels next to it, follow exactly from those around.

    Those next to it are known, so the explanation is put to the test: photographs and error-diffusion dither fail it.
    Pieces of the hole that the picture's edge cuts do not count where there are others: a neighbour's, as a rule."""
    judged = _judged(hole)
    if not judged.any() or not _might_be_drawn(image, hole):
        return False
    wider = _grown(hole, 1)
    ground = explain(image, wider)
    edge = _grown(judged, 1) & ~hole
    if not ground.explained[judged].all() or ground.torn[judged].mean() > _TORN:
        return False
    wrong = ~ground.explained | (ground.pixels != image).any(axis=-1)
    return not edge.any() or float(wrong[edge].mean()) <= _WRONG


def best_ground(image: Pixels, hole: Hole) -> Ground:
    """`explain`; where that leaves doubt and the hole's edge seems stained, the pixels next to the hole are not relied on."""
    ground = explain(image, hole)
    for by in (1, 2):
        if _sure(ground, hole):
            break
        again = explain(image, _grown(hole, by))
        if _sure(again, hole):
            pixels = np.where(hole[..., None], again.pixels, image)
            return Ground(pixels, again.explained & hole, again.torn & hole)
    return ground


def _sure(ground: Ground, hole: Hole) -> bool:
    return (
        bool(ground.explained[hole].all()) and float(ground.torn[hole].mean()) <= _TORN
        if hole.any()
        else True
    )


def _grown(hole: Hole, by: int) -> Hole:
    side = 2 * by + 1
    return np.asarray(cv2.dilate(hole.astype(np.uint8), np.ones((side, side), np.uint8)) > 0)


def explain(image: Pixels, hole: Hole) -> Ground:
    """What the hole holds if the ground is drawn. image: H×W×C float32 0–1, hole: H×W; its old content is not looked at."""
    pixels = image.copy()
    explained, torn = np.zeros(hole.shape, np.bool_), np.zeros(hole.shape, np.bool_)
    if hole.any() and not hole.all():
        box = _window(_extent(hole), LOOKS[0][0], hole.shape)[0]
        ramp = _explain_box(image[box], hole[box], pixels[box], explained[box], torn[box])
        return Ground(pixels, explained, torn, ramp)
    return Ground(pixels, explained, torn)


def _extent(hole: Hole) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _explain_box(image: Pixels, hole: Hole, pixels: Pixels, explained: Hole, torn: Hole) -> bool:
    """`explain`, written into the last three; whether by a ramp."""
    if hole.all():
        return False
    codes, colours = _coded(image, hole)
    for piece, box in _pieces(hole):
        _twin_piece(codes, hole, piece, box, explained, torn)
    if torn.any() or (hole & ~explained).any():
        ramp = _ramp(image, hole)
        if ramp is not None:
            pixels[hole] = ramp
            explained[hole], torn[hole] = True, False
            return True
        rest = hole & ~explained
        if rest.sum() <= _REMNANT * hole.sum():
            explained |= rest & between(codes)
    pixels[explained] = colours[codes[explained]]
    return False


def _coded(image: Pixels, hole: Hole) -> tuple[Codes, Pixels]:
    """Each known colour's rank, H×W (-1 in the hole), and the colours by rank."""
    known = image[~hole]
    levels = np.rint(known * np.float32(65535)).astype(np.int64)
    keys = np.zeros(len(levels), np.int64)
    for channel in range(levels.shape[1]):
        keys = keys * 65536 + levels[:, channel]
    _, first, ranks = np.unique(keys, return_index=True, return_inverse=True)
    codes = np.full(hole.shape, -1, np.int64)
    codes[~hole] = ranks
    return codes, known[first]


def _pieces(hole: Hole) -> list[tuple[Hole, tuple[slice, slice]]]:
    """Connected pieces of the hole, near ones together, each with its bounding box."""
    kernel = np.ones((2 * _JOIN + 1, 2 * _JOIN + 1), np.uint8)
    joined = cv2.dilate(hole.astype(np.uint8), kernel)
    count, labels, _, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    found = ndimage.find_objects(np.where(hole, labels, 0), max_label=count - 1)
    return [(labels[box] == label, box) for label, box in enumerate(found, start=1) if box is not None]


def _twin_piece(
    codes: Codes, hole: Hole, piece: Hole, box: tuple[slice, slice], explained: Flags, torn: Flags
) -> None:
    """Write what twins say of one piece into `codes`, `explained` and `torn`."""
    if max(piece.shape) > LARGEST:
        return
    left = hole[box] & piece
    for margin, need in LOOKS:
        window, inner = _window(box, margin, hole.shape)
        missing = np.zeros((window[0].stop - window[0].start, window[1].stop - window[1].start), np.bool_)
        missing[inner] = left
        said = by_twins(codes[window], ~hole[window], missing, need)
        found = said.codes[inner] >= 0
        codes[box][found] = said.codes[inner][found]
        explained[box] |= found
        torn[box] |= found & said.torn[inner]
        left = left & ~found
        if not left.any():
            return


def _window(
    box: tuple[slice, slice], margin: int, shape: tuple[int, ...]
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """The box grown by `margin` within the picture, and the box inside it."""
    outer, inner = [], []
    for side, size in zip(box, shape, strict=True):
        start = max(side.start - margin, 0)
        outer.append(slice(start, min(side.stop + margin, size)))
        inner.append(slice(side.start - start, side.stop - start))
    return (outer[0], outer[1]), (inner[0], inner[1])


def _ramp(image: Pixels, hole: Hole) -> Pixels | None:
    """The hole's pixels when a ramp explains what is known, or at least the ring around the hole; None otherwise."""
    ring = _grown(hole, RING) & ~hole
    if np.count_nonzero(ring) < _FEWEST or not _is_smooth(image, ring):
        return None
    levels = _levels(image[~hole])
    wanted = np.argwhere(hole).astype(np.float64)
    for place in (~hole, ring) if _is_smooth(image, ~hole) else (ring,):
        values = np.rint(image[place].astype(np.float64) * levels)
        made = _ramp_values(np.argwhere(place).astype(np.float64), values, wanted)
        if made is not None:
            return np.asarray((np.clip(made, 0, levels) / levels).astype(np.float32))
    return None


def _ramp_values(places: Floats, values: Floats, wanted: Floats) -> Floats | None:
    """The levels at `wanted`, M×C; channels that are alike are worked out once."""
    columns = range(values.shape[1])
    first = [next(d for d in columns if (values[:, c] == values[:, d]).all()) for c in columns]
    unlike = sorted(set(first))
    for ramp in (straight_ramp, round_ramp):
        made = ramp(places, values[:, unlike], wanted)
        if made is not None:
            return np.asarray(made[:, [unlike.index(c) for c in first]])
    return None


def _levels(known: Pixels) -> int:
    """255, or 65535 when some known pixel lies between the levels of 8 bits."""
    scaled = known * np.float32(255)
    return 255 if float(np.abs(scaled - np.rint(scaled)).max(initial=0)) < 1e-3 else 65535


def _is_smooth(image: Pixels, ring: Hole) -> bool:
    limit = _SMOOTH / 255
    for axis in (0, 1):
        pixels, on = np.moveaxis(image, axis, 0), np.moveaxis(ring, axis, 0)
        both = on[1:] & on[:-1]
        if both.any() and float(np.abs(pixels[1:] - pixels[:-1])[both].max()) > limit:
            return False
    return True


def _judged(hole: Hole) -> Hole:
    count, labels = cv2.connectedComponents(hole.astype(np.uint8), connectivity=8)
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    cut = np.zeros(count, np.bool_)
    cut[edge] = True
    whole = hole & ~cut[labels]
    return np.asarray(whole if whole.any() else hole)


def _might_be_drawn(image: Pixels, hole: Hole) -> bool:
    """A cheap look at the ring: half of it repeats a near pixel exactly, or it is as smooth as a ramp."""
    ring = _grown(hole, RING) & ~hole
    if np.count_nonzero(ring) < _FEWEST:
        return False
    same = np.zeros(hole.shape, np.bool_)
    for axis in (0, 1):
        pixels, known, out = (np.moveaxis(a, axis, 0) for a in (image, ~hole, same))
        for step in (1, 2, 4, 8):
            again = (pixels[step:] == pixels[:-step]).all(axis=-1)
            out[step:] = out[step:] | (again & known[:-step])
    return float(same[ring].mean()) >= 0.5 or _is_smooth(image, ring)
