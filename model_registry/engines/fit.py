"""Makes a picture fit what an engine takes, and its result fit the picture: channels, and sizes by padding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from model_registry.card import Card
from model_registry.engines.contract import Pixels
from model_registry.errors import EngineFault

T = TypeVar("T", np.float32, np.bool_)


def as_rgb(image: Pixels) -> Pixels:
    """A fresh H×W×3 copy; one grey channel becomes three equal ones."""
    return np.repeat(image, 3, axis=2) if image.shape[2] == 1 else np.array(image, order="C")


def as_given(made: Pixels, channels: int) -> Pixels:
    """Back to the caller's channels: grey is the mean of three."""
    if channels == made.shape[2]:
        return made
    mean: Pixels = made.mean(axis=2, keepdims=True, dtype=np.float64).astype(np.float32)
    return mean


@dataclass(frozen=True, slots=True)
class Padding:
    """How much is added below and to the right; the picture itself keeps its place and its scale."""

    height: int
    width: int
    below: int
    right: int

    @property
    def padded(self) -> tuple[int, int]:
        """Height and width with the padding."""
        return self.height + self.below, self.width + self.right

    def pad(self, array: NDArray[T]) -> NDArray[T]:
        """Mirrored about the last row and column (not repeating it) as far as there is picture, then the edge repeated."""
        for axis, extra in ((0, self.below), (1, self.right)):
            mirrored = min(extra, array.shape[axis] - 1)
            array = np.pad(array, _after(array.ndim, axis, mirrored), mode="reflect")
            array = np.pad(array, _after(array.ndim, axis, extra - mirrored), mode="edge")
        return array

    def crop(self, array: NDArray[T], scale: int = 1) -> NDArray[T]:
        """The picture's own part of a result made at `scale`."""
        return array[: self.height * scale, : self.width * scale]


def padding_for(card: Card, height: int, width: int) -> Padding:
    """The padding that makes a size one the card takes. Raises EngineFault over its maximum.

    Diffusers engines that fill or generate choose a canvas of their own, scaling where a model needs it, so nothing is added
    for them; those that enlarge never scale what they are given."""
    if card.runtime == "diffusers" and card.role != "upscale":
        return Padding(height, width, 0, 0)
    step, least, most = card.size.multiple_of, card.size.minimum, card.size.maximum
    tall, wide = (-(-max(side, least) // step) * step for side in (height, width))
    if most and max(tall, wide) > most:
        raise EngineFault(
            f"{card.id} takes sides up to {most} px, not {width}×{height}",
            cure="give it smaller pieces, or choose another engine",
        )
    return Padding(height, width, tall - height, wide - width)


def _after(ndim: int, axis: int, extra: int) -> list[tuple[int, int]]:
    return [(0, extra if i == axis else 0) for i in range(ndim)]
