"""The lock beside fetched weights: which files of which repository and revision, how long, with which sha256, under which licence."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from model_registry.errors import WeightsDamaged
from model_registry.hashing import file_sha256, files_below

LOCK = "pentimento.lock.json"
Hashing = Literal["all", "pinned", "none"]


class LockedFile(BaseModel):
    """One file as it came."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: int
    """Bytes."""
    sha256: str


class Lock(BaseModel):
    """Everything that was fetched for an engine; several engines of one repository and revision share one lock."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    repository: str
    revision: str
    licence: str
    files: dict[str, LockedFile]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files.values())


def lock_of(place: Path, repository: str, revision: str, licence: str, names: list[str]) -> Lock:
    """The lock of these files below `place` as they are now, and of those an earlier lock there names and that still stand."""
    try:
        known = read_lock(place)
    except WeightsDamaged:
        known = None
    before = [name for name in (known.files if known else ()) if (place / name).is_file()]
    files = {name: _locked(place / name) for name in sorted({*names, *before})}
    return Lock(repository=repository, revision=revision, licence=licence, files=files)


def write_lock(place: Path, lock: Lock) -> Path:
    """Put the lock beside the weights, whole or not at all."""
    text = json.dumps(lock.model_dump(mode="json"), indent=1, sort_keys=True, ensure_ascii=False)
    with tempfile.NamedTemporaryFile("w", dir=place, prefix=".lock-", delete=False, encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(file.name, place / LOCK)
    return place / LOCK


def read_lock(place: Path) -> Lock | None:
    """The lock of a folder, None where there is none. Raises WeightsDamaged for one that cannot be read."""
    path = place / LOCK
    if not path.is_file():
        return None
    try:
        return Lock.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise WeightsDamaged(
            f"{path.name} cannot be read: {type(error).__name__}",
            cure="`pentimento models pull ID` makes it anew",
        ) from error


def lock_faults(place: Path, lock: Lock, *, hashed: bool) -> list[str]:
    """Every file that is missing, damaged or not in the lock, sorted by name; empty when all is as it came.

    hashed: every byte is read; without it a file is only held against its length."""
    here = {name: path for name, path in files_below(place).items() if name != LOCK}
    faults = {name: f"{name} is missing" for name in lock.files if name not in here}
    faults |= {
        name: f"{name} is extra: it did not come with the others" for name in here if name not in lock.files
    }
    for name, locked in lock.files.items():
        if name in here and (fault := _fault(here[name], locked, hashed)):
            faults[name] = f"{name} {fault}"
    return [faults[name] for name in sorted(faults)]


def _locked(path: Path) -> LockedFile:
    return LockedFile(size=path.stat().st_size, sha256=file_sha256(path))


def _fault(path: Path, locked: LockedFile, hashed: bool) -> str:
    size = path.stat().st_size
    if size != locked.size:
        return f"is damaged: {size} bytes, not {locked.size}"
    if hashed and (found := file_sha256(path)) != locked.sha256:
        return f"is damaged: it has sha256 {found}, not {locked.sha256}"
    return ""
