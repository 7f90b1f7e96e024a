"""The kinds of case, each a recipe from a seeded generator, and how many of each make the fixed mix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from flows.bench.text import grounds, words
from flows.bench.text.case import Case, File, compose
from flows.bench.text.lettering import Caption, Polygon
from flows.bench.text.scene import printed
from flows.bench.text.writing import PLATES, against, caption, pick
from flows.demo.split import Side

Levels = NDArray[np.uint8]
Rng = np.random.Generator
Captions = Callable[[Levels, Rng], tuple[Caption, ...]]
_LEAST_SEEN: Final = 26.0
"""Levels that a semi-transparent overlay must differ by from the mean of its ground, so that a person would mind it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of the mix."""

    name: str
    full: int
    quick: int
    ground: str
    """`photo`, `flat`, `gradient` or `screen`."""
    write: Captions
    jpeg: tuple[int, int] | None = None
    """Lowest and highest quality."""
    scene: bool = False
    style: str = "plain"
    """Faces it cannot do without."""


def make(kind: Kind, n: int, side: Side, rng: Rng) -> Case:
    """The n-th case of a kind."""
    truth = _ground(kind, n, side, rng)
    scene: tuple[Polygon, ...] = ()
    if kind.scene:
        truth, scene = printed(truth, rng)
    written = kind.write(truth, rng) if not kind.scene else _beside(kind, truth, scene, rng)
    file = File(int(rng.integers(kind.jpeg[0], kind.jpeg[1] + 1)), 2 if n % 2 else 0) if kind.jpeg else File()
    return compose(f"{kind.name}-{n:02d}", kind.name, truth, written, file, scene)


def _ground(kind: Kind, n: int, side: Side, rng: Rng) -> Levels:
    if kind.ground == "photo":
        # every kind begins elsewhere among the photographs
        return grounds.photo(rng, side, n + 5 * [k.name for k in KINDS].index(kind.name))
    if kind.ground == "screen":
        return grounds.dithered(rng, n) if n % 3 == 2 else grounds.screen(rng, n)
    return grounds.flat(rng, n) if kind.ground == "flat" else grounds.gradient(rng, n)


def _slogan(p: Levels, r: Rng) -> tuple[Caption, ...]:
    made = caption(p, pick(r, words.SLOGANS), "bold", r, size=(30, 52))
    return (replace(made, outline=int(r.integers(1, 4)), outline_colour=against(made.colour)),)


def _light(p: Levels, r: Rng) -> tuple[Caption, ...]:
    return (caption(p, pick(r, words.SLOGANS + words.CAPTIONS), "plain", r, light=True),)


def _dark(p: Levels, r: Rng) -> tuple[Caption, ...]:
    return (caption(p, pick(r, words.SLOGANS + words.CAPTIONS), "plain", r, light=False),)


def _either(p: Levels, r: Rng) -> tuple[Caption, ...]:
    return (caption(p, pick(r, words.SLOGANS + words.CAPTIONS), "plain", r),)


def _shadow(p: Levels, r: Rng) -> tuple[Caption, ...]:
    made = caption(p, pick(r, words.SLOGANS), "bold", r, size=(28, 48))
    if r.integers(0, 3):
        return (replace(made, shadow=float(r.uniform(0.4, 0.9))),)
    return (replace(made, glow=float(r.uniform(0.4, 0.8)), outline_colour=against(made.colour)),)


def _plate(p: Levels, r: Rng) -> tuple[Caption, ...]:
    plate = PLATES[int(r.integers(len(PLATES)))]
    banner = not r.integers(0, 4)
    made = caption(p, pick(r, words.SLOGANS + words.PRICES), "bold", r, size=(20, 40), slack=1.2)
    return (replace(made, plate=plate, colour=against(plate), banner=banner),)


def _semi(p: Levels, r: Rng) -> tuple[Caption, ...]:
    made = caption(p, pick(r, words.URLS), "bold" if r.integers(0, 2) else "plain", r, size=(24, 54))
    return (visible(p, replace(made, opacity=float(r.uniform(0.2, 0.7)))),)


def visible(picture: Levels, made: Caption) -> Caption:
    """The caption, no more transparent than a person can see it on this ground, 0.7 at most."""
    x, y, by = round(made.x), round(made.y), made.size
    around = picture[max(y - by, 0) : y + by, max(x - 3 * by, 0) : x + 3 * by].reshape(-1, 3).mean(axis=0)
    contrast = float(np.abs(np.asarray(made.colour) - around).mean())
    return replace(made, opacity=min(max(made.opacity, _LEAST_SEEN / max(contrast, 1.0)), 0.7))


def _rotated(p: Levels, r: Rng) -> tuple[Caption, ...]:
    made = caption(p, pick(r, words.SLOGANS), "bold", r, size=(24, 38), slack=2.0)
    angle = float(r.uniform(6, 40)) * (1 if r.integers(0, 2) else -1)
    return (
        replace(
            made, angle=angle, outline=int(r.integers(0, 3)), outline_colour=against(made.colour), fine=4
        ),
    )


def _curved(p: Levels, r: Rng) -> tuple[Caption, ...]:
    made = caption(p, pick(r, words.SLOGANS), "bold", r, size=(22, 32), slack=1.8)
    return (replace(made, bend=float(r.uniform(90, 170)), fine=4),)


def _plainly(texts: tuple[str, ...], style: str, low: float, high: float) -> Captions:
    def write(p: Levels, r: Rng) -> tuple[Caption, ...]:
        made = caption(p, pick(r, texts), style, r, size=(low, high))
        outline = int(r.integers(0, 3)) if high >= 30 and style not in ("thin", "plain") else 0
        return (replace(made, outline=outline, outline_colour=against(made.colour)),)

    return write


def _small(p: Levels, r: Rng) -> tuple[Caption, ...]:
    return (caption(p, pick(r, words.CAPTIONS + words.URLS), "plain", r, size=(12, 16)),)


def _two(p: Levels, r: Rng) -> tuple[Caption, ...]:
    """A headline and a smaller line below it."""
    first = caption(p, pick(r, words.SLOGANS), "bold", r, size=(22, 36), slack=1.8)
    second = replace(
        first, text=pick(r, words.CAPTIONS), size=max(first.size // 2, 12), y=first.y + first.size * 1.3
    )
    return (first, second)


def _beside(kind: Kind, p: Levels, scene: tuple[Polygon, ...], r: Rng) -> tuple[Caption, ...]:
    if not kind.name.endswith("overlay"):
        return ()
    made = caption(p, pick(r, words.SLOGANS + words.URLS), "bold", r, size=(20, 32), avoid=scene)
    return (replace(made, outline=int(r.integers(0, 3)), outline_colour=against(made.colour)),)


KINDS: Final = (
    Kind("slogan", 18, 2, "photo", _slogan),
    Kind("light on dark", 16, 2, "photo", _light),
    Kind("dark on light", 16, 2, "photo", _dark),
    Kind("shadow or glow", 18, 2, "photo", _shadow),
    Kind("plate or banner", 18, 2, "photo", _plate),
    Kind("semi-transparent", 24, 3, "photo", _semi),
    Kind("semi-transparent jpeg", 20, 2, "photo", _semi, jpeg=(80, 95)),
    Kind("rotated", 14, 2, "photo", _rotated),
    Kind("curved", 14, 2, "photo", _curved),
    Kind("thin", 14, 2, "photo", _plainly(words.CAPTIONS + words.URLS, "thin", 20, 36), style="thin"),
    Kind("heavy", 14, 1, "photo", _plainly(words.SLOGANS, "heavy", 40, 66), style="heavy"),
    Kind("small", 16, 2, "photo", _small),
    Kind("cjk", 16, 2, "photo", _plainly(words.CJK, "cjk", 24, 48), style="cjk"),
    Kind("cyrillic", 16, 1, "photo", _plainly(words.CYRILLIC, "cyrillic", 22, 42), style="cyrillic"),
    Kind("digits", 14, 1, "photo", _plainly(words.PRICES, "bold", 26, 52), style="bold"),
    Kind("jpeg", 20, 2, "photo", _slogan, jpeg=(75, 95)),
    Kind("flat", 14, 1, "flat", _two),
    Kind("gradient", 14, 1, "gradient", _two),
    Kind("screenshot", 18, 2, "screen", _either),
    Kind("print", 18, 3, "photo", lambda p, r: (), scene=True),
    Kind("print and overlay", 20, 3, "photo", lambda p, r: (), scene=True),
)  # fmt: skip
"""332 cases in full, before the repeated ones. Kinds without an overlay weigh nothing in the PSNR."""
