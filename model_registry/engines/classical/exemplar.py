"""Fills holes with patches of their own surroundings, from coarse to fine: the embedded exemplar fill."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.classical.exemplar_patches import from_opponent, to_opponent
from model_registry.engines.classical.exemplar_pyramid import Level, doubled, pull_push, pyramid
from model_registry.engines.classical.exemplar_quilt import Quilt, is_even, quilted
from model_registry.engines.classical.exemplar_search import Search, complete
from model_registry.engines.classical.poisson import harmonic_correction
from model_registry.engines.contract import Hole, Params, Pixels

_SMOOTH_SHARE, _SMOOTH_DEPTH = 0.5, 1.5
"""Share of a smooth fill in the hole's outermost pixels, and the px over which it falls to 1/e: beside known pixels what
they say is worth as much as a likeness from elsewhere, and the average of the two more than either."""
_LEAST_CONTEXT = 24
"""Around the hole, px: a few patches."""
_CONTEXT_OF_DEPTH = 8
"""Further than this many times a hole's depth there is nothing it would need."""


class ExemplarFill:
    """Wexler, Shechtman and Irani, 2007: Space-time completion of video, for one picture. Every patch that touches the hole
    finds its likeness among the known ones; the pixels of a hole are the average of what the patches over them say. The
    search is PatchMatch's (Barnes, Shechtman, Finkelstein and Goldman, 2009), all patches at a time, over descriptors of
    a few cosine coefficients. The mean of a patch weighs less than its form and is adjusted by a bounded amount when copied,
    so that shading goes on; at its edge the fill is mixed with
    a smooth one. A wide hole in an even texture begins with whole pieces of it (`exemplar_quilt`). Thread-safe: keeps no
    state."""

    def fill(self, image: Pixels, hole: Hole, *, seed: int, prompt: str, params: Params) -> Pixels:
        """Returns H×W×3, equal to `image` outside the hole; a hole that is the whole picture is left as it is.

        What `image` holds inside the hole is never read. Only patches without a hole pixel are copied from; where there are
        none the hole is filled smoothly. params: `context`, how far around the hole patches are looked for, px; `samples`,
        random trials a patch in each pass of the search. prompt is not used."""
        out = image.copy()
        if hole.all() or not hole.any():
            return out
        window = _window(hole, _reach(hole, int(params["context"])))
        known, gap = to_opponent(image[window]), hole[window]
        search = Search(np.random.default_rng(seed % 2**63), int(params["samples"]))
        made = _coarse_to_fine(known, gap, search)
        made += _smooth_share(gap)[..., None] * (_smooth(known, gap) - made)
        made = from_opponent(made)
        out[window][gap] = np.clip(made[gap], 0, 1)
        return out


def _reach(hole: Hole, context: int) -> int:
    """How far around the hole patches are looked for, px: thin holes need no more than their neighbourhood."""
    depth = cv2.distanceTransform(np.pad(hole, 1).astype(np.uint8), cv2.DIST_L2, 3).max()
    return max(min(context, int(_CONTEXT_OF_DEPTH * depth)), _LEAST_CONTEXT)


def _window(hole: Hole, context: int) -> tuple[slice, slice]:
    """The hole's box, grown by `context` px and cut to the picture; the picture itself where that has no known pixel."""
    rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    return (
        slice(max(int(rows[0]) - context, 0), int(rows[-1]) + 1 + context),
        slice(max(int(columns[0]) - context, 0), int(columns[-1]) + 1 + context),
    )


def _smooth(image: Pixels, hole: Hole) -> Pixels:
    """`image` (opponent colours) with a membrane over its hole."""
    return np.where(hole[..., None], harmonic_correction(image, hole), image)


def _smooth_share(hole: Hole) -> NDArray[np.float32]:
    """H×W: how much of each pixel comes from the smooth fill."""
    depth = cv2.distanceTransform(np.pad(hole, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    return np.asarray(_SMOOTH_SHARE * np.exp(-(((depth - 1) / _SMOOTH_DEPTH) ** 2)), np.float32)


def _coarse_to_fine(image: Pixels, hole: Hole, search: Search) -> Pixels:
    """`image` (opponent colours) with its hole filled, level by level."""
    levels = pyramid(image, hole)
    first, quilt = _begun(levels, search)
    made, field = quilt.image if quilt else pull_push(levels[first].image, ~levels[first].hole), None
    for depth in range(first, -1, -1):
        level = levels[depth]
        if depth < first:
            made = np.where(level.hole[..., None], doubled(made, level.hole.shape), level.image)
        made, field = complete(made, level, depth, field, search, quilt if depth == first else None)
    return made


def _begun(levels: list[Level], search: Search) -> tuple[int, Quilt | None]:
    """The level to begin with, and the pieces it begins with: the finest but one that is an even texture, or without pieces
    the coarsest."""
    even = (depth for depth in range(1, len(levels)) if is_even(levels[depth]))
    depth = next(even, 0)
    quilt = quilted(levels[depth], search.random) if depth else None
    return (depth, quilt) if quilt else (len(levels) - 1, None)
