"""Engines that tests load through cards."""

from __future__ import annotations

import threading

import numpy as np

from model_registry.engines.contract import Hole, Params, Pixels

loads: list[str] = []
loads_lock = threading.Lock()


def on_load() -> None:
    """Replaced by tests."""


class ToyFill:
    """Fills with a constant; counts how often it is made."""

    def __init__(self) -> None:
        with loads_lock:
            loads.append(type(self).__name__)
        on_load()

    def fill(self, image: Pixels, hole: Hole, *, seed: int, prompt: str, params: Params) -> Pixels:
        return np.where(hole[..., None], np.float32(params.get("value", 0.25)), image)


class NoEngineAtAll:
    """Keeps no protocol."""


class OutOfMemoryFill(ToyFill):
    """Cannot even be made."""

    def __init__(self) -> None:
        raise MemoryError
