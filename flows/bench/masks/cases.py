"""What bench `masks` looks at: an object of known outline over a photograph, and a mask that misses it by 0 to 6 px."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.bench.cuttings import Levels, Rng, Zone, square_of
from flows.bench.text.grounds import photographs
from flows.demo.split import Side

Fault = Literal["exact", "small", "big", "shifted"]

SEED: Final = 20261123
SIDE: Final = 288
"""Of the picture, px."""
SHAPES: Final = ("blob", "box", "ellipse", "angular", "label")
SURFACES: Final = ("plain", "photograph", "faint", "shadowed")
"""What the object looks like: shaded in a colour unlike the ground, a piece of another photograph, in a colour near the
ground's, or plain with a soft shadow beside it, which is no part of the mask."""
FAULTS: Final[tuple[tuple[Fault, int], ...]] = (
    ("exact", 0), *(("small", k) for k in range(1, 7)), *(("big", k) for k in range(1, 7)),
    *(("shifted", k) for k in range(1, 7)),
)  # fmt: skip
OBJECTS: Final = {True: 20, False: 100}
"""Objects, quick and in full; each with every fault."""
_FINE: Final = 4
_MARGIN: Final = 30


@dataclass(frozen=True, slots=True)
class Object:
    """A photograph with an object laid over it."""

    id: str
    shape: str
    surface: str
    truth: Levels
    """SIDE×SIDE×3: the photograph."""
    picture: Levels
    """The same with the object."""
    exact: Zone
    """Every pixel that the object touches."""
    turn: float
    """Direction in which a shifted mask is off, radians."""


def objects(count: int, side: Side) -> Iterator[Object]:
    """The first `count` objects; shapes, surfaces and photographs take turns. The same ones at every call."""
    pictures = photographs(side)
    for n in range(count):
        rng = np.random.default_rng((SEED, n))
        shape, surface = SHAPES[n % len(SHAPES)], SURFACES[n // len(SHAPES) % len(SURFACES)]
        name, picture = pictures[n % len(pictures)]
        other = pictures[(n + 1 + int(rng.integers(0, len(pictures) - 1))) % len(pictures)][1]
        truth = square_of(picture, SIDE, rng, 0.4)
        cover = _cover(shape, rng)
        thing = _surface(surface, truth, cover, square_of(other, SIDE, rng, 0.4), rng)
        if shape == "label":
            thing = _lettered(thing, cover)
        under = _shadowed(truth, cover) if surface == "shadowed" else truth.astype(np.float32)
        shown = np.rint(under + cover[..., None] * (thing - under)).astype(np.uint8)
        turn = float(rng.uniform(0, 2 * np.pi))
        yield Object(f"{n:03d}-{name[:12]}", shape, surface, truth, shown, cover > 0, turn)


def faulty(exact: Zone, fault: Fault, by: int, turn: float) -> Zone:
    """The mask, missed by `by` px: eroded, dilated (both round), or moved in the direction `turn`."""
    if fault == "exact":
        return exact.copy()
    if fault == "shifted":
        dx, dy = round(by * np.cos(turn)), round(by * np.sin(turn))
        move = np.array([[1, 0, dx], [0, 1, dy]], np.float64)
        return cv2.warpAffine(exact.astype(np.uint8), move, exact.shape[::-1], flags=cv2.INTER_NEAREST) > 0
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * by + 1, 2 * by + 1))
    change = cv2.erode if fault == "small" else cv2.dilate
    return np.asarray(change(exact.astype(np.uint8), disc) > 0)


def with_shadow(one: Object) -> Zone:
    """The object and all of its shadow that can be seen: what a careful person masks."""
    darker = np.abs(one.picture.astype(np.int16) - one.truth).max(axis=2) > 6
    both = (darker | one.exact).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(both, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)) > 0)


def _surface(
    kind: str, truth: Levels, cover: NDArray[np.float32], other: Levels, rng: Rng
) -> NDArray[np.float32]:
    """SIDE×SIDE×3 levels."""
    if kind == "photograph":
        return np.asarray(other, np.float32)
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32) / SIDE
    shading = rng.uniform(-30, 30) * y + rng.uniform(-30, 30) * x + rng.normal(0, 2, (SIDE, SIDE))
    ground = truth[cover > 0].mean(axis=0)
    away = np.where(ground < 128, 1.0, -1.0)
    if kind == "faint":
        colour = ground + away * rng.uniform(12, 30, 3)
    else:
        colour = np.where(rng.random(3) < 0.75, ground + away * rng.uniform(60, 120, 3), ground)
    return np.asarray(np.clip(colour + shading[..., None], 0, 255), np.float32)


def _lettered(thing: NDArray[np.float32], cover: NDArray[np.float32]) -> NDArray[np.float32]:
    """Like a sticker: a frame of another colour 8 px inside the rim, and a word."""
    inside = cv2.distanceTransform((cover > 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    ink = (inside > 8) & (inside <= 11)
    page = np.zeros(cover.shape, np.uint8)
    ys, xs = np.nonzero(cover > 0.5)
    cv2.putText(
        page, "SALE", (int(xs.mean()) - 34, int(ys.mean()) + 10), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (1,), 3
    )
    ink |= (page > 0) & (inside > 12)
    return np.asarray(np.where(ink[..., None], (thing + 128) % 256, thing), np.float32)


def _shadowed(truth: Levels, cover: NDArray[np.float32]) -> NDArray[np.float32]:
    moved = np.roll(cover, (5, 4), axis=(0, 1))
    fall = cv2.GaussianBlur(moved, (0, 0), 3.5)[..., None]
    return np.asarray(truth * (1 - np.float32(0.45) * fall), np.float32)


def _cover(shape: str, rng: Rng) -> NDArray[np.float32]:
    """SIDE×SIDE: how much of each pixel the object covers."""
    page = np.zeros((SIDE * _FINE, SIDE * _FINE), np.uint8)
    cv2.fillPoly(page, [np.rint(_outline(shape, rng) * _FINE).astype(np.int32)], (255,))
    small = cv2.resize(page, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) / np.float32(255)


def _outline(shape: str, rng: Rng) -> NDArray[np.float64]:
    """K×2 x,y of a closed outline that keeps clear of the picture's border."""
    lean = rng.uniform(0, np.pi)
    if shape in ("box", "label"):
        lean = rng.normal(0, 0.15)
        half = (
            rng.uniform(32, 80, 2) if shape == "box" else np.array([rng.uniform(60, 85), rng.uniform(28, 45)])
        )
        points = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
    elif shape == "angular":
        angle = np.sort(rng.uniform(0, 2 * np.pi, 7))
        points = rng.uniform(35, 85, (7, 1)) * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    else:
        angle = np.linspace(0, 2 * np.pi, 120, endpoint=False)
        radius = rng.uniform(30, 62) * np.ones_like(angle)
        if shape == "blob":
            for k in (2, 3, 5):
                radius = radius * (1 + rng.uniform(-0.4, 0.4) / k * np.sin(k * angle + rng.uniform(0, 6.3)))
        points = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        points = points * (np.array([1.0, rng.uniform(0.5, 1)]) if shape == "ellipse" else 1)
    rotation = np.array([[np.cos(lean), -np.sin(lean)], [np.sin(lean), np.cos(lean)]])
    points = points @ rotation.T
    least, most = -points.min(axis=0) + _MARGIN, SIDE - _MARGIN - points.max(axis=0)
    return np.asarray(points + rng.uniform(least, np.maximum(most, least + 1)))
