"""A part of the stack as a value: the command that runs it, and how to tell that it really answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path


class StackError(RuntimeError):
    """The stack could not be started or stopped; the text names the part, quotes its log, and says the cure."""


def nothing() -> None:
    """What a part does after it answers, where there is nothing to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One long-running process, with whatever children it has."""

    name: str
    title: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    """All of it: nothing else is inherited."""
    folder: Path
    """Where it is started."""
    answers: Callable[[], str]
    """Empty when it does its work, else what is wrong. Must return within seconds."""
    cure: str
    address: str = ""
    """What a person or program connects to."""
    port: int = 0
    """The one it listens at, 0 = none."""
    timeout: float = 240.0
    """Seconds from its start until it must answer."""
    before: Callable[[], None] = nothing
    """Called just before it is started; must not raise."""
    prepare: Callable[[], None] = nothing
    """Called whenever it answers at the end of a start; may be called again. What it raises fails the start."""
    after: tuple[str, ...] = ()
    """Parts that must answer before it is started."""
