"""Observed samplings of the embedded generator: from nothing, and from a rendered picture whose layout is known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from flows.bench.attention.cases import Case
from flows.training.backdrop.render import render
from model_registry.engines.observing import Observation, Watch, observing
from model_registry.pool import EnginePool
from model_registry.registry import Registry

ENGINE: Final = "backdrop"
SIDE: Final = 256
STRENGTH: Final = 0.6
"""Share of the noise put on a rendered picture: its layout is still there, its surfaces are the model's."""
_MEMORY: Final = 2048


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture and how it came about."""

    picture: NDArray[np.float32]
    """SIDE×SIDE×3."""
    observation: Observation


@contextmanager
def generator(registry: Registry | None = None) -> Iterator[Any]:
    """The embedded generator, loaded. Raises what the pool raises where its weights are missing."""
    with EnginePool(registry or Registry.load(), _MEMORY).lease(ENGINE) as engine:
        yield engine


def generated(engine: Any, case: Case, watch: Watch, **params: Any) -> Seen:
    """From pure noise, by the caption."""
    with observing(watch) as made:
        picture = engine.generate(case.caption, SIDE, SIDE, seed=case.seed, params=params)
    return Seen(picture, made[-1])


def from_rendered(engine: Any, case: Case, watch: Watch, **params: Any) -> Seen:
    """From the case's own rendered picture under STRENGTH of the noise."""
    import torch

    start = np.ascontiguousarray(render(case.scene, SIDE).pixels.transpose(2, 0, 1), np.float32)
    inputs = {"image": torch.from_numpy(start)[None], "strength": STRENGTH}
    model = engine._model
    with observing(watch) as made:
        picture = model.run(
            case.caption, model.read(params), case.seed, inputs, dark=False, size=(SIDE, SIDE)
        )
    return Seen(picture, made[-1])
