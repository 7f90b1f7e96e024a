"""What a run makes once its pictures are through, for people to look at: counted apart, because a plain loop makes none of it."""

from __future__ import annotations

import functools
import importlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

OF_RUN = {
    "review sheet and embeddings": ("flows.report", ("sheet_of_run", "render")),
    "pictures in MLflow": ("infra.tracking.mlflow_log", ("_samples",)),
}
"""By any number of threads: nothing else runs then."""


@contextmanager
def counted() -> Iterator[dict[str, float]]:
    """Seconds of CPU time by what was made, in this process, while the block runs. Fails where a function is no longer there."""
    spent: dict[str, float] = dict.fromkeys(OF_RUN, 0.0)
    lock = threading.Lock()
    real: list[tuple[Any, str, Any]] = []
    try:
        for name, (module, functions) in OF_RUN.items():
            for function in functions:
                where = importlib.import_module(module)
                real.append((where, function, getattr(where, function)))
                setattr(where, function, _timed(real[-1][2], name, spent, lock))
        yield spent
    finally:
        for where, function, work in reversed(real):
            setattr(where, function, work)


def _timed(
    work: Callable[..., Any],
    name: str,
    spent: dict[str, float],
    lock: threading.Lock,
) -> Callable[..., Any]:
    @functools.wraps(work)
    def timed(*given: Any, **named: Any) -> Any:
        began = time.process_time()
        try:
            return work(*given, **named)
        finally:
            with lock:
                spent[name] += time.process_time() - began

    return timed
