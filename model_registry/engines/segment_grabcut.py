"""Role `segment` without a network: GrabCut on a bounded copy, then its rim decided again at full size.

GrabCut (Rother, Kolmogorov and Blake, 2004): colours of object and surroundings as two mixtures of Gaussians, the outline as
a minimum cut, in turn until they agree. Where only points are given, it starts from what is nearer to them than to the
picture's border along paths that avoid edges (geodesic matting, Bai and Sapiro, 2007).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import Hole, Params
from model_registry.engines.segment_contract import Levels, ObjectPrompt
from model_registry.engines.segment_geodesic import nearer_to_points
from model_registry.engines.segment_mixtures import likelier

Labels = NDArray[np.uint8]
DITHER = 2
"""Levels. On grounds without any noise, such as white studio ones, OpenCV's minimum cut has countless equal ways and takes
minutes; with a little it takes a second or two."""
SPECK = 0.05
"""Pieces smaller than this share of the largest one are not the object, unless pointed at."""
GAP = 0.03
"""Holes smaller than this share of the object belong to it: glints and prints."""


class GrabCut:
    """Deterministic: its random numbers start from the same seed at every call."""

    def segment(self, image: Levels, prompt: ObjectPrompt, *, params: Params) -> Hole:
        """The object's pixels, H×W bool, in one piece or a few; all false where the colours do not part.

        params: `pixels`, the size it works at; `rounds`, of cutting and learning. Work is bounded by `pixels` and, at full
        size, by the length of the rim."""
        height, width = image.shape[:2]
        scale = min(1.0, (float(params["pixels"]) / (height * width)) ** 0.5)
        small, asked = _reduced(image, prompt, scale)
        labels = _start(small, asked)
        if not _both_sides(labels):
            return np.zeros((height, width), np.bool_)
        surroundings, thing = np.zeros((1, 65)), np.zeros((1, 65))
        cv2.setRNGSeed(1)  # the mixtures begin with k-means, which draws
        cut = cv2.grabCut(
            _dithered(small),
            labels,
            (0, 0, 1, 1),
            surroundings,
            thing,
            int(params["rounds"]),
            cv2.GC_INIT_WITH_MASK,
        )[0]
        found = _tidied((cut == cv2.GC_FGD) | (cut == cv2.GC_PR_FGD), asked)
        if scale == 1.0 or not found.any():
            return found
        return _enlarged(image, found, 1 / scale, surroundings, thing)


def _reduced(image: Levels, prompt: ObjectPrompt, scale: float) -> tuple[Levels, ObjectPrompt]:
    if scale == 1.0:
        return np.ascontiguousarray(image), prompt
    height, width = image.shape[:2]
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    fx, fy = size[0] / width, size[1] / height

    def moved(points: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
        return tuple((min(int(x * fx), size[0] - 1), min(int(y * fy), size[1] - 1)) for x, y in points)

    box = prompt.box
    if box is not None:
        box = (int(box[0] * fx), int(box[1] * fy), -int(-box[2] * fx // 1), -int(-box[3] * fy // 1))
    return small, ObjectPrompt(box, moved(prompt.on), moved(prompt.off), prompt.ends)


def _start(image: Levels, prompt: ObjectPrompt) -> Labels:
    """What GrabCut is told: certain surroundings, probable object, certain points."""
    height, width = image.shape[:2]
    if prompt.box is not None:
        labels = np.full((height, width), cv2.GC_BGD, np.uint8)
        x0, y0, x1, y1 = prompt.box
        labels[y0:y1, x0:x1] = cv2.GC_PR_FGD
    else:
        near = nearer_to_points(image, prompt)
        labels = np.where(near, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
        labels[_frame(labels.shape, prompt)] = cv2.GC_BGD
    radius = max(1, round(0.01 * min(height, width)))
    for points, label in ((prompt.off, cv2.GC_BGD), (prompt.on, cv2.GC_FGD)):
        for x, y in points:
            cv2.circle(labels, (x, y), radius, (label,), -1)
    return labels


def _dithered(image: Levels) -> Levels:
    """With up to DITHER levels of noise, the same for every picture of a size."""
    noise = np.random.default_rng(1).integers(-DITHER, DITHER + 1, image.shape, dtype=np.int16)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def _frame(shape: tuple[int, ...], prompt: ObjectPrompt) -> Hole:
    """The outermost pixels, where the whole picture goes on beyond."""
    edge = np.zeros(shape, np.bool_)
    left, top, right, bottom = prompt.ends
    edge[:, :1] |= not left
    edge[:1] |= not top
    edge[:, -1:] |= not right
    edge[-1:] |= not bottom
    return edge


def _both_sides(labels: Labels) -> bool:
    thing = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    return bool(thing.sum() >= 5 and (~thing).sum() >= 5)  # each mixture needs its five colours


def _tidied(found: Hole, prompt: ObjectPrompt) -> Hole:
    """Without specks, its small gaps filled. Where points are given, only pieces that hold one."""
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(found.astype(np.uint8), connectivity=4)
    if count == 1:
        return found
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    pointed = {int(pieces[y, x]) for x, y in prompt.on} - {0}
    if pointed and prompt.box is None:
        kept = pointed
    else:
        kept = pointed | {int(n) for n in np.flatnonzero(areas >= SPECK * areas.max()) if n}
    thing = np.isin(pieces, sorted(kept))
    return _filled(thing, GAP * float(thing.sum()), prompt)


def _filled(thing: Hole, most: float, prompt: ObjectPrompt) -> Hole:
    count, gaps, stats, _ = cv2.connectedComponentsWithStats((~thing).astype(np.uint8), connectivity=4)
    small = {n for n in range(1, count) if stats[n, cv2.CC_STAT_AREA] <= most}
    small -= {int(gaps[y, x]) for x, y in prompt.off}
    return np.asarray(thing | np.isin(gaps, sorted(small)))


def _enlarged(
    image: Levels, found: Hole, factor: float, surroundings: NDArray[np.float64], thing: NDArray[np.float64]
) -> Hole:
    """At the picture's own size; pixels whose side the small copy leaves open are decided by the two mixtures."""
    height, width = image.shape[:2]
    grown = cv2.resize(found.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    out = np.asarray(grown > 0.5)
    reach = 2 * int(np.ceil(factor)) + 1
    around = np.ones((reach, reach), np.uint8)
    levels = out.astype(np.uint8)
    rim = (cv2.dilate(levels, around) != cv2.erode(levels, around)) & (grown > 0.02) & (grown < 0.98)
    ys, xs = np.nonzero(rim)
    colours = cv2.GaussianBlur(image, (3, 3), 0)[ys, xs].astype(np.float64)
    leaning = np.zeros((height, width), np.float32)
    leaning[ys, xs] = np.clip(likelier(colours, thing, surroundings), -3, 3) + 4 * (grown[ys, xs] - 0.5)
    even = cv2.GaussianBlur(leaning, (0, 0), 1.0)
    out[ys, xs] = even[ys, xs] > 0
    return out
