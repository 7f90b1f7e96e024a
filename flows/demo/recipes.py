"""What a recipe of the catalogue is, and the ones without text: objects, enlargements, cleaning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.demo.files import PNG, FileFormat, Levels
from flows.demo.objects import badge, grown, pasted, scribbled
from flows.demo.photographs import (
    coffee_cup,
    coin,
    cropped,
    photograph,
    quantised,
    shrunk,
    tinted,
)
from tasks.contracts import Pixels
from tasks.intents import IntentKind, Rights

MAGENTA = "#ff00ff"


@dataclass(frozen=True, slots=True)
class Draft:
    """An item before it is written: integer levels, as displayed."""

    truth: Levels
    shown: Levels
    """What the catalogue holds."""
    mask: NDArray[np.bool_] | None = None
    """What the person asks to be edited, where a mask is given."""
    mask_spec: str = ""
    """How the manifest says so; empty = as a mask file."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one item is made."""

    id: str
    intent: IntentKind
    title: str
    """For people: what is special about it."""
    photographs: tuple[str, ...]
    """The background first, then what is pasted on it."""
    make: Callable[[], Draft]
    file: FileFormat = PNG
    scale: int = 1
    rights: Rights = "own"
    texts: tuple[str, ...] = ()
    """The overlaid lines, as drawn."""


def _coin() -> Draft:
    truth = tinted(cropped(photograph("brick"), (0, 0, 512, 420)), (44, 26, 20), (226, 168, 140))
    thing, cover = coin((244, 93, 297, 146), 25.0)
    size = (2 * thing.shape[1], 2 * thing.shape[0])
    thing = np.clip(cv2.resize(thing, size, interpolation=cv2.INTER_CUBIC), 0, 1)
    cover = np.clip(cv2.resize(cover, size, interpolation=cv2.INTER_LINEAR), 0, 1)
    shown = pasted(truth, thing, cover, 200, 150)
    return _object(truth, shown, grow=4)


def _cup() -> Draft:
    truth = tinted(photograph("grass"), (14, 24, 8), (196, 220, 124))
    cup, cover = coffee_cup()
    thing = shrunk(cup, 180, 120)
    shown = pasted(truth, thing, shrunk(cover[..., None], 180, 120)[..., 0], 150, 230, shadow=0.7)
    draft = _object(truth, shown, grow=5)
    hull = _outline(draft.mask)
    drawn = np.zeros(truth.shape[:2], dtype=np.uint8)
    cv2.fillPoly(drawn, [np.asarray(hull, dtype=np.int32)], (1,))
    return Draft(draft.truth, draft.shown, drawn > 0, "poly:" + " ".join(f"{x},{y}" for x, y in hull))


def _badge() -> Draft:
    truth = cropped(photograph("motorcycle"), (0, 100, 360, 500))
    thing, cover = badge(84)
    shown = pasted(truth, thing, cover, 250, 296, shadow=0.35)
    draft = _object(truth, shown, grow=2)
    assert draft.mask is not None
    rows, columns = np.flatnonzero(draft.mask.any(axis=1)), np.flatnonzero(draft.mask.any(axis=0))
    x0, y0, x1, y1 = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    mask = np.zeros_like(draft.mask)
    mask[y0:y1, x0:x1] = True
    return Draft(draft.truth, draft.shown, mask, f"box:{x0},{y0},{x1},{y1}")


def _marker() -> Draft:
    truth = cropped(photograph("rocket"), (90, 20, 602, 404))
    line = ((330, 118), (356, 92), (350, 140), (384, 104), (376, 152), (410, 118))
    shown = scribbled(truth, line, 9)
    draft = _object(truth, shown, grow=0)
    return Draft(draft.truth, draft.shown, draft.mask, f"key:{MAGENTA}")


def _object(truth: Pixels, shown: Pixels, *, grow: int) -> Draft:
    before, after = quantised(truth), quantised(shown)
    return Draft(before, after, grown((before != after).any(axis=2), grow))


def _outline(mask: NDArray[np.bool_] | None) -> list[tuple[int, int]]:
    """The mask's convex hull with few vertices, as a hand would draw it: within 3 px."""
    assert mask is not None
    hull = cv2.convexHull(cv2.findNonZero(mask.astype(np.uint8)))
    return [(int(x), int(y)) for x, y in cv2.approxPolyDP(hull, 3.0, True)[:, 0]]


def _smaller(truth: Pixels, scale: int) -> Draft:
    h, w = truth.shape[:2]
    return Draft(quantised(truth), quantised(shrunk(truth, w // scale, h // scale)))


def _portrait() -> Draft:
    return _smaller(cropped(photograph("astronaut"), (60, 0, 460, 320)), 2)


def _eye() -> Draft:
    return _smaller(shrunk(photograph("retina"), 480, 480), 3)


def _motorcycle() -> Draft:
    return _smaller(cropped(photograph("motorcycle"), (1, 0, 741, 500)), 4)


def _noisy() -> Draft:
    truth = photograph("coffee")
    noise = np.random.default_rng(20).normal(0, 5 / 255, truth.shape).astype(np.float32)
    return Draft(quantised(truth), quantised(truth + noise))


PLAIN_RECIPES: Final = (
    Recipe("object-coin", "remove_object", "coin on bricks, mask file", ("brick", "coins"), _coin),
    Recipe("object-cup", "remove_object", "cup on a lawn, polygon", ("grass", "coffee"), _cup),
    Recipe("object-badge", "remove_object", "round sticker, box", ("motorcycle",), _badge, rights="licensed"),
    Recipe("object-marker", "remove_object", "marker line, colour key", ("rocket",), _marker),
    Recipe("up2-portrait", "upscale", "x2 portrait", ("astronaut",), _portrait, scale=2),
    Recipe("up3-retina", "upscale", "x3 fine vessels", ("retina",), _eye, scale=3),
    Recipe("up4-motorcycle", "upscale", "x4 machine", ("motorcycle",), _motorcycle, scale=4),
    Recipe("clean-coffee", "clean", "noise, JPEG q30 4:2:0", ("coffee",), _noisy, FileFormat(".jpg", 30)),
)
