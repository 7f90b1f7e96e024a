"""How a mask is written on the command line and in a manifest's cell."""

from __future__ import annotations

import re
from collections.abc import Callable

from pydantic import ValidationError

from tasks.errors import BadRequest
from tasks.intents import (
    MaskBoxes,
    MaskClick,
    MaskColourKey,
    MaskFile,
    MaskObjectBox,
    MaskPolygons,
    MaskSpec,
    MaskWords,
    Points,
)

FORMS = """\
box:X0,Y0,X1,Y1          a box in pixels, half open; several: box:10,20,200,120;300,20,400,90
poly:X,Y X,Y X,Y …       a closed polygon; several: poly:10,10 50,10 50,60;80,80 90,80 90,95
key:#RRGGBB~TOLERANCE    every pixel near a colour, such as key:#00ff00~24
object:X0,Y0,X1,Y1       the outline of the object in a box; several: object:10,20,200,120;300,20,400,90
click:X,Y X,Y …          the outline of the object at these points
                         either may go on with on:X,Y … (on the object) and off:X,Y … (not on it)
words:WORDS              the outlines of what the words name, such as words:the red mug
PATH                     a picture of the same size, white where the edit goes, such as mask.png"""
"""What `parse_mask` takes."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,9}")
_MARK = re.compile(r"\b(on|off):")


def parse_mask(text: str) -> MaskSpec:
    """The mask that `text` describes: see FORMS. Anything without a known prefix is a file's path, taken as it is.

    Raises BadRequest, showing the accepted forms, when the text is empty or what follows a prefix cannot be read."""
    prefix, colon, rest = text.partition(":")
    reader = _READERS.get(prefix.strip().lower()) if colon else None
    try:
        return reader(rest) if reader else _file(text)
    except (ValueError, ValidationError) as fault:
        raise BadRequest(f"cannot read the mask {text!r}", cure=f"write one of\n{FORMS}") from fault


def _file(text: str) -> MaskFile:
    if not text.strip():
        raise ValueError("empty")
    return MaskFile(path=text)


def _boxes(text: str) -> MaskBoxes:
    boxes = [_integers(part) for part in _parts(text, "box:")]
    return MaskBoxes.model_validate({"boxes": boxes})


def _polygons(text: str) -> MaskPolygons:
    polygons = [tuple(_integers(vertex, 2) for vertex in part.split()) for part in _parts(text, "poly:")]
    if any(len(polygon) < 3 for polygon in polygons):
        raise ValueError("fewer than three vertices")
    return MaskPolygons.model_validate({"polygons": polygons})


def _key(text: str) -> MaskColourKey:
    colour, tilde, tolerance = (part.strip() for part in text.partition("~"))
    if not tilde:
        return MaskColourKey(colour=colour)
    return MaskColourKey(colour=colour, tolerance=_integers(tolerance, 1)[0])


def _objects(text: str) -> MaskObjectBox:
    boxes, on, off = _with_points(text)
    return MaskObjectBox.model_validate({
        "boxes": [_integers(part) for part in _parts(boxes, "object:")], "on": on, "off": off
    })  # fmt: skip


def _clicks(text: str) -> MaskClick:
    first, more, off = _with_points(text)
    return MaskClick(on=(*_points(first), *more), off=off)


def _words(text: str) -> MaskWords:
    return MaskWords(words=" ".join(text.split()))


def _with_points(text: str) -> tuple[str, Points, Points]:
    """What stands before `on:` and `off:`, and the points after each."""
    before, *rest = _MARK.split(text)
    found: dict[str, Points] = {"on": (), "off": ()}
    for mark, points in zip(rest[::2], rest[1::2], strict=True):
        found[mark] = (*found[mark], *_points(points))
    return before, found["on"], found["off"]


def _points(text: str) -> Points:
    return tuple((x, y) for x, y in (_integers(point, 2) for point in text.replace(";", " ").split()))


_READERS: dict[str, Callable[[str], MaskSpec]] = {
    "box": _boxes, "poly": _polygons, "key": _key, "object": _objects, "click": _clicks, "words": _words,
}  # fmt: skip


def _parts(text: str, prefix: str) -> list[str]:
    """Split at `;`; each part may repeat the prefix."""
    return [part.strip().removeprefix(prefix) for part in text.split(";")]


def _integers(text: str, count: int = 4) -> tuple[int, ...]:
    numbers = [number.strip() for number in text.split(",")]
    if len(numbers) != count or not all(_INTEGER.fullmatch(number) for number in numbers):
        raise ValueError(f"expected {count} whole numbers, got {text!r}")
    return tuple(int(number) for number in numbers)
