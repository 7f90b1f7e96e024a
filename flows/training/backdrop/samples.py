"""What one training step of the generator is shown: noised latents, captions and steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from flows.training.backdrop.caption import caption
from flows.training.backdrop.network import STEPS
from flows.training.backdrop.pictures import scene_of
from flows.training.backdrop.scene import Scene
from flows.training.backdrop.words import LENGTH

Rng = np.random.Generator
_WORDLESS: Final = 0.12
"""Share of captions left out, which is what guidance steers away from (Ho and Salimans 2022)."""
_CLUTTERED: Final = 0.05
"""Share of captions with a word in them that means nothing, so that unknown words of a prompt do little."""
MIDDLE: Final = (50, 650)
"""Steps between which a picture takes shape."""
_LETTERS: Final = list("abcdefghijklmnopqrstuvwxyz")


@dataclass(frozen=True, slots=True)
class Batch:
    """Of one step, or a share of it."""

    latents: Tensor
    """N×4×h×w."""
    noise: Tensor
    """N×4×h×w."""
    steps: Tensor
    """N, 0–999."""
    tokens: Tensor
    """N×40."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Latents and the scenes they show, number by number."""

    latents: NDArray[np.float16]
    scenes: Sequence[Scene]
    tokenizer: Any

    @classmethod
    def of(cls, latents: NDArray[np.float16], tokenizer: Any, held_out: bool = False) -> Shelf:
        """Scenes by their numbers, 0 first."""
        return cls(latents, [scene_of(n, held_out) for n in range(len(latents))], tokenizer)

    def batch(self, rng: Rng, count: int, *, plain: bool = False, middle: float = 0.0) -> Batch:
        """Drawn anywhere, or, if plain, the first `count` with whole captions; steps are spread evenly.

        middle: share of the steps that is drawn from MIDDLE alone, where most is left to be learnt."""
        chosen = np.arange(count) if plain else rng.integers(len(self.scenes), size=count)
        words = [self._said(int(n), rng, plain) for n in chosen]
        spread = (rng.permutation(count) + rng.random(count)) / count
        low, high = MIDDLE
        often = low + (high - low) * spread / max(middle, 1e-9)
        steps = np.where(spread < middle, often, (spread - middle) / (1 - middle) * STEPS)
        latents = np.stack([self.latents[n] for n in chosen]).astype(np.float32)
        noise = rng.standard_normal(latents.shape, np.float32)
        shown, shaken, at = (torch.from_numpy(a) for a in (latents, noise, steps.astype(np.int64)))
        return Batch(shown, shaken, at, tokens(self.tokenizer, words))

    def _said(self, number: int, rng: Rng, plain: bool) -> str:
        said, luck = caption(self.scenes[number], rng), rng.random()
        if plain or luck > _WORDLESS + _CLUTTERED:
            return said
        if luck < _WORDLESS:
            return ""
        words = said.split(" ")
        words.insert(
            int(rng.integers(len(words) + 1)), "".join(rng.choice(_LETTERS, int(rng.integers(3, 9))))
        )
        return " ".join(words)


def tokens(tokenizer: Any, words: Sequence[str]) -> Tensor:
    """N×40, as the pipeline makes them."""
    found = tokenizer(
        list(words), padding="max_length", max_length=LENGTH, truncation=True, return_tensors="pt"
    )
    made: Tensor = found.input_ids
    return made


def part(batch: Batch, share: int, shares: int) -> Batch:
    """Every `shares`-th of it from `share` on."""
    at = slice(share, None, shares)
    return Batch(batch.latents[at], batch.noise[at], batch.steps[at], batch.tokens[at])
