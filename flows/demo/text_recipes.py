"""The recipes of the pictures with overlay text: every kind of overlay and of file once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from flows.demo.files import PNG, FileFormat
from flows.demo.overlays import Caption, overlaid
from flows.demo.photographs import (
    backdrop,
    coffee_cup,
    cropped,
    photograph,
    quantised,
    shrunk,
    tinted,
)
from flows.demo.recipes import Draft, Recipe
from tasks.contracts import Pixels
from tasks.intents import Rights

_BRICK = ((44, 26, 20), (226, 168, 140))
_GRASS = ((14, 24, 8), (196, 220, 124))
_GRAVEL = ((30, 28, 26), (226, 216, 200))

_ON_CUP = Caption("ESPRESSO SET", 279, 340, 28, (255, 236, 200))


def _whole(name: str) -> Callable[[], Pixels]:
    return lambda: photograph(name)


def _part(name: str, x0: int, y0: int, x1: int, y1: int) -> Callable[[], Pixels]:
    return lambda: cropped(photograph(name), (x0, y0, x1, y1))


def _small(name: str, width: int, height: int) -> Callable[[], Pixels]:
    return lambda: shrunk(photograph(name), width, height)


def _grass() -> Pixels:
    return tinted(cropped(photograph("grass"), (60, 0, 444, 512)), *_GRASS)


def _studio() -> Pixels:
    """The cup on a seamless backdrop, with room for a line above and below."""
    cup, cover = coffee_cup()
    scene = backdrop(512, 600)
    scene[66:466] += cover[..., None] * (cup - scene[66:466])
    return scene


def _cutout() -> Draft:
    """The cup on transparency, its edge half transparent; the text stays on it and alpha is not touched."""
    cup, cover = coffee_cup()
    alpha = quantised(cover[..., None])
    flat = cup * (cover[..., None] > 0)
    truth, shown = quantised(flat), quantised(overlaid(flat, (_ON_CUP,)))
    return Draft(np.concatenate([truth, alpha], axis=2), np.concatenate([shown, alpha], axis=2))


def _draft(photo: Callable[[], Pixels], captions: tuple[Caption, ...], bits: int) -> Callable[[], Draft]:
    def make() -> Draft:
        truth = photo()
        return Draft(quantised(truth, bits), quantised(overlaid(truth, captions), bits))

    return make


def _text(
    name: str, title: str, source: str, photo: Callable[[], Pixels], *captions: Caption,
    file: FileFormat = PNG, bits: int = 8, rights: Rights = "own",
) -> Recipe:  # fmt: skip
    texts = tuple(caption.text for caption in captions)
    make = _draft(photo, captions, bits)
    return Recipe(f"text-{name}", "remove_text", title, (source,), make, file, rights=rights, texts=texts)


TEXT_RECIPES: Final = (
    _text(
        "slogan", "outlined slogan, JPEG q90 4:2:0", "rocket", _part("rocket", 60, 0, 600, 400),
        Caption("NEW ARRIVAL", 270, 92, 44, outline=3), file=FileFormat(".jpg", 90, 2),
    ),
    _text(
        "sale", "sticker on a plate, PNG", "chelsea", _whole("chelsea"),
        Caption("SALE -50%", 108, 258, 30, plate=(204, 24, 36)), rights="licensed",
    ),
    _text(
        "url", "half-transparent URL, JPEG q92 4:4:4", "coffee", _whole("coffee"),
        Caption("www.coffee-supply.com", 300, 368, 30, opacity=0.6), file=FileFormat(".jpg", 92, 0),
    ),
    _text(
        "shadow", "drop shadow, PNG 16 bit", "retina", _small("retina", 512, 512),
        Caption("Fundus plate 7", 262, 372, 34, shadow=0.75, font="DejaVuSerif-Bold"), bits=16,
    ),
    _text(
        "light", "light on dark, JPEG q95 4:4:4", "hubble", _small("hubble", 600, 523),
        Caption("Deep Sky Poster", 300, 452, 36, (232, 236, 255), font="DejaVuSans"),
        file=FileFormat(".jpg", 95, 0),
    ),
    _text(
        "dark", "dark on light, grey PNG", "camera", _whole("camera"),
        Caption("Studio tripods", 352, 66, 30, (30, 30, 30), font="DejaVuSerif"),
    ),
    _text(
        "rotated", "turned 18 degrees, PNG", "brick", lambda: tinted(photograph("brick"), *_BRICK),
        Caption("Clay pavers", 256, 262, 44, (255, 244, 214), angle=18, outline=2),
    ),
    _text(
        "studio", "on a flat studio backdrop, PNG", "coffee", _studio,
        Caption("Espresso cup, 80 ml", 300, 40, 32, (52, 50, 48), font="DejaVuSans"),
    ),
    _text(
        "caption", "small caption, JPEG q82 4:2:0", "astronaut", _part("astronaut", 0, 0, 512, 330),
        Caption("Space suit shown with helmet ring", 322, 303, 20, font="DejaVuSans", outline=1),
        file=FileFormat(".jpg", 82, 2),
    ),
    _text(
        "two", "two overlays, PNG", "motorcycle", _part("motorcycle", 0, 100, 360, 500),
        Caption("IN STOCK", 104, 40, 32, (255, 214, 40), outline=2),
        Caption("spare-parts.example", 200, 366, 24, opacity=0.8), rights="licensed",
    ),
    Recipe(
        "text-rgba", "remove_text", "transparent cut-out, RGBA PNG", ("coffee",), _cutout,
        texts=(_ON_CUP.text,),
    ),
    _text(
        "turned", "EXIF orientation 6, JPEG q88", "grass", _grass,
        Caption("LAWN SEED 5 kg", 192, 120, 34, (255, 255, 255), outline=2, outline_colour=(20, 50, 10)),
        file=FileFormat(".jpg", 88, 2, orientation=6),
    ),
    _text(
        "p3", "Display-P3 profile, JPEG q93 4:2:0", "chelsea", _part("chelsea", 20, 0, 451, 296),
        Caption("PREMIUM CAT FOOD", 232, 268, 28, (255, 240, 90), shadow=0.8),
        file=FileFormat(".jpg", 93, 2, p3=True),
    ),
    _text(
        "webp", "half-transparent plate, WebP q90", "gravel", lambda: tinted(photograph("gravel"), *_GRAVEL),
        Caption("Gravel 8-16 mm", 256, 430, 34, (250, 250, 250), plate=(20, 60, 110), plate_opacity=0.85),
        file=FileFormat(".webp", 90),
    ),
)  # fmt: skip
