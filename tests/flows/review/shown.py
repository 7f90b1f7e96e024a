"""What a reader of the pointer sees."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flows.publish import POINTER
from tasks.review.publication import Manifest, Pointer


def pointer(out: Path) -> Pointer:
    return Pointer.model_validate_json((out / POINTER).read_bytes())


def manifest(out: Path) -> Manifest:
    """What is visible, found as a shop's front end would: by the pointer alone."""
    data = (out / pointer(out).manifest_file).read_bytes()
    assert hashlib.sha256(data).hexdigest() == pointer(out).manifest
    return Manifest.model_validate_json(data)


def whole(out: Path) -> None:
    """Every visible picture is there, with the bytes that the manifest names."""
    for one in manifest(out).pictures:
        assert hashlib.sha256((out / one.file).read_bytes()).hexdigest() == one.sha256


def visible(out: Path) -> list[str]:
    return [one.id for one in manifest(out).pictures]


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    files = (p for p in sorted(folder.rglob("*")) if p.is_file())
    return {str(p.relative_to(folder)): (p.stat().st_mtime_ns, p.read_bytes()) for p in files}
