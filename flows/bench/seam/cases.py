"""What bench `seam` blends: a photograph, an object over it, the hole to remove it by, and an imperfect fill, all from a seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.bench.cuttings import Levels, Rng, Zone, square_of
from flows.bench.seam.fills import FAULTS, faulty
from flows.bench.text.grounds import photographs
from flows.demo.split import Side

Form = Literal["whole", "hole"]

SEED: Final = 20251124
SIDE: Final = 224
"""Of the picture, px."""
SHAPES: Final = ("stroke", "letters", "box", "blob", "parts")
WIDTHS: Final = (4, 6, 9, 14)
"""Of strokes, px, in turn."""
FORMS: Final[tuple[Form, ...]] = ("whole", "hole")
COUNT: Final = {True: 60, False: 500}
"""Holes, quick and in full."""
_EDGE, _FINE = 20, 4


@dataclass(frozen=True, slots=True)
class Case:
    """One hole."""

    id: str
    shape: str
    width: int
    """Of a stroke, px; 0 for other shapes."""
    fault: str
    form: Form
    """Whether the fill is a `whole` new picture, as networks give it, or the picture itself outside the `hole`."""
    truth: Levels
    """SIDE×SIDE×3: the photograph."""
    pictures: tuple[Levels, Levels]
    """The photograph with the object over it, and with another of the same outline: what leaks of either differs."""
    hole: Zone
    """Every pixel that the object touches."""
    fill: Levels


def cases(count: int, side: Side) -> Iterator[Case]:
    """The first `count` cases; shapes, faults, forms and photographs take turns. The same ones at every call."""
    pictures = photographs(side)
    for n in range(count):
        rng = np.random.default_rng((SEED, n))
        name, picture = pictures[n % len(pictures)]
        shape = SHAPES[n % len(SHAPES)]
        turn = n // len(SHAPES)
        fault, form = FAULTS[turn % len(FAULTS)], FORMS[turn // len(FAULTS) % 2]
        width = WIDTHS[turn % len(WIDTHS)] if shape == "stroke" else 0
        truth = square_of(picture, SIDE, rng, 0.4)
        cover = _cover(shape, width, rng)
        hole = cover > 0
        made = faulty(truth, hole, fault, rng)
        fill = made if form == "whole" else np.where(hole[..., None], made, truth)
        over = _laid(truth, cover, rng)
        yield Case(f"{n:03d}-{name[:12]}", shape, width, fault, form, truth, over, hole, fill)


def _laid(truth: Levels, cover: NDArray[np.float32], rng: Rng) -> tuple[Levels, Levels]:
    """A shaded object of a colour unlike the ground, and the same in a colour unlike that one."""
    inside = cover > 0
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32) / SIDE
    shading = (rng.uniform(-30, 30) * y + rng.uniform(-30, 30) * x + rng.normal(0, 4, (SIDE, SIDE)))[
        ..., None
    ]
    away = np.where(truth[inside].mean(axis=0) < 128, 1.0, -1.0)
    first = np.clip(128 + away * rng.uniform(60, 120, 3), 0, 255)
    shown = [
        np.rint(truth + cover[..., None] * (np.clip(colour + shading, 0, 255) - truth)).astype(np.uint8)
        for colour in (first, (first + 128) % 256)
    ]
    return shown[0], shown[1]


def _cover(shape: str, width: int, rng: Rng) -> NDArray[np.float32]:
    """SIDE×SIDE: how much of each pixel the object covers."""
    page = np.zeros((SIDE * _FINE, SIDE * _FINE), np.uint8)
    draw = {"stroke": _stroke, "letters": _letters, "box": _box, "blob": _blob, "parts": _parts}[shape]
    draw(page, width, rng)
    small = cv2.resize(page, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) / np.float32(255)


def _stroke(page: Levels, width: int, rng: Rng) -> None:
    start = rng.integers(60, SIDE - 60, 2)
    walk = np.clip(np.cumsum(rng.integers(-40, 41, (5, 2)), axis=0) + start, _EDGE, SIDE - _EDGE)
    cv2.polylines(page, [(walk * _FINE).astype(np.int32)], False, (255,), width * _FINE)


def _letters(page: Levels, width: int, rng: Rng) -> None:
    text = "".join(rng.choice(list("ABEGHKMNRSW2358"), 4))
    at = (int(rng.integers(20, 40)) * _FINE, int(rng.integers(80, 180)) * _FINE)
    size, thick = float(rng.uniform(1.6, 2.4)), int(rng.integers(4, 9))
    cv2.putText(page, text, at, cv2.FONT_HERSHEY_SIMPLEX, size * _FINE, (255,), thick * _FINE)


def _box(page: Levels, width: int, rng: Rng) -> None:
    half, centre = rng.integers(12, 56, 2), rng.integers(80, SIDE - 80, 2)
    first, second = ((centre + sign * half) * _FINE for sign in (-1, 1))
    cv2.rectangle(page, first.tolist(), (second - 1).tolist(), (255,), -1)


def _blob(page: Levels, width: int, rng: Rng) -> None:
    """A closed outline whose radius wanders."""
    angle = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    radius = rng.uniform(24, 56) * (
        1 + sum(rng.uniform(-0.5, 0.5) / k * np.sin(k * angle + rng.uniform(0, 6.3)) for k in (2, 3, 5))
    )
    centre = rng.uniform(96, SIDE - 96, 2)
    outline = centre[:, None] + np.clip(radius, 8, 76) * np.stack([np.cos(angle), np.sin(angle)])
    cv2.fillPoly(page, [(outline.T * _FINE).astype(np.int32)], (255,))


def _parts(page: Levels, width: int, rng: Rng) -> None:
    """A ring about what stays, and discs beside it."""
    centre = rng.integers(80, SIDE - 80, 2)
    cv2.circle(
        page,
        (centre * _FINE).tolist(),
        int(rng.integers(30, 52)) * _FINE,
        (255,),
        int(rng.integers(6, 16)) * _FINE,
    )
    for _ in range(3):
        cv2.circle(
            page,
            (rng.integers(30, SIDE - 30, 2) * _FINE).tolist(),
            int(rng.integers(4, 16)) * _FINE,
            (255,),
            -1,
        )
