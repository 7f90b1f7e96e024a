"""Whether a mask's rim lies on its object's, within a few pixels, and where it should lie.

A mask that comes with a job may be too small, too big or moved by some pixels. Seen along the rim's normals, the object's
colours then go on outside the mask, or its surroundings' begin inside it, by amounts that one growth and one shift explain
all round. That growth and shift is sought over all places of the rim at once, and believed only where nearly all agree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Zone
from tasks.detection.mask_rim_models import CLEAR as MODELS_FROM
from tasks.detection.mask_rim_models import REACH, foreignness, likeness, steps
from tasks.detection.mask_rim_profiles import DEEP, Floats, Profiles

ARCS = 12
"""The rim is parted into as many for what is compared along it."""
LEAST, MOST = 1.9, 6
"""A mask that is off by less is right; by more than the latter, none is thought to be. px."""
EDGE = 1
"""What a mask needs beyond the middle of its object's edge, px: the edge is a pixel or two wide. One that shrinks or moves takes
twice as much: what it uncovers by mistake would colour the whole fill."""
CLEAR = ((2.4, 0.75), (3.3, 0.66))
"""What a correction takes: how much likelier each pixel becomes that changes sides (log, twice), and in how many places; either
pair will do. Of 160 masks on nothing or exact ones, all had less."""
CLEAR_STEP = 2.0
"""And the step in colour along the new rim, in units of twice the noise."""
LIKELY_RATE, LIKELY_SHARE = 1.8, 0.68
"""The same for saying that a mask may be off."""
FOREIGN, DARK = 2.2, -0.5
"""What shrinking uncovers may be at most so many times as unlike the surroundings as they are themselves, and lie so far from
their brightness (below, in spreads of theirs, arc by arc): a mask may be large to hold the object's shadow."""
_EFFORT = 0.15

State = Literal["unclear", "right", "off", "doubtful"]


@dataclass(frozen=True, slots=True)
class Fit:
    """What the rim says."""

    state: State
    """`right`: on the object's edge. `off`: the edge is clearly elsewhere. `doubtful`: it may be elsewhere, or what shrinking
    would uncover is not the surroundings'. `unclear`: nothing to go by."""
    growth: int = 0
    """px the mask must grow by, negative to shrink."""
    shift: tuple[int, int] = (0, 0)
    """px by which it must then be moved: x, y."""
    size: int = 0
    """px by which the mask is too small, negative for too big."""
    rate: float = 0.0
    share: float = 0.0

    @property
    def said(self) -> str:
        """In words: `4 px too small`, `5 px too far left and too high`; empty for a mask that is right."""
        parts = []
        if abs(self.size) > 1 or (self.size and self.shift == (0, 0)):
            parts.append(f"{abs(self.size)} px too {'small' if self.size > 0 else 'big'}")
        x, y = self.shift
        ways = (("far left", x > 0), ("far right", x < 0), ("high", y > 0), ("low", y < 0))
        if x or y:
            named = " and too ".join(name for name, there in ways if there)
            parts.append(f"{round(float(np.hypot(x, y)))} px too {named}")
        return " and ".join(parts)


def fit_rim(seen: Profiles, noise: float) -> Fit:
    """The growth and shift that put the rim on the object's edge. noise: of the picture, levels of 255."""
    like, step = likeness(seen, noise), steps(seen, noise)
    grid, offsets = candidates(), _offsets(seen.normals)
    worth = _worth(like) + step
    points = np.arange(len(worth))
    gains = worth[points, offsets + REACH] - worth[:, REACH]
    effort = _EFFORT * (np.abs(grid[:, 0]) + np.abs(grid[:, 1:]).max(axis=1))
    best = int(np.argmax(gains.mean(axis=1) - effort))
    moved, gain = offsets[best], gains[best]
    turned = moved != 0
    rate = float(gain.sum() / max(np.abs(moved).sum(), 1))
    share = float((gain[turned] > 0).mean()) if turned.any() else 0.0
    firm = float(step[points, moved + REACH].mean())
    size, shift = int(grid[best, 0]) + EDGE, (int(grid[best, 1]), int(grid[best, 2]))
    growth = size if size > 0 and shift == (0, 0) else size + EDGE
    return _judged(seen, noise, Fit("off", growth, shift, size, rate, share), moved, firm)


def _judged(seen: Profiles, noise: float, fit: Fit, moved: NDArray[np.int64], firm: float) -> Fit:
    moves = np.hypot(*fit.shift) >= LEAST
    if abs(fit.size) < LEAST and not moves:
        return Fit("right" if firm >= CLEAR_STEP else "unclear", rate=fit.rate, share=fit.share)
    if fit.rate < LIKELY_RATE or fit.share < LIKELY_SHARE:
        return Fit("unclear", rate=fit.rate, share=fit.share)
    clear = any(fit.rate >= rate and fit.share >= share for rate, share in CLEAR)
    lopsided = fit.size < -1 and moves  # as a mask is that holds a shadow
    needed = moves or abs(fit.growth) >= LEAST  # a pixel or two too big is as it should be
    if needed and clear and firm >= CLEAR_STEP and not lopsided and not _uncovers(seen, noise, fit, moved):
        return fit
    return replace(fit, state="doubtful")


def _uncovers(seen: Profiles, noise: float, fit: Fit, moved: NDArray[np.int64]) -> bool:
    """Whether what the new rim leaves out is something else than surroundings, such as the object's shadow."""
    depth = np.arange(MODELS_FROM, 0, -1)[None, :]
    # the outermost pixel of the object's edge, mixed of both, is nobody's
    freed = (
        (depth <= -moved[:, None] - EDGE)
        & (moved[:, None] < -EDGE)
        & seen.known[:, DEEP - MODELS_FROM : DEEP]
    )
    if freed.sum() < 8:
        return False
    foreign, typical = foreignness(seen, noise)
    darker = fit.size < -1 and _brightness(seen, freed) < DARK
    return darker or float(np.median(foreign[freed])) > FOREIGN * typical


def _brightness(seen: Profiles, freed: Zone) -> float:
    """How much brighter than the pixels just outside the rim the freed ones are: the middle arc's, in spreads of the former."""
    grey = seen.colours.mean(axis=2)
    near = slice(DEEP + 1, DEEP + MODELS_FROM)
    found = []
    for arc in np.array_split(np.arange(len(grey)), ARCS):
        inside, outside = (
            grey[arc, DEEP - MODELS_FROM : DEEP][freed[arc]],
            grey[arc, near][seen.known[arc, near]],
        )
        if min(len(inside), len(outside)) >= 8:
            found.append((inside.mean() - outside.mean()) / (4 + outside.std() / 2))
    return float(np.median(found)) if found else 0.0


def _worth(like: Floats) -> Floats:
    """N×(2·REACH + 1): how well each place from -REACH to REACH px parts what is like the object from what is not."""
    sums = np.concatenate([np.zeros((len(like), 1), np.float32), np.cumsum(like, axis=1)], axis=1)
    inner: Floats = 2 * sums - sums[:, -1:]
    return inner[:, MODELS_FROM - REACH : MODELS_FROM + REACH + 1]


@lru_cache(maxsize=1)
def candidates() -> NDArray[np.int64]:
    """M×3: every growth of the object's edge and every shift that is sought, px."""
    wide = range(-MOST, MOST + 1)
    grid = [
        (growth, x, y) for growth in range(-MOST - EDGE, MOST + 1) for x in wide for y in wide
        if np.hypot(x, y) < MOST + 0.5 and (growth == 0 or abs(growth) + max(abs(x), abs(y)) <= MOST + EDGE)
    ]  # fmt: skip
    return np.asarray(grid, np.int64)


def _offsets(normals: Floats) -> NDArray[np.int64]:
    """M×N: how far along each normal the rim lies after each growth and shift, whole px."""
    grid = candidates().astype(np.float32)
    return np.clip(np.rint(grid[:, :1] + grid[:, 1:] @ normals.T), -REACH, REACH).astype(np.int64)
