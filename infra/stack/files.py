"""Small files that are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Replace a file in one step; readers see the old text or the new. For its owner alone unless `mode` says more."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.touch(mode=mode)
    half.write_text(text, encoding="utf-8")
    half.replace(path)
