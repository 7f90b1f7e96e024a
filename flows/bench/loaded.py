"""The built-in engines, loaded once for a bench."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from model_registry.engines import wrap
from model_registry.pool import EnginePool
from model_registry.registry import Registry
from tasks.contracts import Pixels, Zone

SEED: Final = 1
Params = Mapping[str, str | int | float | bool]


@dataclass(frozen=True)
class Engines:
    """Engines, loaded once."""

    @cached_property
    def registry(self) -> Registry:
        """The built-in cards."""
        return Registry.load()

    @cached_property
    def pool(self) -> EnginePool:
        """Loaded engines."""
        return EnginePool(self.registry, 4096)

    def fill(self, name: str, params: Params, image: Pixels, hole: Zone) -> Pixels:
        """One engine's fill, with the benches' seed."""
        with self.pool.lease(name) as engine:
            return wrap.fill(self.registry.get(name), engine, image, hole, seed=SEED, params=params)
