"""Finds for each patch over a hole the known patch most like it, and completes one level of the picture with them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.classical.exemplar_patches import RADIUS, SIDE, descriptors
from model_registry.engines.classical.exemplar_pyramid import Level
from model_registry.engines.classical.exemplar_quilt import Quilt
from model_registry.engines.classical.exemplar_vote import Lattice, voted, votes

Floats = NDArray[np.float32]
Places = NDArray[np.intp]

_PASSES = (3, 6, 8, 8)
"""Rounds of searching and voting at full size, at half and at a quarter of it, and below."""
_SEAMS = 2
"""Rounds after a quilt, whose seams alone need any: more would wear its pieces down."""

_EXHAUSTIVE = 4_000_000
"""Pairs of patches up to which all are compared in the first round of a level."""
_COHERENT = 0.15
"""A neighbour's likeness, continued, is taken when it is worse by no more than this share."""
_STEPS = (8, 4, 1)
"""How far away, in steps of the lattice, the neighbours are whose likenesses are continued."""
_REACH = 16
"""Of the widest random trial around the likeness found so far, px; each further one reaches half as far, then again."""
_NEAR = 0.003
"""How much each px between a patch and its likeness counts beside a coefficient: of two alike the nearer is taken."""
_MANY = 1500
"""Pixels of a hole from which on only every second patch in each direction is searched for, as always at full size."""
_BUSY = np.float32(12.0)
"""How much texture counts beside a patch's coefficients."""
_STANDING = 4
"""Columns of a table that stay as they are in every pass: texture and place."""
_OUT = np.float32(1e3)
"""Coefficients of a patch that must not be copied from: unlike any other."""


@dataclass(frozen=True, slots=True)
class Search:
    """The random numbers of one fill, and how many trials a patch has in each pass."""

    random: np.random.Generator
    samples: int


@dataclass(slots=True)
class Field:
    """Likeness found so far: for each patch of the lattice, where it is copied from, and how unlike that is."""

    lattice: Lattice
    source: Places
    unlike: Floats


def complete(
    image: Floats, level: Level, depth: int, coarser: Field | None, search: Search, quilt: Quilt | None = None
) -> tuple[Floats, Field | None]:
    """`image` (H×W×3, its hole filled somehow) with the hole made of known patches, and the field they came from. Where no
    patch is known, the image as it is and the coarser field lost. quilt: what the image's hole was pieced together of; it is
    gone on with in place of a coarser field, and only its seams are worked on."""
    known = _padded(level.hole, True)
    usable = cv2.erode((~known).astype(np.uint8), np.ones((SIDE, SIDE), np.uint8)).astype(bool)
    places = np.flatnonzero(usable)
    if not len(places):
        return image, None
    lattice = Lattice.over(level, 2 if depth == 0 or np.count_nonzero(level.hole) > _MANY else 1)
    canvas = _mirrored(image)
    table = np.column_stack([descriptors(canvas), _standing(canvas, level, depth)])
    wanted, offered = table[lattice.places], table
    offered[~usable.ravel()] = _OUT
    start = _start(lattice, coarser, places, search)
    if quilt is not None:
        start = _of_pieces(lattice, quilt, usable.ravel(), start)
    field = Field(lattice, start, _unlike(offered, wanted, start))
    pixels = votes(canvas)
    for turn in range(_PASSES[min(depth, len(_PASSES) - 1)] if quilt is None else _SEAMS):
        if turn:
            wanted[:, :-_STANDING] = lattice.described(canvas)
            field.unlike = _unlike(offered, wanted, field.source)
        _search(field, wanted, offered, places, turn == 0 and quilt is None, search)
        made = voted(canvas, pixels, lattice, field.source, field.unlike, wanted, offered)
        canvas = _mirrored(made[RADIUS:-RADIUS, RADIUS:-RADIUS])
    return np.ascontiguousarray(canvas[RADIUS:-RADIUS, RADIUS:-RADIUS]), field


def _standing(canvas: Floats, level: Level, depth: int) -> Floats:
    """What is compared beside the coefficients and stays as it is in every pass: texture, and the place itself."""
    h, w = canvas.shape[:2]
    busy = _mirrored(level.texture).reshape(-1, 2) * _BUSY
    down, across = (np.arange(size, dtype=np.float32) * np.float32(_NEAR * 2**depth) for size in (h, w))
    return np.column_stack([busy, np.repeat(down, w), np.tile(across, h)])


def _padded(area: NDArray[np.bool_], value: bool) -> NDArray[np.bool_]:
    return np.pad(area, RADIUS, constant_values=value)


def _mirrored(image: Floats) -> Floats:
    return np.asarray(cv2.copyMakeBorder(image, RADIUS, RADIUS, RADIUS, RADIUS, cv2.BORDER_REFLECT_101))


def _start(lattice: Lattice, coarser: Field | None, places: Places, search: Search) -> Places:
    """Twice the coarser level's places, each patch going on with those of the one it lies under or beside; any known patch where
    none was."""
    anywhere = places[search.random.integers(0, len(places), len(lattice.places))]
    if coarser is None:
        return anywhere
    above = coarser.lattice
    down, across = lattice.rows // 2, lattice.columns // 2
    beside = down % above.stride, across % above.stride
    under = (down - beside[0] + RADIUS) * above.width + across - beside[1] + RADIUS
    patch = above.index.take(under, mode="clip")
    source = coarser.source[np.maximum(patch, 0)]
    rows = 2 * (source // above.width - RADIUS + beside[0]) + lattice.rows % 2
    columns = 2 * (source % above.width - RADIUS + beside[1]) + lattice.columns % 2
    doubled = (rows + RADIUS) * lattice.width + columns + RADIUS
    return np.where(patch < 0, anywhere, doubled)


def _of_pieces(lattice: Lattice, quilt: Quilt, usable: NDArray[np.bool_], start: Places) -> Places:
    """Each patch from where the piece under its middle came from; as `start` has it where none is, or no whole patch there."""
    down, across = quilt.offset[lattice.rows, lattice.columns].T
    source = np.clip(lattice.places + down * lattice.width + across, 0, len(usable) - 1)
    return np.where(usable[source] & quilt.laid[lattice.rows, lattice.columns], source, start)


def _search(
    field: Field, wanted: Floats, offered: Floats, places: Places, first: bool, search: Search
) -> None:
    """One pass: all places where those are few, else random ones; then the neighbours'."""
    size, wide = len(field.source), field.lattice.width
    if first and size * len(places) <= _EXHAUSTIVE:
        _take(field, wanted, offered, _nearest(wanted, offered, places), 1.0)
    else:
        for trial in range(search.samples):
            reach = max(_REACH >> (trial % 4), 2)
            rows, columns = search.random.integers(-reach, reach + 1, (2, size))
            _take(field, wanted, offered, field.source + rows * wide + columns, 1.0)
        _take(field, wanted, offered, places[search.random.integers(0, len(places), size)], 1.0)
    _continue(field, wanted, offered)


def _nearest(wanted: Floats, offered: Floats, places: Places) -> Places:
    """For each patch the most like of all: |a − b|² less |a|² is one product of matrices."""
    there = offered[places]
    lengths = np.einsum("ij,ij->i", there, there)
    table = np.column_stack([there, lengths]).astype(np.float32)
    asked = np.column_stack([-2 * wanted, np.ones(len(wanted), np.float32)])
    return np.asarray(places[(asked @ table.T).argmin(axis=1)])


def _continue(field: Field, wanted: Floats, offered: Floats) -> None:
    """Offer each patch the continuation of its four neighbours' likenesses."""
    for steps in _STEPS:
        for beside, back in field.lattice.neighbours(steps):
            _take(field, wanted, offered, field.source[beside] + back, 1 + _COHERENT)


def _take(field: Field, wanted: Floats, offered: Floats, source: Places, within: float) -> None:
    """Change to `source` wherever it is less unlike than what is there, times `within`; ties change nothing."""
    source = np.minimum(np.maximum(source, 0), len(offered) - 1)
    other = np.flatnonzero(source != field.source)
    if 2 * len(other) < len(source):
        asked, tried, now = wanted[other], source[other], field.unlike[other]
    else:
        other, asked, tried, now = np.arange(len(source)), wanted, source, field.unlike
    unlike = _unlike(offered, asked, tried)
    better = unlike < now * within
    changed = other[better]
    field.source[changed] = tried[better]
    field.unlike[changed] = unlike[better]


def _unlike(offered: Floats, wanted: Floats, source: Places) -> Floats:
    """Squared distances of descriptors."""
    apart = offered.take(source, axis=0, mode="clip")
    apart -= wanted
    return np.asarray(np.einsum("ij,ij->i", apart, apart))
