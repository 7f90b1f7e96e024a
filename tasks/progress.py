"""A small in-process channel on which shards say what they have finished, for whoever shows progress."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """One picture finished one step."""

    run_id: str
    step: str
    item: str
    outcome: str = ""
    """Set by the last step."""


Listener = Callable[[Progress], None]
_lock = threading.Lock()
_listeners: list[Listener] = []


def emit(progress: Progress) -> None:
    """Tell every listener; called from worker threads."""
    with _lock:
        listeners = tuple(_listeners)
    for listener in listeners:
        listener(progress)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """`listener` hears everything while the block runs."""
    with _lock:
        _listeners.append(listener)
    try:
        yield
    finally:
        with _lock:
            _listeners.remove(listener)
