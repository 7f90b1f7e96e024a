"""Makes the pixels of a hole the average of what the patches over them would have there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.classical.exemplar_patches import RADIUS, SIDE, descriptors, mean_shift
from model_registry.engines.classical.exemplar_pyramid import Level

Floats = NDArray[np.float32]
Places = NDArray[np.intp]

_MOST_SHIFT = 0.5
"""By which the mean of a copied patch may change, per opponent channel: a form is worth copying on another shade too."""
_TRUST = 1.5
"""By this factor a patch counts less for each px that its middle lies from the known pixels."""
_FLOOR = 0.02
"""Of the median unlikeness, added to each, so that no patch alone decides."""

_MIDDLE = 1.5
"""At full size a patch counts less for pixels away from its middle: sigma, px. What it says there it was not chosen for."""

_AT_ONCE = 1024
"""Pixels of the hole that are voted on together: their votes stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Lattice:
    """The patches of one level that are searched for: every one over the hole, or every second in each direction. Places
    are indices into the rows, laid end to end, of the level's picture grown by RADIUS on each side."""

    width: int
    """Of the grown picture."""
    stride: int
    rows: Places
    """Of the patches' middles in the level's own picture."""
    columns: Places
    places: Places
    index: NDArray[np.int32]
    """Per place the number of the patch there; -1 where none is."""
    trust: Floats
    """Per patch, 0–1."""
    groups: tuple[tuple[Places, Places, Floats], ...]
    """The hole's pixels, some at a time (1×N), the offsets to the patches over them (M×1), and how much a patch's word counts
    at each of those (M×1)."""

    @classmethod
    def over(cls, level: Level, stride: int) -> Lattice:
        """All patches that reach into the hole; at coarse levels also those that the finer level will ask for."""
        h, w = level.hole.shape
        width = w + 2 * RADIUS
        reach = 2 * RADIUS + (1 if stride > 1 else 3)
        area = (level.hole | level.touched).astype(np.uint8)
        near = cv2.dilate(area, np.ones((reach, reach), np.uint8))[::stride, ::stride]
        rows, columns = (axis * stride for axis in np.nonzero(near))
        places = (rows + RADIUS) * width + columns + RADIUS
        index = np.full((h + 2 * RADIUS) * width, -1, np.int32)
        index[places] = np.arange(len(places), dtype=np.int32)
        depth = cv2.distanceTransform(np.pad(level.hole, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
        trust = np.power(np.float32(_TRUST), -np.minimum(depth[rows, columns], 60))
        gap = np.flatnonzero(np.pad(level.hole, RADIUS))
        groups = tuple(
            (some, offsets, _by_middle(width, stride, offsets))
            for some, offsets in _by_phase(width, stride, gap)
        )
        return cls(width, stride, rows, columns, places, index, trust.astype(np.float32), groups)

    def described(self, canvas: Floats) -> Floats:
        """The descriptors of the patches on a grown picture."""
        top, left = int(self.rows.min()), int(self.columns.min())
        part = canvas[top : int(self.rows.max()) + SIDE, left : int(self.columns.max()) + SIDE]
        places = (self.rows - top + RADIUS) * part.shape[1] + self.columns - left + RADIUS
        return np.asarray(descriptors(part)[places])

    def neighbours(self, steps: int) -> Iterator[tuple[Places, Places]]:
        """For left, right, above and below: each patch's neighbour so many lattice steps away (itself at the end of the lattice), and the way
        back from it."""
        own = np.arange(len(self.places))
        far = steps * self.stride
        for step in (-far, far, -far * self.width, far * self.width):
            beside = self.index.take(self.places + step, mode="clip")
            beside = np.where(beside < 0, own, beside)
            yield np.asarray(beside, np.intp), self.places - self.places[beside]


def votes(canvas: Floats) -> Floats:
    """N×4: the pixels of a grown picture, and one for each, which counts the votes."""
    return np.asarray(cv2.merge((canvas, np.ones(canvas.shape[:2], np.float32))), np.float32).reshape(-1, 4)


def voted(
    canvas: Floats,
    pixels: Floats,
    lattice: Lattice,
    source: Places,
    unlike: Floats,
    wanted: Floats,
    offered: Floats,
) -> Floats:
    """`canvas` (grown picture) with new pixels in its hole: patches count by their likeness and by how near their middle is to
    known pixels, and each is first given the mean that is wanted, within bounds."""
    weight = lattice.trust / (unlike + _FLOOR * np.median(unlike) + np.float32(1e-6))
    weight = np.append(weight, np.float32(0)).astype(np.float32)  # the last, -1, is no patch: no weight
    shift = np.zeros((len(weight), 4), np.float32)
    shift[:-1, :3] = mean_shift(wanted, offered[source, :3], _MOST_SHIFT)
    origin = np.append(source, 0)
    out = canvas.copy()
    flat = out.reshape(-1, 3)
    for gap, offsets, by_middle in lattice.groups:
        patch = lattice.index[gap + offsets]
        said = pixels.take(origin[patch] - offsets, axis=0, mode="clip")
        said += shift[patch]
        said *= (weight[patch] * by_middle)[..., None]
        total = said.sum(axis=0)
        flat[gap] = total[:, :3] / total[:, 3:]
    return out


def _by_middle(width: int, stride: int, offsets: Places) -> Floats:
    """M×1: how much a patch's word counts at these offsets from its middle."""
    if stride == 1:
        return np.ones(offsets.shape, np.float32)
    down = np.rint(offsets / width)
    apart = down**2 + (offsets - down * width) ** 2
    return np.asarray(np.exp(-apart / (2 * _MIDDLE**2)), np.float32)


def _by_phase(width: int, step: int, hole: Places) -> Iterator[tuple[Places, Places]]:
    """The hole's pixels by where they lie between the lattice's lines, some at a time (1×N), with the offsets to the patches
    over them (M×1). Where every patch was searched for, every second of them has a word: neighbours say much the same."""
    reach = range(-RADIUS, RADIUS + 1)
    rows, columns = hole // width - RADIUS, hole % width - RADIUS
    for y in range(step):
        for x in range(step):
            gap = hole[(rows % step == y) & (columns % step == x)]
            lines = [dy for dy in reach if (y + dy) % step == 0]
            offsets = [
                dy * width + dx
                for dy in lines
                for dx in reach
                if (x + dx) % step == 0 and (step > 1 or (dx + dy) % 2 == 0)
            ]
            for start in range(0, len(gap), _AT_ONCE):
                yield gap[start : start + _AT_ONCE], np.array(offsets)[:, None]
