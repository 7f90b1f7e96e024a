"""Faults planted in real engines: any engine of the pool is wrapped by one that breaks at the calls a test names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from model_registry import pool
from model_registry.card import Card
from model_registry.engines.contract import Engine

WORK = ("fill", "blend", "enhance", "upscale")


class OutOfMemoryError(RuntimeError):
    """What torch calls it."""


class RuntimeException(Exception):
    """What ONNX Runtime calls everything."""


MEMORY: tuple[Callable[[], Exception], ...] = (
    MemoryError,
    lambda: OutOfMemoryError("CUDA error"),
    lambda: RuntimeException("[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : Failed to allocate memory for requested buffer"),
)  # fmt: skip
BROKEN: tuple[Callable[[], Exception], ...] = (
    lambda: RuntimeException("[ONNXRuntimeError] : 1 : FAIL : Non-zero status code returned while running Conv node"),
    lambda: ZeroDivisionError("division by zero"),
)  # fmt: skip


@dataclass
class Planted:
    """Which engines break, and when: `when(engine, call, arguments)` gives the error to raise, or None."""

    when: Callable[[str, int, tuple[Any, ...]], Exception | None] = lambda engine, call, given: None
    calls: dict[str, int] = field(default_factory=dict)

    def check(self, engine: str, given: tuple[Any, ...]) -> None:
        number = self.calls.get(engine, 0)
        self.calls[engine] = number + 1
        fault = self.when(engine, number, given)
        if fault is not None:
            raise fault


class _Wrapped:
    """An engine that asks before each call whether it is to break."""

    def __init__(self, name: str, inner: Any, planted: Planted) -> None:
        self._name, self._inner, self._planted = name, inner, planted

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(self._inner, attribute)
        if attribute not in WORK:
            return found

        def call(*given: Any, **named: Any) -> Any:
            self._planted.check(self._name, given)
            return found(*given, **named)

        return call


def plant(monkeypatch: pytest.MonkeyPatch) -> Planted:
    """Every engine loaded from now on breaks as the returned value says."""
    planted = Planted()
    load = pool.load_engine

    def wrapped(card: Card, folder: Path) -> Engine:
        engine: Any = _Wrapped(card.id, load(card, folder), planted)
        return engine

    monkeypatch.setattr(pool, "load_engine", wrapped)
    return planted


def breaking(
    faults: Mapping[str, Callable[[], Exception]],
) -> Callable[[str, int, tuple[Any, ...]], Exception | None]:
    """Whole engines, at every call."""
    return lambda engine, call, given: faults[engine]() if engine in faults else None
