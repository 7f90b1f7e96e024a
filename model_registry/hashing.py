"""Files below a folder, and their digests, each taken once a process."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

_BLOCK = 1 << 20

_hashed: dict[tuple[str, int, int], str] = {}
_hash_lock = threading.Lock()


def file_sha256(path: Path) -> str:
    """sha256 of a file, in hex; hashed once per process while its path, time and size stay the same."""
    stat = path.stat()
    key = (str(path.resolve()), stat.st_mtime_ns, stat.st_size)
    with _hash_lock:
        if key not in _hashed:
            _hashed[key] = _hash(path)
        return _hashed[key]


def files_below(where: Path) -> dict[str, Path]:
    """Files by name relative to `where`, or a file by its own name; hidden ones (a hub client's bookkeeping) are left out."""
    if where.is_file():
        return {where.name: where}
    found = (p for p in where.rglob("*") if p.is_file())
    named = {p.relative_to(where).as_posix(): p for p in found}
    return {name: p for name, p in named.items() if not any(part.startswith(".") for part in name.split("/"))}


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
