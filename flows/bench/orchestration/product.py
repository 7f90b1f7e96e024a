"""What a run makes besides the pictures themselves, for people to look at: counted apart, because a plain loop makes none of it."""

from __future__ import annotations

import functools
import importlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

OF_PICTURES = {
    "figures of every cell": ("tasks.steps.upscale", ("planes_of", "bounds_of", "_hardest", "_facts", "maps_of")),
    "crops of the hardest cells": ("tasks.steps.upscale", ("crops_of",)),
    "thumbnails": ("tasks.steps.deliver", ("thumbnail",)),
}  # fmt: skip
"""What is done for each picture, in the thread that does the picture."""
OF_RUN = {
    "review sheet and embeddings": ("flows.report", ("sheet_of_run", "render")),
    "pictures in MLflow": ("infra.tracking.mlflow_log", ("_samples",)),
}
"""What is done for the run once its pictures are through, when nothing else runs: by any number of threads."""


@contextmanager
def counted() -> Iterator[dict[str, float]]:
    """Seconds of CPU time by what was made, in this process, while the block runs. Fails where a function is no longer there."""
    spent: dict[str, float] = dict.fromkeys((*OF_PICTURES, *OF_RUN), 0.0)
    lock = threading.Lock()
    real: list[tuple[Any, str, Any]] = []
    try:
        for table, clock in ((OF_PICTURES, time.thread_time), (OF_RUN, time.process_time)):
            for name, (module, functions) in table.items():
                for function in functions:
                    where = importlib.import_module(module)
                    real.append((where, function, getattr(where, function)))
                    setattr(where, function, _timed(real[-1][2], name, clock, spent, lock))
        yield spent
    finally:
        for where, function, work in reversed(real):
            setattr(where, function, work)


def _timed(
    work: Callable[..., Any],
    name: str,
    clock: Callable[[], float],
    spent: dict[str, float],
    lock: threading.Lock,
) -> Callable[..., Any]:
    @functools.wraps(work)
    def timed(*given: Any, **named: Any) -> Any:
        began = clock()
        try:
            return work(*given, **named)
        finally:
            with lock:
                spent[name] += clock() - began

    return timed
