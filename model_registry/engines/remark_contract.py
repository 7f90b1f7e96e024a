"""What an engine may offer beside its role: to say what a person should know of the result, so that it does not pretend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from model_registry.engines.contract import Params


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to say of a result."""

    said: str
    cure: str = ""
    lessens: bool = True
    """Whether the result is less than what was asked for; else it is only worth knowing."""


@runtime_checkable
class Remarking(Protocol):
    """An engine that has something to say of what it makes."""

    def remarks(self, prompt: str, width: int, height: int, *, params: Params) -> tuple[Remark, ...]:
        """Of the result with these arguments; empty where there is nothing to say. Runs no model."""
        ...
