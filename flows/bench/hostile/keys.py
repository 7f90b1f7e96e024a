"""Hostile keys at the store itself: nothing may be read, written or taken away beyond its root, whatever the key."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from flows.bench.hostile.rows import LINKS, hostile_rows
from infra.store.contract import StoreError
from infra.store.local import LocalBackend

_SECRET = b"beyond the root"


def escapes(folder: Path) -> tuple[int, list[str]]:
    """How many keys were tried, and those that reached beyond the root or made a fault without a type. Writes below `folder`."""
    root, outside = folder / "a" / "b" / "root", folder / "outside"
    for place in (root, outside):
        place.mkdir(parents=True)
    for beyond in (outside, root.parent, folder):
        (beyond / "secret.png").write_bytes(_SECRET)
    (root / "link.png").symlink_to(outside / "secret.png")
    (root / "linked").symlink_to(outside)
    (root / "loop.png").symlink_to("loop.png")
    backend, before = LocalBackend(root), _seen(folder, root)
    tried = [*LINKS, *(str(row[name]) for row in hostile_rows(10**6) for name in ("id", "image", "mask"))]
    keys = list(dict.fromkeys(f"{prefix}{key}" for key in tried for prefix in ("", "linked/")))
    found = [fault for key in keys for fault in _faults(backend, key)]
    if _seen(folder, root) != before:
        found.append("files beyond the root have changed")
    return len(keys), found


def _faults(backend: LocalBackend, key: str) -> list[str]:
    calls: tuple[Callable[[], object], ...] = (
        lambda: backend.get(key), lambda: backend.exists(key), lambda: list(backend.keys(key)), lambda: backend.put(key, b"x"),
        lambda: backend.delete(key),
    )  # fmt: skip
    found = []
    for call in calls:
        try:
            if call() == _SECRET:
                found.append(f"{key[:80]!r} read beyond the root")
        except StoreError:
            continue
        except Exception as fault:
            found.append(f"{key[:80]!r}: untyped {type(fault).__name__}")
    return found


def _seen(folder: Path, root: Path) -> dict[str, str]:
    """Digest of every file beyond the root, and every folder."""
    paths = [path for path in sorted(folder.rglob("*")) if not path.is_relative_to(root)]
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() if p.is_file() else "" for p in paths}
