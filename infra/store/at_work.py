"""What a worker is at, so that one that died at it can be told: a mark that only a process that was killed leaves behind.

In a folder the mark is a small file, locked by its owner, rewritten in place for every piece of work and never flushed: it outlives
its process, not the machine, whose end is nobody's fault. In S3, where every write is a request, it says at first only that
somebody is at the shard; once that was left behind, the next owners mark every piece of work there (`careful`), until the stage
at which it was left has come again."""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Protocol

from infra.store.contract import NotFound, StoreError
from infra.store.local import LocalBackend
from infra.store.store import Store

FOLDER: Final = "at-work"
SIZE: Final = 512
"""Bytes of a mark: one write, which a kill cannot cut."""


@dataclass(frozen=True, slots=True)
class Left:
    """What a process was at when it was killed."""

    token: str
    """Of this piece of work alone: the same death is not counted twice."""
    stage: str
    work: str
    """Empty where only the shard is known."""


class Mark(Protocol):
    """Of one owner of a shard."""

    left: Left | None
    """What an owner before, that was killed, was at."""

    def at(self, work: str) -> None:
        """The owner is at this from now on; empty: at nothing. Never raises for what a store or a disk does."""
        ...


@contextmanager
def mark_of(store: Store, run_id: str, name: str, stage: str, *, last: bool = False) -> Iterator[Mark]:
    """The mark of a shard's step while the block runs. Where another living process has it, nothing is marked and nothing left.

    last: no other step of that shard comes after this one."""
    if isinstance(store.backend, LocalBackend):
        mark: _InFolder | _InStore = _InFolder(
            Path(store.backend.url(f"runs/{run_id}/{FOLDER}/{name}")), stage
        )
    else:
        mark = _InStore(store, run_id, f"{FOLDER}/{name}", stage, last)
    try:
        yield mark
    finally:
        mark.close()


class _InFolder:
    """A locked file: the lock goes with its owner, however that ends."""

    def __init__(self, path: Path, stage: str) -> None:
        self._path, self._stage, self._serial = path, stage, _Serial()
        try:
            self._file = _locked(path)
            found = os.pread(self._file, SIZE, 0) if self._file >= 0 else b""
        except OSError:  # a disk that is full, or knows no locks: then nothing is marked
            self._file, found = -1, b""
        self.left = _read(found)

    def at(self, work: str) -> None:
        if self._file >= 0:
            with suppress(OSError):
                os.pwrite(self._file, _text(self._serial.next(), self._stage, work), 0)

    def close(self) -> None:
        if self._file >= 0:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
            os.close(self._file)
            self._file = -1


class _InStore:
    """An object, whose owner says who it is."""

    def __init__(self, store: Store, run_id: str, name: str, stage: str, last: bool) -> None:
        self._store, self._where, self._stage, self._serial = store, (run_id, name), stage, _Serial()
        self._known = found = self._found()
        owner = _owner(found)
        self._mine = not (owner and _lives(owner))
        self.left = _read(found) if self._mine else None
        self._careful = self.left is not None
        self._still = self.left is not None and not last and self.left.stage != stage
        self._write("")

    def at(self, work: str) -> None:
        if self._careful:
            self._write(work)

    def close(self) -> None:
        """Puts back what was left at a step that is still to come: that one, too, is to be careful."""
        if self._mine and self._still:
            self._put(self._known)
        elif self._mine:
            with suppress(StoreError):
                self._store.backend.delete(f"runs/{self._where[0]}/{self._where[1]}")

    def _found(self) -> bytes:
        try:
            return self._store.read_run(*self._where)
        except (NotFound, StoreError):
            return b""

    def _write(self, work: str) -> None:
        if self._mine:
            self._put(_text(self._serial.next(), self._stage, work))

    def _put(self, text: bytes) -> None:
        with suppress(StoreError):
            self._store.write_run(*self._where, text, "text/plain")


class _Serial:
    """Tokens of one owner: its machine, its process, when that started, a word of its own, and a number."""

    def __init__(self) -> None:
        self._owner, self._n = f"{_host()} {os.getpid()} {_started(os.getpid())} {secrets.token_hex(4)}", 0

    def next(self) -> str:
        self._n += 1
        return f"{self._owner} {self._n}"


def _locked(path: Path) -> int:
    """The open file, locked; -1 where a living process has it. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return -1
        except OSError:
            os.close(file)
            raise
        if os.fstat(file).st_nlink:  # else its last owner took it away between the two calls
            return file
        os.close(file)


def _text(token: str, stage: str, work: str) -> bytes:
    return f"{token}\n{stage}\n{work}".encode()[:SIZE].ljust(SIZE)


def _read(mark: bytes) -> Left | None:
    parts = mark.decode(errors="replace").rstrip().split("\n")
    return Left(parts[0], parts[1], parts[2] if len(parts) > 2 else "") if len(parts) > 1 else None


def _owner(mark: bytes) -> tuple[str, str, str] | None:
    """Host, process and when that started, by a mark."""
    words = mark.decode(errors="replace").split("\n")[0].split(" ")
    return (words[0], words[1], words[2]) if len(words) == 5 else None


def _lives(owner: tuple[str, str, str]) -> bool:
    """Whether a process of this very machine is still there; those of others are taken for dead."""
    host, pid, started = owner
    return host == _host() and pid.isdigit() and bool(started) and _started(int(pid)) == started


@cache
def _host() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        boot = ""
    return f"{socket.gethostname().replace(' ', '-')}/{boot}"


def _started(pid: int) -> str:
    """When a process started, in ticks since boot; empty where it is gone, or the system does not say."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
