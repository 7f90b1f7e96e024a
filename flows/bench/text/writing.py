"""Chooses where an overlay stands, how large it is and in which colour, so that a person could read it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from flows.bench.text.faces import Face, faces
from flows.bench.text.lettering import Caption, Colour, Polygon, text_width

Levels = NDArray[np.uint8]
_TRIES = 80
_READABLE = 80
"""Levels of contrast that a designer would not go below, outline or not."""
_LIGHT: tuple[Colour, ...] = (
    (255, 255, 255),
    (255, 244, 214),
    (255, 236, 90),
    (236, 240, 255),
    (250, 250, 250),
)
_DARK: tuple[Colour, ...] = ((0, 0, 0), (24, 24, 28), (60, 16, 20), (12, 30, 80), (40, 40, 40))
PLATES: tuple[Colour, ...] = (
    (204, 24, 36),
    (255, 214, 40),
    (20, 60, 110),
    (16, 120, 60),
    (250, 250, 250),
    (20, 20, 22),
)


def pick(rng: np.random.Generator, choices: Sequence[str]) -> str:
    """One of the choices."""
    return choices[int(rng.integers(len(choices)))]


def face(rng: np.random.Generator, style: str) -> Face:
    """One of the style's faces at hand."""
    known = faces(style)
    return known[int(rng.integers(len(known)))]


def fitted(text: str, kind: Face, size: float, room: float) -> int:
    """The size, made smaller until the text is at most `room` px wide."""
    wanted = round(size)
    return max(min(wanted, int(wanted * room / text_width(text, kind, wanted))), 9)


def placed(
    picture: Levels, text: str, kind: Face, size: int, rng: np.random.Generator, *,
    light: bool | None = None, avoid: tuple[Polygon, ...] = (), slack: float = 0.6,
) -> tuple[float, float, Colour]:  # fmt: skip
    """Centre and colour: the first of some random places where the text stands out well, or that where it does best.

    light: light or dark text; None for either. avoid: outlines it must not touch; slack: room about it, in sizes."""
    height, width = picture.shape[:2]
    half_w, half_h = text_width(text, kind, size) / 2 + slack * size, size * (0.6 + slack)
    tried: list[tuple[float, float, float, Colour]] = []
    for _ in range(_TRIES):
        x = float(rng.uniform(min(half_w, width / 2), max(width - half_w, width / 2 + 1)))
        y = float(rng.uniform(min(half_h, height / 2), max(height - half_h, height / 2 + 1)))
        bright = bool(rng.integers(0, 2)) if light is None else light
        palette = _LIGHT if bright else _DARK
        colour = palette[int(rng.integers(len(palette)))]
        box = (x - half_w, y - half_h, x + half_w, y + half_h)
        if not any(_meets(box, outline) for outline in avoid):
            tried.append((_contrast(picture, box, colour), x, y, colour))
            if tried[-1][0] >= _READABLE:
                break
    _, x, y, colour = max(tried) if tried else (0.0, width / 2, height - half_h, _LIGHT[0])
    return x, y, colour


def _contrast(picture: Levels, box: tuple[float, float, float, float], colour: Colour) -> float:
    """Levels between the colour and the part of the box that is nearest to it, but for a twentieth."""
    off = _under(picture, box).astype(np.float32).mean(axis=2) - sum(colour) / 3
    return float(np.quantile(np.abs(off), 0.05))


def caption(
    picture: Levels, text: str, style: str, rng: np.random.Generator, *, size: tuple[float, float] = (22, 44),
    light: bool | None = None, avoid: tuple[Polygon, ...] = (), slack: float = 0.6, **more: object,
) -> Caption:  # fmt: skip
    """A caption that fits the picture; `more` are further fields of it."""
    kind = face(rng, style)
    chosen = fitted(text, kind, float(rng.uniform(*size)), picture.shape[1] * 0.86)
    x, y, colour = placed(picture, text, kind, chosen, rng, light=light, avoid=avoid, slack=slack)
    fields = {"colour": colour, "fine": 4 if rng.integers(0, 2) else 1, **more}
    return Caption(text, kind, chosen, x, y, **fields)  # type: ignore[arg-type]


def against(colour: Colour) -> Colour:
    """Black for a light colour, white for a dark one."""
    return (0, 0, 0) if sum(colour) > 382 else (255, 255, 255)


def _under(picture: Levels, box: tuple[float, float, float, float]) -> Levels:
    x0, y0, x1, y1 = (max(round(value), 0) for value in box)
    return picture[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]


def _meets(box: tuple[float, float, float, float], outline: Polygon) -> bool:
    low, high = outline.min(axis=0) - 16, outline.max(axis=0) + 16
    return bool(box[0] < high[0] and box[2] > low[0] and box[1] < high[1] and box[3] > low[1])
