"""What engines of the roles `embed` and `safety` must do: say what a whole picture is like, as a vector or as scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import Params, Pixels

Vector = NDArray[np.float32]


@runtime_checkable
class Embedder(Protocol):
    """Role `embed`: a picture as a vector, near to those of pictures that show something like it."""

    def embed(self, image: Pixels, *, params: Params) -> Vector:
        """image: H×W×3. A 1-D unit vector, of the same length for every picture."""
        ...


@runtime_checkable
class SafetyClassifier(Protocol):
    """Role `safety`: whether a picture shows what a catalogue must not."""

    def scores(self, image: Pixels, *, params: Params) -> Mapping[str, float]:
        """image: H×W×3. Every label the model knows, with its score, 0–1."""
        ...
