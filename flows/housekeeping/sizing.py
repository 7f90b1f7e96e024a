"""`size`: bytes and counts of everything that the product keeps, by kind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from infra.settings import Settings
from infra.store.contract import Entry
from infra.store.store import Store

HOME = {
    "sheets": ("sheets",),
    "comparisons": ("comparisons",),
    "mlflow": ("mlflow.db", "mlflow.db-wal", "mlflow.db-shm", "mlflow-artifacts"),
    "spool": ("spool",),
    "weights": ("weights",),
}
"""Kinds that lie in the home folder, and where."""
TOP = {"cas": "artifacts", "runs": "runs", "published": "published", "promotions": "promotions"}


def sizes(store: Store, settings: Settings) -> dict[str, dict[str, int]]:
    """`{kind: {"count": objects, "bytes": bytes}}`, the store's kinds first, `records/STAGE` apiece, and `total`."""
    found: dict[str, dict[str, int]] = {kind: _none() for kind in ("artifacts", "runs")}
    for entry in store.backend.entries(""):
        _add(found, _kind(entry), entry.size)
    found["temporary"] = _none()
    for entry in store.backend.unfinished():
        _add(found, "temporary", entry.size)
    for kind, names in HOME.items():
        found[kind] = _none()
        for size in (size for name in names for size in _below(settings.home / name)):
            _add(found, kind, size)
    total = {part: sum(one[part] for one in found.values()) for part in ("count", "bytes")}
    return {**dict(sorted(found.items())), "total": total}


def _kind(entry: Entry) -> str:
    parts = entry.key.split("/")
    return f"records/{parts[1]}" if parts[0] == "stages" and len(parts) > 2 else TOP.get(parts[0], "other")


def _below(path: Path) -> Iterator[int]:
    """The sizes of all files at or below a path; nothing where there is none. Links are not followed."""
    if path.is_file():
        yield path.stat().st_size
    for folder, _, names in os.walk(path):
        yield from (os.lstat(os.path.join(folder, name)).st_size for name in names)


def _none() -> dict[str, int]:
    return {"count": 0, "bytes": 0}


def _add(found: dict[str, dict[str, int]], kind: str, size: int) -> None:
    one = found.setdefault(kind, _none())
    one["count"] += 1
    one["bytes"] += size
