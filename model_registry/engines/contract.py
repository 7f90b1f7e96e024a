"""What an engine of each role must do. One protocol a role; a runtime's adapter returns an object that keeps it.

Pixels are H×W×3 float32 RGB, 0–1; holes H×W bool, true = to be filled. An engine never changes its inputs, returns a new
array of exactly the promised size, and gives the same bytes for the same inputs, parameters and seed (CPU engines).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]
Hole = NDArray[np.bool_]
ParamValue = str | int | float | bool
Params = Mapping[str, ParamValue]


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of text found in a picture."""

    polygon: tuple[tuple[float, float], ...]
    """Four corners, x,y in pixels, clockwise from the text's top left."""
    text: str
    """Empty when the box could not be read."""
    score: float
    """Confidence of the reading, 0–1; 0 when the box could not be read."""
    found: float = 1.0
    """The detector's own confidence that the box holds text, 0–1, whatever it says."""


@runtime_checkable
class TextReader(Protocol):
    """Role `text`: finds and reads text."""

    def read(self, image: NDArray[np.uint8], *, params: Params) -> tuple[TextLine, ...]:
        """image: H×W×3 uint8 RGB. Lines from top to bottom, then left to right."""
        ...


@runtime_checkable
class Filler(Protocol):
    """Role `fill`: invents the pixels of a hole from what surrounds it (and a prompt, if its card says so)."""

    def fill(self, image: Pixels, hole: Hole, *, seed: int, prompt: str, params: Params) -> Pixels:
        """Returns H×W×3; equal to `image` outside the hole. What `image` holds inside the hole must not matter."""
        ...


@runtime_checkable
class Generator(Protocol):
    """Role `generate`: makes a picture from a prompt."""

    def generate(self, prompt: str, width: int, height: int, *, seed: int, params: Params) -> Pixels:
        """Returns height×width×3."""
        ...


@runtime_checkable
class Upscaler(Protocol):
    """Roles `upscale` and `clean` (scale 1): image to image."""

    def upscale(self, image: Pixels, scale: int, *, params: Params) -> Pixels:
        """Returns (H·scale)×(W·scale)×3."""
        ...


@runtime_checkable
class Blender(Protocol):
    """Role `blend`: joins a fill to its picture."""

    def blend(self, target: Pixels, source: Pixels, hole: Hole, zone: Hole, *, params: Params) -> Pixels:
        """target: the picture, whose pixels inside `hole` must never be read; source: the fill.

        zone: the hole and the feather around it. Returns H×W×3, equal to `target` outside `zone` and free of the target's
        old content on every hole pixel."""
        ...


@runtime_checkable
class Enhancer(Protocol):
    """Role `enhance`: gives a blended patch the grain and contrast of its surroundings."""

    def enhance(self, image: Pixels, hole: Hole, *, seed: int, params: Params) -> Pixels:
        """image: the blended crop with its context. Returns H×W×3, equal to `image` outside `hole`."""
        ...


Engine = TextReader | Filler | Generator | Upscaler | Blender | Enhancer
