"""`STAGE=ID` and `STAGE.NAME=VALUE`, as the command line and manifest cells write them."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Sequence
from typing import Literal, cast, get_args

from tasks.errors import BadRequest
from tasks.intents import Coordinates
from tasks.plan import STAGES, Value

TextChoice = Literal["overlay", "scene", "all"]


def one_of(what: str, value: str, allowed: Sequence[str]) -> str:
    """`value` when it is allowed; BadRequest names what is, otherwise."""
    if value not in allowed:
        near = difflib.get_close_matches(value, allowed, n=1)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise BadRequest(f"{what} {value!r} is not known{meant}", cure=f"one of {', '.join(allowed)}")
    return value


def parse_text(text: str) -> TextChoice:
    """Which text to remove. BadRequest for an unknown word, naming the nearest."""
    return cast(TextChoice, one_of("text", text, get_args(TextChoice)))


def parse_engines(pairs: Iterable[str]) -> dict[str, str]:
    """`["generation=telea"]` to `{"generation": "telea"}`; blank entries are passed over. BadRequest otherwise."""
    engines: dict[str, str] = {}
    for pair in pairs:
        if not pair.strip():
            continue
        stage, equals, engine = pair.strip().partition("=")
        if not (equals and engine):
            raise BadRequest(
                f"{pair!r} does not name an engine", cure="write STAGE=ID, such as generation=telea"
            )
        engines[_stage(stage)] = engine
    return engines


def parse_params(pairs: Iterable[str]) -> dict[str, dict[str, Value]]:
    """`["blending.feather=5"]` to `{"blending": {"feather": 5}}`; whole numbers, decimals, true and false are typed."""
    params: dict[str, dict[str, Value]] = {}
    for pair in pairs:
        if not pair.strip():
            continue
        name, equals, value = pair.strip().partition("=")
        stage, dot, parameter = name.partition(".")
        if not (equals and dot and parameter):
            raise BadRequest(
                f"{pair!r} is no parameter", cure="write STAGE.NAME=VALUE, such as blending.feather=5"
            )
        params.setdefault(_stage(stage), {})[parameter] = _value(value)
    return params


def parse_boxes(texts: Iterable[str]) -> tuple[Coordinates, ...]:
    """`["1,2,30,40"]` to `((1, 2, 30, 40),)`; a text may hold several with `;` between. BadRequest otherwise."""
    parts = [part.strip() for text in texts for part in text.split(";")]
    boxes = []
    for part in filter(None, parts):
        try:
            x0, y0, x1, y1 = (int(side) for side in part.split(","))
        except ValueError as error:
            cure = "write X0,Y0,X1,Y1 in pixels of the source, such as 10,20,200,120"
            raise BadRequest(f"{part!r} is no box to protect", cure=cure) from error
        boxes.append((x0, y0, x1, y1))
    return tuple(boxes)


def _stage(name: str) -> str:
    if name not in STAGES:
        raise BadRequest(f"there is no stage {name!r}", cure=f"the stages are {', '.join(STAGES)}")
    return name


def _value(text: str) -> Value:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        return number if isinstance(number, int) or math.isfinite(number) else text
    return text
