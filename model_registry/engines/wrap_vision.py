"""Feeds engines of the roles `embed` and `safety`: checks what goes in and what comes back.

As in `wrap`: inputs are never changed, no engine sees the caller's arrays, and every fault of an engine is an EngineFault that
names it; what the caller got wrong raises ValueError.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import cast

import numpy as np

from model_registry.card import Card
from model_registry.engines.contract import Engine, Params, Pixels
from model_registry.engines.guard import guarded, merged_params
from model_registry.engines.vision_contract import Embedder, SafetyClassifier, Vector
from model_registry.errors import EngineFault

_LENGTH = 1e-4


def embedding(card: Card, engine: Engine, image: Pixels, *, params: Params) -> Vector:
    """A 1-D float32 unit vector. image: H×W×1 or H×W×3, 0–1."""
    merged = merged_params(card, params)
    with guarded(card):
        made = cast(Embedder, engine).embed(_shown(image), params=merged)
    if not isinstance(made, np.ndarray) or made.dtype != np.float32 or made.ndim != 1 or not made.size:
        raise EngineFault(f"{card.id} gave no float32 vector")
    if not abs(float(np.linalg.norm(made.astype(np.float64))) - 1) < _LENGTH:  # so that NaN fails too
        raise EngineFault(f"{card.id} gave a vector that is not of length 1")
    return made


def safety_scores(card: Card, engine: Engine, image: Pixels, *, params: Params) -> dict[str, float]:
    """Label to score, 0–1, sorted by label. image: H×W×1 or H×W×3, 0–1."""
    merged = merged_params(card, params)
    with guarded(card):
        made = cast(SafetyClassifier, engine).scores(_shown(image), params=merged)
    if not isinstance(made, Mapping) or not made:
        raise EngineFault(f"{card.id} gave no scores")
    for label, score in made.items():
        if not (
            isinstance(label, str) and isinstance(score, float) and math.isfinite(score) and 0 <= score <= 1
        ):
            raise EngineFault(f"{card.id} gave the score {score!r} for {label!r}")
    return dict(sorted(made.items()))


def _shown(image: Pixels) -> Pixels:
    """A copy with three channels."""
    if image.ndim != 3 or image.shape[2] not in (1, 3) or not image.size or image.dtype != np.float32:
        raise ValueError(f"a picture of H×W×1 or H×W×3 float32 is wanted, not {image.dtype} {image.shape}")
    return np.repeat(image, 3 // image.shape[2], axis=2) if image.shape[2] == 1 else image.copy()
