"""Opacity and colours of an overlay that many pictures share, learnt from all of them together, and its removal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes, distance_transform_edt  # type: ignore[import-untyped]

from tasks.contracts import Mask, Pixels, Zone
from tasks.detection.repeated_behind import Plane, about, beside, distance_to, roughness
from tasks.detection.repeated_inks import CLEAR, Ink, assigned, first_pixels, fitted, is_new

_ROUNDS, _LONGEST = 9, 16
_STEP = 6.0
_MAJORITY = 0.6
_MOST_STRETCHES = 40
_WORST = 4.0
_LOST = 0.15
_MOST = 1500
_STILL = 1e-3
_INKS = 3
_FAINT = 0.02
_UNEXPLAINED, _EXPLAINED = 6.0, 14.0
_FEW = 20
_SHARE = 0.03
_OPAQUE = 0.95
_GRID = np.float32(65535)
DENSEST = 0.9
"""Opacity above which too little of a picture is left to bring it back."""
LARGEST_ERROR = 0.05
"""Standard deviation, 0–1, up to which a recovered pixel is trusted."""
_ROUNDING = 1 / 255 / 12**0.5


@dataclass(frozen=True, slots=True)
class Matte:
    """I = (1 − α)·B + ink, where the ink is α times the overlay's colour. On a grid of 1/65535."""

    alpha: Mask
    """H×W, 0–1; 1 = nothing of the picture is left."""
    ink: Pixels
    """H×W×3, 0–1, nowhere above α."""

    @property
    def hole(self) -> Zone:
        """H×W: what the overlay touches."""
        return self.alpha > 0

    def removed(self, pixels: Pixels, noise: float = 0.0) -> tuple[Pixels, Zone]:
        """H×W×C without the overlay, and where that is reliable; pixels that α = 0 leaves alone are unchanged.

        pixels: C = 3 or 1, 0–1; noise: standard deviation of the file's own error, 0–1, which removal divides by 1 − α."""
        ink = self.ink if pixels.shape[2] == 3 else self.ink.mean(axis=2, keepdims=True)
        left = np.maximum(1 - self.alpha, np.float32(0.02))[..., None]
        clear = np.where(self.hole[..., None], (pixels - ink) / left, pixels).astype(np.float32)
        error = float(np.hypot(noise, _ROUNDING)) / left[..., 0]
        off = np.abs(clear - np.clip(clear, 0, 1)).max(axis=2)
        sure = (self.alpha <= DENSEST) & (error < LARGEST_ERROR) & (off < 0.1)
        return np.clip(clear, 0, 1), np.asarray(sure)


def on_grid(alpha: Mask, ink: Pixels) -> Matte:
    """A matte rounded to what 16-bit planes hold: the same whether it was just made or read."""
    a = np.rint(np.clip(alpha, 0, 1) * _GRID) / _GRID
    i = np.rint(np.clip(ink, 0, a[..., None]) * _GRID) / _GRID
    return Matte(a.astype(np.float32), i.astype(np.float32))


@dataclass(slots=True)
class _State:
    """What is believed after a round. H×W each but where said."""

    alpha: Mask
    ink: Pixels
    which: NDArray[np.int8]
    """Ink of each pixel that is surely all of one; 0 clear, −1 mixed or unknown."""
    ridge: Zone
    """Pixels no less of their ink than those about them: not at its edge."""
    cost: Plane
    known: Zone
    """Clear, or explained by an ink next to what was known before: the overlay is entered from its edge inwards."""
    behind: Pixels
    """K×H×W×3: the pictures beneath, guessed from other pixels."""
    error: Plane
    """K×H×W: variance of that guess."""
    own: Plane
    """K×H×W: variance of a picture's pixel from its neighbours."""
    scale: NDArray[np.float32]
    """K: by how much a picture's pixels are worse guessed than `own` says, as lossy files are near an edge."""


def estimate_matte(stack: Pixels, edges: Zone) -> Matte | None:
    """stack: K×H×W×3, the same place on K pictures; edges: H×W, where they share one. None where no few inks explain it.

    An ink is an opacity with a colour; every pixel is clear, one ink, or a mixture of two of these. In turn: the pictures
    beneath guessed from clear and recovered neighbours; each ink from all its pixels on all pictures, by least squares
    weighted for how smooth each picture is there; each pixel's mixture from all pictures. After Dekel et al., On the
    Effectiveness of Visible Watermarks, CVPR 2017, with inks in place of their priors on the matte."""
    hole = enclosed(edges)
    if not 0.002 < float(hole.mean()) < 0.85:
        return None
    state = _begun(stack, hole)
    stretches = _stretches(hole, edges)
    inks: list[Ink] = []
    deepest = float(distance_to(~hole).max())
    rounds = min(_ROUNDS + int(deepest / _STEP), _LONGEST)
    for n in range(rounds):
        inks = _refitted(stack, state, inks)
        if n < rounds - 2 and len(inks) < _INKS:
            fresh = _another(stack, hole, state)
            inks += [fresh] if fresh and is_new(fresh, inks) else []
        if not inks:
            return None
        if n % 3 == 2:
            sure = ~hole | (state.known & (state.alpha <= DENSEST))
            state.own = roughness(_cleared(stack, state.alpha, state.ink), sure.astype(np.float32))
        before, settled = state.alpha, bool(state.known.all())
        _turn(stack, hole, state, inks, stretches if n >= _ROUNDS // 2 else None)
        if n > 4 and settled and float(np.abs(state.alpha - before)[hole].mean()) < _STILL:
            break
    if (hole & (~state.known | (state.cost > _UNEXPLAINED))).sum() > _LOST * hole.sum():
        return None
    faint = state.alpha < _FAINT
    return on_grid(
        np.where(faint, np.float32(0), state.alpha), np.where(faint[..., None], np.float32(0), state.ink)
    )


def enclosed(edges: Zone) -> Zone:
    """What the edges enclose, with a margin of 3 px."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    joined = cv2.dilate(cv2.morphologyEx(edges.astype(np.uint8), cv2.MORPH_CLOSE, disc), disc)
    return np.asarray(binary_fill_holes(joined > 0), bool)


def _begun(stack: Pixels, hole: Zone) -> _State:
    shape = hole.shape
    own = roughness(stack, (~hole).astype(np.float32))
    state = _State(
        np.zeros(shape, np.float32), np.zeros((*shape, 3), np.float32), np.where(hole, -1, 0).astype(np.int8),
        hole, np.zeros(shape, np.float32), ~hole, stack, own, own, np.ones(len(stack), np.float32),
    )  # fmt: skip
    _look_beneath(stack, hole, state)
    far = distance_to(~hole)
    change = np.square(stack - state.behind).mean(axis=3) / state.error
    state.cost = np.where(hole & (far <= 2 * _STEP), change.mean(axis=0), 0).astype(np.float32)
    return state


def _refitted(stack: Pixels, state: _State, inks: list[Ink]) -> list[Ink]:
    """Each ink again from its pixels, against what is clear or of another ink: never against itself."""
    kept: list[Ink] = []
    near = distance_to(state.known) <= _STEP
    for n, ink in enumerate(inks, 1):
        mine = near & state.ridge & (state.which == n)
        clear = state.known & (state.which == 0)
        sure = clear if _touch(mine, clear) else state.known & (state.which >= 0) & (state.which != n)
        made = _fit(stack, state, mine, sure) or ink
        if not kept or is_new(made, kept):
            kept.append(made)
    return kept


def _touch(mine: Zone, clear: Zone) -> bool:
    """Whether enough pixels lie next to clear ones to compare with."""
    return int((mine & (distance_to(clear) <= _STEP)).sum()) >= 3 * _FEW


def _another(stack: Pixels, hole: Zone, state: _State) -> Ink | None:
    """An ink for what no ink so far explains, next to what is known."""
    near = distance_to(state.known) <= 2 * _STEP
    left = hole & near & (state.cost > _UNEXPLAINED) & (state.alpha < _OPAQUE)
    if left.sum() < max(_FEW, _SHARE * (hole & near).sum()):
        return None
    mine = first_pixels(stack, state.behind, state.error, left)
    return _fit(stack, state, mine, state.known & ~left & (state.which >= 0))


def _fit(stack: Pixels, state: _State, mine: Zone, sure: Zone) -> Ink | None:
    """From pixels `mine` against the nearest `sure` ones, which are clear or recovered."""
    sure = sure & (state.alpha <= DENSEST)
    if mine.sum() < _FEW or not sure.any():
        return None
    far, (rows, columns) = distance_transform_edt(~sure, return_indices=True)
    chosen = mine & (far <= max(_STEP, float(np.quantile(far[mine], 0.2))))
    places = np.flatnonzero(chosen)[:: max(int(chosen.sum()) // _MOST, 1)]
    y, x, far = rows.ravel()[places], columns.ravel()[places], far.ravel()[places]
    weight = (sure * np.square(1 - state.alpha)).astype(np.float32)
    clear = _cleared(stack, state.alpha, state.ink)
    behind = np.stack([about(picture, weight)[y, x] for picture in clear])
    own = state.own.reshape(len(stack), -1)[:, places] * state.scale[:, None]
    return fitted(stack.reshape(len(stack), -1, 3)[:, places], behind, (own * far).astype(np.float32))


def _turn(
    stack: Pixels, hole: Zone, state: _State, inks: list[Ink], stretches: NDArray[np.int32] | None
) -> None:
    """Mixtures from the inks, and the pictures beneath from the mixtures."""
    found = assigned(stack, state.behind, state.error, (CLEAR, *inks), hole)
    state.alpha, state.ink, state.cost, state.which = found.alpha, found.ink, found.cost, found.which
    state.ridge = found.ridge
    _opaque(stack, state, hole)
    if stretches is not None:
        _even(state, stretches, (CLEAR, *inks))
    near = distance_to(state.known) <= _STEP
    state.known = ~hole | (near & (state.cost < _EXPLAINED))
    _rescale(stack, hole, state)
    _look_beneath(stack, hole, state)


def _even(state: _State, stretches: NDArray[np.int32], inks: Sequence[Ink]) -> None:
    """A stretch without a shared edge is all of one ink, where most of it says so: guesses far from an edge may drift."""
    for n in range(1, int(stretches.max()) + 1):
        mine = stretches == n
        votes = np.bincount(state.which[mine & state.known & (state.which >= 0)], minlength=len(inks))
        top = int(votes.argmax())
        if votes[top] >= _MAJORITY * mine.sum():
            drifted = mine & ((state.which < 0) | ~state.known)
            state.which[drifted], state.alpha[drifted], state.ink[drifted] = (
                top,
                inks[top].alpha,
                inks[top].colour,
            )


def _stretches(hole: Zone, edges: Zone) -> NDArray[np.int32]:
    """H×W: number of the patch of the hole without a shared edge that a pixel lies in; 0 for none."""
    apart = hole & (cv2.dilate(edges.astype(np.uint8), np.ones((9, 9), np.uint8)) == 0)
    count, label, facts, _ = cv2.connectedComponentsWithStats(apart.astype(np.uint8), connectivity=4)
    large = [n for n in range(1, count) if facts[n, cv2.CC_STAT_AREA] >= 2 * _FEW]
    out = np.zeros(hole.shape, np.int32)
    for place, n in enumerate(large[:_MOST_STRETCHES], 1):
        out[label == n] = place
    return out


def _look_beneath(stack: Pixels, hole: Zone, state: _State) -> None:
    clear = _cleared(stack, state.alpha, state.ink)
    weight = np.where(hole, state.known * np.square(np.clip(1 - state.alpha, 0.02, 1)), 1).astype(np.float32)
    state.behind = np.stack([beside(picture, weight) for picture in clear])
    state.error = state.own * state.scale[:, None, None] * (1 + distance_to(weight > 0.1))


def _rescale(stack: Pixels, hole: Zone, state: _State) -> None:
    """How much worse than expected each picture is explained where an ink is known."""
    inside = hole & state.known & (state.alpha < DENSEST)
    if inside.sum() < _FEW:
        return
    left = np.float32(1) - state.alpha[inside][:, None]
    for k, picture in enumerate(stack):
        off = picture[inside] - state.ink[inside] - left * state.behind[k][inside]
        ratio = np.square(off).mean(axis=1) / (state.own[k][inside] * (np.square(left[:, 0]) + 0.02))
        state.scale[k] = np.clip(np.median(ratio) / 0.6, 1, _WORST)


def _opaque(stack: Pixels, state: _State, hole: Zone) -> None:
    """Pixels that are the same on pictures which differ beneath: opaque, each of its own colour."""
    spread_shown = stack.std(axis=0).max(axis=2)
    spread_under = state.behind.std(axis=0).max(axis=2)
    fixed = hole & (spread_shown < np.minimum(0.03, 0.15 * spread_under)) & (spread_under > 0.06)
    fixed |= hole & (state.alpha > _OPAQUE)
    state.alpha = np.where(fixed, np.float32(1), state.alpha)
    state.ink = np.where(fixed[..., None], np.median(stack, axis=0), state.ink).astype(np.float32)
    state.cost = np.where(fixed, np.float32(0), state.cost)


def _cleared(stack: Pixels, alpha: Mask, ink: Pixels) -> Pixels:
    left = np.maximum(1 - alpha, 0.02)[..., None]
    return np.asarray(np.clip((stack - ink) / left, 0, 1), np.float32)
