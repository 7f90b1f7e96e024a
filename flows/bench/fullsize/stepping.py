"""Loads a card through the production loader and makes one picture, in a process that does nothing else: FOLDER ID, one line of JSON."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from flows.bench.proportional_memory import status

Seconds = list[float]
"""By the clock, and of all processors together."""


def main(folder: Path, engine_id: str) -> dict[str, Any]:
    """Seconds, by the clock and of processors, to check the digests, to load, of each step of the network and of all else;
    most memory used; a digest of the picture."""
    from model_registry.engines import wrap
    from model_registry.engines.load import load_engine
    from model_registry.registry import Registry
    from model_registry.weights import require

    registry = Registry.load(folder)
    card = registry.get(engine_id)
    marks = [_now()]
    require(card, folder)
    marks.append(_now())
    engine: Any = load_engine(card, folder)
    marks.append(_now())
    loaded = status("VmRSS")
    steps = _timed(engine._model._pipe.unet)
    side = int(card.defaults["max_side"])
    made = wrap.generate(card, engine, "warm oak table top", side, side, seed=1, params={})
    marks.append(_now())
    check, load, rest = (_spent(a, b) for a, b in pairwise(marks))
    return {
        "check": check, "load": load, "steps": steps, "other": [rest[n] - sum(s[n] for s in steps) for n in (0, 1)],
        "loaded_bytes": loaded, "peak_bytes": status("VmHWM"),
        "picture": hashlib.sha256(made.tobytes()).hexdigest(), "spread": float(made.std()),
    }  # fmt: skip


def _now() -> Seconds:
    return [time.perf_counter(), time.process_time()]


def _spent(since: Seconds, until: Seconds) -> Seconds:
    return [b - a for a, b in zip(since, until, strict=True)]


def _timed(network: Any) -> list[Seconds]:
    """What each run of the network from now on takes, filled in as it runs."""
    spent: list[Seconds] = []
    starts: list[Seconds] = []
    network.register_forward_pre_hook(lambda *_: starts.append(_now()))
    network.register_forward_hook(lambda *_: spent.append(_spent(starts.pop(), _now())))
    return spent


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), sys.argv[2])) + "\n")
