"""Which program this is: a digest of its own source files."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

PACKAGES = ("flows", "infra", "model_registry", "tasks")


@cache
def code_digest() -> str:
    """sha256 over every Python file of the program, by path. The same from any place it is run from."""
    root = Path(__file__).parents[2]
    found = hashlib.sha256()
    for path in sorted(p for name in PACKAGES for p in (root / name).rglob("*.py")):
        found.update(path.relative_to(root).as_posix().encode() + b"\0")
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()
