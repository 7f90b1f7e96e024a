"""Engines whose faults are planted: what they do badly, or cannot do at all, is known. Red is what must go."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.bench.faults.toys import RedReader
from model_registry.engines.contract import Hole, Params, Pixels, TextLine

RED = (1.0, 0.0, 0.0)


class LeftReader(RedReader):
    """The same, but blind on the right half."""

    def read(self, image: NDArray[np.uint8], *, params: Params) -> tuple[TextLine, ...]:
        return super().read(np.ascontiguousarray(image[:, : image.shape[1] // 2]), params=params)


class RedFill:
    """Leaves the lettering where it was."""

    def fill(self, image: Pixels, hole: Hole, *, seed: int, prompt: str, params: Params) -> Pixels:
        out = image.copy()
        out[hole] = RED
        return out


class LightFill:
    """The mean of what is outside, 60 levels too light: no text is left, but anyone sees the patch."""

    def fill(self, image: Pixels, hole: Hole, *, seed: int, prompt: str, params: Params) -> Pixels:
        out = image.copy()
        out[hole] = np.clip(image[~hole].mean(axis=0) + np.float32(60 / 255), 0, 1)
        return out


class SeedFill:
    """A grey that is the seed: shows which seed a region was given."""

    def fill(self, image: Pixels, hole: Hole, *, seed: int, prompt: str, params: Params) -> Pixels:
        out = image.copy()
        out[hole] = np.float32((seed % 251 + 1) / 255)
        return out


class CloneFill:
    """Copies what lies 48 px to the left, as a careless clone stamp does."""

    def fill(self, image: Pixels, hole: Hole, *, seed: int, prompt: str, params: Params) -> Pixels:
        return np.where(hole[..., None], np.roll(image, 48, 1), image)


class BlurFill:
    """The same, out of focus."""

    def fill(self, image: Pixels, hole: Hole, *, seed: int, prompt: str, params: Params) -> Pixels:
        return np.where(hole[..., None], cv2.GaussianBlur(np.roll(image, 48, 1), (0, 0), 2.0), image)


class BrokenFill:
    """Gives NaN."""

    def fill(self, image: Pixels, hole: Hole, *, seed: int, prompt: str, params: Params) -> Pixels:
        out = image.copy()
        out[hole] = np.nan
        return out


class GreedyFill:
    """Runs out of memory."""

    def fill(self, image: Pixels, hole: Hole, *, seed: int, prompt: str, params: Params) -> Pixels:
        raise MemoryError


class Seeker:
    """Fills, blends and enhances with the reddest pixel of all it is shown."""

    def fill(self, image: Pixels, hole: Hole, *, seed: int, prompt: str, params: Params) -> Pixels:
        return self._painted(image, hole)

    def blend(self, target: Pixels, source: Pixels, hole: Hole, zone: Hole, *, params: Params) -> Pixels:
        return self._painted(target, zone)

    def enhance(self, image: Pixels, hole: Hole, *, seed: int, params: Params) -> Pixels:
        return self._painted(image, hole)

    def _painted(self, image: Pixels, where: Hole) -> Pixels:
        flat = image.reshape(-1, 3)
        out = image.copy()
        out[where] = flat[np.argmax(flat[:, 0] - flat[:, 1])]
        return out
