"""The generator under test, as the product chooses and runs it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from flows.bench.loaded import Params
from model_registry.card import Card
from model_registry.engines import wrap
from model_registry.pool import EnginePool
from model_registry.registry import Registry
from tasks.contracts import Pixels
from tasks.intents import Generate
from tasks.planner import plan

SIDE: Final = 256
NOTHING: Final[Params] = {}


@dataclass(frozen=True)
class Maker:
    """What `pentimento generate` uses when nothing is insisted on, loaded once."""

    registry: Registry

    @cached_property
    def card(self) -> Card:
        """The engine's. Raises NoEngine where no generator is at hand."""
        stage = plan(Generate(prompt="oak"), None, self.registry).stage("generation")
        assert stage is not None
        return self.registry.get(stage.engines[0].id)

    @cached_property
    def pool(self) -> EnginePool:
        """Loaded engines."""
        return EnginePool(self.registry, 4096)

    def make(
        self, prompt: str, seed: int, size: tuple[int, int] | None = None, params: Params = NOTHING
    ) -> tuple[Pixels, float]:
        """The picture in 8 bits as 0–1, and the seconds it took. size: width and height; None for SIDE both ways."""
        with self.pool.lease(self.card.id) as engine:
            begun = time.perf_counter()
            made = wrap.generate(self.card, engine, prompt, *(size or (SIDE, SIDE)), seed=seed, params=params)
            seconds = time.perf_counter() - begun
        return np.asarray(np.rint(made * 255) / 255, np.float32), seconds
