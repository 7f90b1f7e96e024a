"""Engines that answer a prompt, for tests: what they make shows the seed and the size they were given."""

from __future__ import annotations

import numpy as np

from model_registry.engines.contract import Hole, Params, Pixels
from model_registry.engines.remark_contract import Remark


class SeedPicture:
    """A flat grey that is the seed."""

    def generate(self, prompt: str, width: int, height: int, *, seed: int, params: Params) -> Pixels:
        return np.full((height, width, 3), (seed % 251 + 1) / 255, np.float32)


class PromptFill:
    """The mean of what is outside, whatever the prompt says."""

    def fill(self, image: Pixels, hole: Hole, *, seed: int, prompt: str, params: Params) -> Pixels:
        out = image.copy()
        out[hole] = image[~hole].mean(axis=0)
        return out


class WordyFill(PromptFill):
    """The same, with something to say of it."""

    def remarks(self, prompt: str, width: int, height: int, *, params: Params) -> tuple[Remark, ...]:
        return (Remark("made by eye", "use a ruler", lessens=False),)


class PromptPicture:
    """A flat grey of as many levels as the prompt says."""

    def generate(self, prompt: str, width: int, height: int, *, seed: int, params: Params) -> Pixels:
        return np.full((height, width, 3), int(prompt) / 255, np.float32)


class ShadeFill:
    """A hole of as many levels of grey as the prompt says."""

    def fill(self, image: Pixels, hole: Hole, *, seed: int, prompt: str, params: Params) -> Pixels:
        out = image.copy()
        out[hole] = int(prompt) / 255
        return out


class NoLooker:
    """A classifier that cannot see."""

    def scores(self, image: Pixels, *, params: Params) -> dict[str, float]:
        raise RuntimeError("no eyes")
