"""Which of the lines that were read are to go: text put on the picture, text that the camera saw, or both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import TextLine
from tasks.contracts import Box
from tasks.detection.origin import Origin, origins
from tasks.detection.overlay_letters import Letters
from tasks.detection.overlay_letters_lines import more_lines
from tasks.detection.overlay_letters_tighter import tightened
from tasks.detection.overlay_letters_wider import lengthened
from tasks.results import KeptText

ADDED = 0.7
"""Of a line that no reader found, the probability that it is an overlay: lettering on a wall stays."""
WORDS = {"overlay": "put on the picture", "scene": "part of the scene", "none": "no lettering"}


def sorted_out(
    image: NDArray[np.uint8], lines: Sequence[TextLine], text: str, letters: Letters | None = None
) -> tuple[tuple[TextLine, ...], tuple[KeptText, ...]]:
    """The lines to remove, and the others with the reason why they stay.

    image: H×W×3 uint8 RGB; text: `overlay`, `scene`, or `all` for both. What is no text stays in every case.
    letters: what the network of overlay letters sees, where it looked: it has a say in each line's origin, lengthens
    overlays that were cut short, trims boxes that are loose, and adds those that were not read at all."""
    found = origins(image, lines, letters=letters) if letters is not None else origins(image, lines)
    wanted = ("overlay", "scene") if text == "all" else (text,)
    chosen = tuple(line for line, origin in zip(lines, found, strict=True) if origin.kind in wanted)
    kept = tuple(
        KeptText(text=line.text, box=_box(line), why=_why(origin))
        for line, origin in zip(lines, found, strict=True)
        if origin.kind not in wanted and (line.text or origin.kind != "none")
    )
    if letters is None or "overlay" not in wanted:
        return chosen, kept
    longer = tuple(
        lengthened(letters, tightened(letters, line)) if origin.kind == "overlay" else line
        for line, origin in zip(lines, found, strict=True) if origin.kind in wanted
    )  # fmt: skip
    others = tuple(line for line, origin in zip(lines, found, strict=True) if origin.kind == "scene")
    return (*longer, *_unread(image, letters, (*longer, *others))), kept


def _unread(image: NDArray[np.uint8], letters: Letters, known: tuple[TextLine, ...]) -> tuple[TextLine, ...]:
    """Lines that only the network sees, where they look laid over too, judged beside those that are known."""
    more = more_lines(letters, known)
    if not more:
        return ()
    judged = origins(image, (*known, *more), letters=letters)[len(known) :]
    return tuple(line for line, origin in zip(more, judged, strict=True) if origin.score >= ADDED)


def _why(origin: Origin) -> str:
    return f"{WORDS[origin.kind]}: {origin.why}" if origin.why else WORDS[origin.kind]


def _box(line: TextLine) -> Box:
    xs, ys = zip(*line.polygon, strict=True)
    return int(min(xs)), int(min(ys)), int(-(-max(xs) // 1)), int(-(-max(ys) // 1))
