"""Feeds engines of the roles `segment` and `locate`: checks what goes in and what comes back.

As in `wrap`: inputs are never changed, no engine sees the caller's arrays, and every fault of an engine is an EngineFault that
names it; what the caller got wrong raises ValueError.
"""

from __future__ import annotations

from typing import cast

import numpy as np

from model_registry.card import Card
from model_registry.engines.contract import Engine, Hole, Params
from model_registry.engines.guard import guarded, merged_params
from model_registry.engines.segment_contract import Levels, Locator, ObjectPrompt, Segmenter, Sighting
from model_registry.errors import EngineFault


def segment(card: Card, engine: Engine, image: Levels, prompt: ObjectPrompt, *, params: Params) -> Hole:
    """The pixels of the object that is meant, H×W bool. image: H×W×3 uint8."""
    _require(image, prompt)
    merged = merged_params(card, params)
    with guarded(card):
        found = cast(Segmenter, engine).segment(image.copy(), prompt, params=merged)
    if not isinstance(found, np.ndarray) or found.dtype != np.bool_ or found.shape != image.shape[:2]:
        raise EngineFault(f"{card.id} gave no mask of {image.shape[:2]} pixels")
    return found


def locate(card: Card, engine: Engine, image: Levels, words: str, *, params: Params) -> tuple[Sighting, ...]:
    """Where `words` are seen in an H×W×3 uint8 picture, best first; boxes lie in the picture and have area."""
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not words.strip():
        raise ValueError(f"a locator takes words and H×W×3 uint8, not {image.dtype} {image.shape}")
    merged = merged_params(card, params)
    with guarded(card):
        found = cast(Locator, engine).locate(image.copy(), words, params=merged)
    height, width = image.shape[:2]
    for one in found:
        x0, y0, x1, y1 = one.box
        if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height and 0 <= one.score <= 1):
            raise EngineFault(f"{card.id} gave a box {one.box} scored {one.score}")
    return tuple(found)


def _require(image: Levels, prompt: ObjectPrompt) -> None:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ValueError(f"a segmenter takes H×W×3 uint8, not {image.dtype} {image.shape}")
    height, width = image.shape[:2]
    if prompt.box is None and not prompt.on:
        raise ValueError("a segmenter needs a box or a point")
    if prompt.box is not None:
        x0, y0, x1, y1 = prompt.box
        if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
            raise ValueError(f"the box {prompt.box} is not in the picture")
    if any(not (0 <= x < width and 0 <= y < height) for x, y in (*prompt.on, *prompt.off)):
        raise ValueError("a point is not in the picture")
