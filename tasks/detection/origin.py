"""How a text line came into its picture: laid over it, or seen by the camera; or it is no text at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import TextLine
from tasks.detection.origin_company import agreed
from tasks.detection.origin_features import features
from tasks.detection.origin_ink import letters_in, piece_of
from tasks.detection.origin_model import Model, shipped
from tasks.detection.origin_picture import Surface, surface_of
from tasks.detection.overlay_letters import Letters
from tasks.detection.overlay_letters_origin import CLEAR, clearness, cut_off, weighed

Kind = Literal["overlay", "scene", "none"]
READ = 0.5
"""A line read with less confidence than this may be no text: it must look more surely rendered, or it is `none`."""
SURE = 0.8
_REASONS: Mapping[str, tuple[str, str]] = {
    "edge": ("edges as abrupt as drawn ones", "edges as soft as a camera's"),
    "half": ("hardly any half tones at the edges", "wide half tones at the edges"),
    "picture": ("the picture is softer than the text", "the picture is as sharp as the text"),
    "ink": ("ink of one colour", "uneven ink"),
    "rise": ("ink of one colour", "uneven ink"),
    "core": ("ink of one colour", "uneven ink"),
    "grain": ("less grain in the ink than around", "the picture's grain in the ink"),
    "chroma": ("less grain in the ink than around", "the picture's grain in the ink"),
    "shade": ("ink that keeps its colour where the light changes", "ink shaded as its ground is"),
    "angle": ("level", "not level"),
    "ground": ("a ground that goes on under the text", "an even ground of its own"),
    "around": ("a ground that goes on under the text", "an even ground of its own"),
    "stroke": ("strokes of even width", "strokes of uneven width"),
}
"""First part of a feature's name to what it says for an overlay, and against."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a line is, and why."""

    kind: Kind
    score: float
    """How much the line, and those of the picture that are like it, look laid over it, 0–1, whatever its kind."""
    why: str
    """What spoke most for the kind, in words."""


def origins(
    image: NDArray[np.uint8], lines: Sequence[TextLine], *, model: Model | None = None,
    letters: Letters | None = None,
) -> tuple[Origin, ...]:  # fmt: skip
    """One origin a line, in their order; lines that look alike are judged together.

    image: H×W×3 uint8 RGB, unchanged; model: the shipped one by default; letters: what the network of overlay letters sees
    of the picture, where it looked: what it sees clearly is lettering however it was read, what it does not see is less likely.
    Edges, ink, grain, shading, ground and slant decide
    between `overlay` and the rest; what was read never does. What was hardly read has to look more surely rendered, and is
    else `none`: a button, an eye, a handle, or print too small to read. In doubt a line is `scene`: an overlay that stays is seen and can be asked for with
    `--text all`, print that is gone is a picture that lies about the product."""
    if not lines:
        return ()
    model = model or shipped()
    surface = surface_of(image, lines)
    rows = [_measured(image, line, lines, surface) for line in lines]
    known = [row for row in rows if row is not None]
    judged = [model.judged(row) for row in known]
    scores = agreed(known, [chance for chance, _ in judged])
    clear = (0.0,) * len(lines)
    if letters is not None:
        clear = clearness(letters, lines)
        seen = zip(clear, cut_off(letters, lines), rows, strict=True)
        there = [(one, cut) for one, cut, row in seen if row is not None]
        scores = tuple(weighed(score, *facts) for score, facts in zip(scores, there, strict=True))
    found = iter([(score, shares) for score, (_, shares) in zip(scores, judged, strict=True)])
    return tuple(
        _nothing()
        if row is None
        else _origin(line.score >= READ or one >= CLEAR, line, *next(found), model.threshold)
        for line, row, one in zip(lines, rows, clear, strict=True)
    )


def _measured(
    image: NDArray[np.uint8], line: TextLine, lines: Sequence[TextLine], surface: Surface
) -> dict[str, float] | None:
    piece = piece_of(image, line, lines)
    letters = letters_in(piece) if piece is not None else None
    return features(line, piece, letters, surface) if piece is not None and letters is not None else None


def _nothing() -> Origin:
    return Origin("none", 0.0, "nothing stands out there")


def _origin(
    surely: bool, line: TextLine, score: float, shares: Mapping[str, float], threshold: float
) -> Origin:
    """surely: it is lettering."""
    if score >= (threshold if surely else max(threshold, SURE)):
        return Origin("overlay", score, _why(shares, 1))
    if line.score < READ:
        return Origin("none", score, f"hardly read ({line.score:.2f}), and not surely rendered")
    return Origin("scene", score, _why(shares, -1))


def _why(shares: Mapping[str, float], sign: int) -> str:
    """The two strongest reasons of that sign."""
    weights: dict[str, float] = {}
    for name, share in shares.items():
        reason = _REASONS.get(name.split("_")[0])
        if reason is not None and share * sign > 0:
            text = reason[0] if sign > 0 else reason[1]
            weights[text] = weights.get(text, 0.0) + abs(share)
    best = sorted(weights, key=lambda text: (-weights[text], text))[:2]
    return ", ".join(best) or "nothing in particular"
