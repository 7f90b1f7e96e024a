"""Finds overlays that many pictures share: what their gradients have in common is no picture's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Box, Pixels, Zone
from tasks.detection.repeated_apply import Applied, applied
from tasks.detection.repeated_matte import DENSEST, Matte, enclosed, estimate_matte
from tasks.detection.repeated_places import (
    Anchor,
    Levels,
    Placement,
    Size,
    nearest_anchor,
    placements,
    size_classes,
)  # fmt: skip
from tasks.detection.repeated_votes import MOST_VOTERS, Place, Tally

__all__ = [
    "FEWEST",
    "MOST_VOTERS",
    "Anchor",
    "Applied",
    "Picture",
    "RepeatedOverlay",
    "find_repeated",
    "shared_overlays",
]

FEWEST = 4
"""Pictures, unlike one another, that an overlay is learnt from at least: three agree by chance too often."""
_CARRIES = 0.55
_LIKE = 0.25
_LEARNT_FROM = 16
_MOST_SAMPLES = 9_000_000
_EXPLAINED = 0.7
_LEFT = 0.15
_LONGEST = 40.0
_STAYS = 0.5
_OTHER_GROUND = 0.04
_STEP, _AGREE = 0.008, 0.8


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a catalogue, read when it is needed and not kept."""

    digest: str
    """sha256, which sets the order."""
    size: Size
    """Height and width, px."""
    read: Callable[[], Levels]
    """H×W×3 uint8 RGB."""


@dataclass(frozen=True, slots=True)
class RepeatedOverlay:
    """One overlay on many pictures."""

    placement: Placement
    box: Box
    """In the placement's window."""
    matte: Matte
    """Of the box's size."""
    pictures: int
    """How many it was learnt from."""

    @property
    def anchor(self) -> Anchor:
        """What its place is counted from."""
        return self.placement.anchor

    def box_in(self, height: int, width: int) -> Box:
        """Where it lies on a picture of this size."""
        return self.placement.box_in(self.box, (height, width))

    def on(self, pixels: Pixels, noise: float = 0.0) -> Applied | None:
        """The overlay taken off a picture (H×W×C, C = 1 or 3, 0–1), or None where the picture does not carry it."""
        return applied(self.matte, self.placement, self.box, pixels, noise)


def find_repeated(pictures: Sequence[Pixels], digests: Sequence[str]) -> tuple[RepeatedOverlay, ...]:
    """The same over pictures in memory: H×W×C float32 0–1, C = 1 or 3, of any sizes; digests: their sha256."""
    made = [
        Picture(digest, (p.shape[0], p.shape[1]), lambda p=p: _levels(p))  # type: ignore[misc]
        for p, digest in zip(pictures, digests, strict=True)
    ]
    return shared_overlays(made)


def shared_overlays(pictures: Sequence[Picture]) -> tuple[RepeatedOverlay, ...]:
    """Overlays at one place, counted from a corner, an edge's middle or the centre, or scaled with the width.

    In each class of like sizes the first 48 pictures by digest vote, so that neither order nor number matters to memory; at
    least four of them, unlike one another elsewhere, must carry an overlay and be explained by its matte. Every picture is
    read at most three times. After Dekel et al., On the Effectiveness of Visible Watermarks, CVPR 2017."""
    ordered = sorted({picture.digest: picture for picture in pictures}.values(), key=lambda p: p.digest)
    found: list[RepeatedOverlay] = []
    for members in size_classes([picture.size for picture in ordered], FEWEST):
        found += _in_class([ordered[n] for n in members][:MOST_VOTERS])
    return tuple(found)


def _in_class(pictures: Sequence[Picture]) -> list[RepeatedOverlay]:
    tallies = [Tally(placement) for placement in placements([picture.size for picture in pictures])]
    for picture in pictures:
        levels = picture.read()
        for tally in tallies:
            tally.add(levels)
    candidates = [(tally, place) for tally in tallies if tally.voters >= FEWEST for place in tally.places()]
    candidates.sort(key=lambda pair: -pair[1].strength)
    kept: list[tuple[Tally, Place]] = []
    size = pictures[0].size
    for tally, place in candidates:
        box = tally.placement.box_in(place.box, size)
        if not any(_meet(box, other.placement.box_in(held.box, size)) for other, held in kept):
            kept.append((tally, place))
    overlays = [_learnt(pictures, tally, place, [held for _, held in kept]) for tally, place in kept]
    return [overlay for overlay in overlays if overlay is not None]


def _learnt(
    pictures: Sequence[Picture], tally: Tally, place: Place, others: Sequence[Place]
) -> RepeatedOverlay | None:
    witnesses = _witnesses(pictures, tally, place, others)
    size = (place.box[2] - place.box[0]) * (place.box[3] - place.box[1])
    most = min(_LEARNT_FROM, _MOST_SAMPLES // max(3 * size, 1))
    chosen = witnesses[:most]
    if len(chosen) < FEWEST:
        return None
    parts = [tally.placement.cut(picture.read(), place.box) for picture in chosen]
    stack = np.stack([part for part in parts if part is not None]).astype(np.float32) / np.float32(255)
    matte = estimate_matte(stack, place.support) if _grounds_differ(stack, place.support) else None
    if matte is None or not matte.hole.any():
        return None
    if _left_over(stack, matte, place.support) > _LEFT:
        return None
    placement = tally.placement
    if not placement.scaled and len({picture.size for picture in pictures}) == 1:
        placement = replace(placement, anchor=nearest_anchor(place.box, placement.window))
    overlay = RepeatedOverlay(placement, place.box, matte, len(chosen))
    explained = sum(_explains(overlay, part) for part in stack)
    return overlay if explained >= max(FEWEST - 1, _EXPLAINED * len(stack)) else None


def _grounds_differ(stack: Pixels, support: Zone) -> bool:
    """Whether enough pictures have another ground there: on one and the same backdrop, print and overlay look alike."""
    around = ~enclosed(support)
    if not around.any():
        return False
    grounds = np.median(stack[:, around], axis=1)
    off = np.abs(grounds - np.median(grounds, axis=0)).max(axis=1)
    return int((off > _OTHER_GROUND).sum()) >= FEWEST - 1


def _left_over(stack: Pixels, matte: Matte, support: Zone) -> float:
    """Share of the support at which the cleared pictures still step alike: a second colour, say, that no ink explains."""
    clear = np.stack([matte.removed(part)[0] for part in stack])
    opaque = cv2.dilate((matte.alpha > DENSEST).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    alike = np.zeros(support.shape, bool)
    for axis in (1, 2):
        step = np.diff(clear, axis=axis)
        same = np.maximum((step > _STEP).mean(axis=0), (step < -_STEP).mean(axis=0)) >= _AGREE
        before = np.abs(np.median(np.diff(stack, axis=axis), axis=0)).max(axis=2).astype(np.float32)
        # Against the strongest edge near by: a lossy file smears some of each edge about it.
        least = np.maximum(2 * _STEP, _STAYS * cv2.dilate(before, np.ones((5, 5), np.uint8)))[..., None]
        strong = (same & (np.abs(np.median(step, axis=0)) > least)).any(axis=2)
        alike[: strong.shape[0], : strong.shape[1]] |= strong
    usable = support & ~opaque
    share = float(np.count_nonzero(alike & usable)) / max(int(usable.sum()), 1)
    return max(share, _LEFT * _longest(alike & ~opaque) / _LONGEST)


def _longest(lines: Zone) -> float:
    """px: the longer side of the largest connected line."""
    joined = cv2.dilate(lines.astype(np.uint8), np.ones((3, 3), np.uint8))
    _, _, facts, _ = cv2.connectedComponentsWithStats(joined)
    sides = facts[1:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]]
    return float(sides.max()) if len(sides) else 0.0


def _explains(overlay: RepeatedOverlay, part: Pixels) -> bool:
    height, width = overlay.matte.alpha.shape
    there = Placement(Anchor(0.0, 0.0), (height, width))
    return applied(overlay.matte, there, (0, 0, width, height), part, 0.0) is not None


def _witnesses(
    pictures: Sequence[Picture], tally: Tally, place: Place, others: Sequence[Place]
) -> list[Picture]:
    """Pictures that carry the edges of `place` and are unlike each other elsewhere: a scene shot again is no new witness."""
    elsewhere = np.ones(tally.shape, bool)
    for held in (place, *others):
        x0, y0, x1, y1 = (side // tally.factor for side in held.box)
        elsewhere[y0:y1, x0:x1] = False
    support = _small(place, tally)
    shared = tally.shared()[:, :, support]
    found: list[tuple[Picture, NDArray[np.int8]]] = []
    for picture in pictures:
        steps = tally.steps(picture.read())
        if steps is None or float(steps[:, :, support][shared].mean()) < _CARRIES:
            continue
        signs = (steps[:, 0].astype(np.int8) - steps[:, 1].astype(np.int8))[:, elsewhere][..., 1]
        if all(_likeness(signs, other) < _LIKE for _, other in found):
            found.append((picture, signs))
    return [picture for picture, _ in found]


def _small(place: Place, tally: Tally) -> Zone:
    f = tally.factor
    full = np.zeros(tally.placement.window, np.uint8)
    x0, y0, x1, y1 = place.box
    full[y0:y1, x0:x1] = place.support
    return np.asarray(full[: tally.shape[0] * f : f, : tally.shape[1] * f : f] > 0, bool)


def _likeness(one: NDArray[np.int8], other: NDArray[np.int8]) -> float:
    """Correlation of the signs of two pictures' steps, 0 where one has none."""
    both = float((one * other).sum(dtype=np.int64))
    return float(both / np.sqrt(max(float(np.count_nonzero(one)) * float(np.count_nonzero(other)), 1.0)))


def _meet(a: Box, b: Box) -> bool:
    return min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1])


def _levels(pixels: Pixels) -> Levels:
    levels = np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(levels, cv2.COLOR_GRAY2RGB) if levels.shape[2] == 1 else levels, np.uint8)
