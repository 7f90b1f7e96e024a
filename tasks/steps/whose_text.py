"""Which of the lines that were read are to go: text put on the picture, text that the camera saw, or both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import TextLine
from tasks.contracts import Box
from tasks.detection.origin import Origin, origins
from tasks.results import KeptText

WORDS = {"overlay": "put on the picture", "scene": "part of the scene", "none": "no lettering"}


def sorted_out(
    image: NDArray[np.uint8], lines: Sequence[TextLine], text: str
) -> tuple[tuple[TextLine, ...], tuple[KeptText, ...]]:
    """The lines to remove, and the others with the reason why they stay.

    image: H×W×3 uint8 RGB; text: `overlay`, `scene`, or `all` for both. What is no text stays in every case."""
    found = origins(image, lines)
    wanted = ("overlay", "scene") if text == "all" else (text,)
    chosen = tuple(line for line, origin in zip(lines, found, strict=True) if origin.kind in wanted)
    kept = tuple(
        KeptText(text=line.text, box=_box(line), why=_why(origin))
        for line, origin in zip(lines, found, strict=True)
        if origin.kind not in wanted and (line.text or origin.kind != "none")
    )
    return chosen, kept


def _why(origin: Origin) -> str:
    return f"{WORDS[origin.kind]}: {origin.why}" if origin.why else WORDS[origin.kind]


def _box(line: TextLine) -> Box:
    xs, ys = zip(*line.polygon, strict=True)
    return int(min(xs)), int(min(ys)), int(-(-max(xs) // 1)), int(-(-max(ys) // 1))
