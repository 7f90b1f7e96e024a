"""The worst cases as one HTML file that asks the network for nothing: a sentence and a row of PNG crops each."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from numpy.typing import NDArray

Levels = NDArray[np.uint8]
Zone = NDArray[np.bool_]
_MARGIN, _LEAST_SIDE, _ENLARGED = 16, 240, 4


@dataclass(frozen=True, slots=True)
class Card:
    """One case."""

    title: str
    why: str
    pictures: Mapping[str, Levels]
    """Label to H×W×3, all of one size."""
    where: Zone
    """H×W: what is shown, with a margin."""


def write_page(path: Path, title: str, chosen: str, cards: Sequence[Card]) -> None:
    """The page. chosen: how the cases were chosen; cards: worst first."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, autoescape=True
    )
    shown = [(card.title, card.why, _crops(card)) for card in cards]
    text = environment.get_template("page.html.j2").render(title=title, chosen=chosen, cards=shown)
    path.write_text(text, encoding="utf-8")


def enlarged_difference(a: Levels, b: Levels) -> tuple[str, Levels]:
    """A label and |a − b|, some times enlarged."""
    off = np.abs(a.astype(np.int16) - b) * _ENLARGED
    return f"difference × {_ENLARGED}", np.minimum(off, 255).astype(np.uint8)


def _crops(card: Card) -> list[tuple[str, str]]:
    x, y, w, h = cv2.boundingRect(card.where.astype(np.uint8))
    box = slice(max(y - _MARGIN, 0), y + h + _MARGIN), slice(max(x - _MARGIN, 0), x + w + _MARGIN)
    return [(label, _inlined(picture[box])) for label, picture in card.pictures.items()]


def _inlined(picture: Levels) -> str:
    """A PNG as a data URI; small pictures with each pixel repeated, so that a seam can be seen."""
    times = max(1, _LEAST_SIDE // max(picture.shape[:2]))
    large = picture.repeat(times, axis=0).repeat(times, axis=1)
    _, data = cv2.imencode(".png", np.ascontiguousarray(large[..., ::-1]))  # OpenCV writes BGR
    return f"data:image/png;base64,{base64.b64encode(data.tobytes()).decode()}"
