"""A small store as runs leave it, old enough to be cleaned, on a folder."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.settings import Settings
from infra.store.local import LocalBackend
from infra.store.store import Store

OLD = 40 * 86400.0
Age = Callable[[float], None]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def store(settings: Settings) -> Store:
    return Store(LocalBackend(Path(settings.store_url)))


@pytest.fixture
def age(store: Store) -> Age:
    """Make everything in the store as old as said, in seconds."""

    def made_old(seconds: float) -> None:
        then = time.time() - seconds
        for entry in store.backend.entries(""):
            os.utime(store.backend.url(entry.key), (then, then))

    return made_old


def run_of(store: Store, name: str, made: bytes, out: str = "") -> dict[str, str]:
    """A run with one picture: its records, documents and artifacts; the digests by what they are."""
    before = store.put(b"the same picture before", "image/png").sha256
    fill = store.put(b"fill " + made, "image/png").sha256
    output = store.put(made, "image/png").sha256
    key = fill[::-1]
    for stage, names in (("generation", {"fill": fill}), ("export", {"output": output, "before": before})):
        refs = {n: {"sha256": d, "size": 1, "media_type": "image/png"} for n, d in names.items()}
        store.write_record(
            stage, key, {"stage": stage, "artifacts": refs, "facts": {}, "run": name, "seconds": 0.1}
        )
    item = {"id": "a", "source": "a.png", "outcome": "done", "output_sha256": output, "source_sha256": before,
            "thumbnails": {"before": before}, "regions": [{"n": 1, "kind": "text", "box": [0, 0, 1, 1], "artifacts": {"fill": fill}}]}  # fmt: skip
    result = {"run_id": name, "counts": {"done": 1}, "seconds": 1.0, "items": [item]}
    store.write_run(
        name, "shards/00000.json", json.dumps([{"id": "a", "out": out}]).encode(), "application/json"
    )
    store.write_run(name, "results/00000.json", json.dumps([item]).encode(), "application/json")
    store.write_run(name, "result.json", json.dumps(result).encode(), "application/json")
    store.write_record("run", made.hex().ljust(64, "0")[:64], {"n": 0, "state": "finished", "run_id": name})
    return {"before": before, "fill": fill, "output": output}
