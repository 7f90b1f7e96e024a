"""The worst cases of a bench as one HTML file that asks the network for nothing: sentences and a row of pictures each."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from numpy.typing import NDArray

Levels = NDArray[np.uint8]
_ENLARGED = 4


@dataclass(frozen=True, slots=True)
class Card:
    """One case."""

    title: str
    said: tuple[str, ...]
    """A paragraph each."""
    pictures: tuple[tuple[str, str], ...]
    """Label and data URI."""


def write_page(path: Path, title: str, chosen: str, cards: Sequence[Card]) -> None:
    """The page. chosen: how the cases were chosen; cards: worst first."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, autoescape=True
    )
    text = environment.get_template("page.html.j2").render(title=title, chosen=chosen, cards=cards)
    path.write_text(text, encoding="utf-8")


def enlarged_difference(a: Levels, b: Levels) -> tuple[str, Levels]:
    """A label and |a − b|, some times enlarged."""
    off = np.abs(a.astype(np.int16) - b) * _ENLARGED
    return f"difference × {_ENLARGED}", np.minimum(off, 255).astype(np.uint8)


def data_uri(data: bytes, media_type: str) -> str:
    """Bytes as part of the page itself."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def png_uri(picture: Levels) -> str:
    """H×W×3 RGB as part of the page itself."""
    _, data = cv2.imencode(".png", np.ascontiguousarray(picture[..., ::-1]))  # OpenCV writes BGR
    return data_uri(data.tobytes(), "image/png")
