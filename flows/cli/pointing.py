"""Options that point at an object instead of giving its mask, written as `--mask` would have them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from tasks.errors import BadRequest

ObjectBox = Annotated[
    list[str] | None,
    typer.Option(
        "--object-box", metavar="X0,Y0,X1,Y1", help="A box around the object; its outline is drawn for you."
    ),
]
Click = Annotated[
    list[str] | None,
    typer.Option("--click", metavar="X,Y", help="A point on the object; several are the same object's."),
]
ClickOff = Annotated[
    list[str] | None,
    typer.Option("--click-off", metavar="X,Y", help="A point beside the object, to be left alone."),
]
Object = Annotated[
    str, typer.Option("--object", metavar="WORDS", help="The object in words; needs a detector's weights.")
]


def mask_text(
    mask: str, boxes: Sequence[str] | None, on: Sequence[str] | None, off: Sequence[str] | None, words: str
) -> str:
    """The mask in the syntax of `--mask`; empty where nothing was given. BadRequest for more than one way at once."""
    given = [
        name for name, there in (
            ("--mask", bool(mask)), ("--object", bool(words)), ("--object-box", bool(boxes)),
            ("--click", bool(on)), ("--click-off", bool(off)),
        ) if there
    ]  # fmt: skip
    alone = [name for name in given if name in ("--mask", "--object")]
    if alone and len(given) > 1:
        raise BadRequest(
            f"{' and '.join(given)} were given together",
            cure="give a mask, or words, or a box with clicks, or clicks",
        )
    if given == ["--click-off"]:
        raise BadRequest(
            "--click-off alone says only what is not meant", cure="add --click X,Y or --object-box"
        )
    if words:
        return f"words:{words}"
    if boxes:
        return f"object:{';'.join(boxes)}{_points('on', on)}{_points('off', off)}"
    return f"click:{' '.join(on)}{_points('off', off)}" if on else mask


def _points(mark: str, points: Sequence[str] | None) -> str:
    return f" {mark}:{' '.join(points)}" if points else ""
