"""A backend whose every call is a boundary: before, during and after each write, before each read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from flows.bench.faults.schedule import Schedule
from infra.store.contract import Entry, Inventory
from infra.store.keys import TEMPORARY
from infra.store.local import LocalBackend
from infra.store.together import Soon, Writes

LONG_AGO = 1_700_000_000
"""When what is left behind was written: whoever comes next must not wait to see that nobody writes it any more."""


class FaultyBackend:
    """`inner`, crossing `schedule` at each call. What half of a write leaves in a folder is a temporary file; in S3, nothing."""

    def __init__(self, inner: Inventory, schedule: Schedule) -> None:
        self.inner, self._schedule = inner, schedule

    def put(self, key: str, data: bytes, media_type: str = "application/octet-stream") -> None:
        """Raises what the schedule says besides."""
        written(self._schedule, self.inner, key, data, lambda: self.inner.put(key, data, media_type))

    def soon(self) -> Writes:
        """The inner one's, with the same boundaries; one that writes at once where it has none."""
        return FaultyWrites(self, self._schedule)

    def get(self, key: str) -> bytes:
        self._schedule.cross(f"before read {key}")
        return self.inner.get(key)

    def exists(self, key: str) -> bool:
        self._schedule.cross(f"before read {key}")
        return self.inner.exists(key)

    def entry(self, key: str) -> Entry | None:
        self._schedule.cross(f"before read {key}")
        return self.inner.entry(key)

    def delete(self, key: str) -> None:
        self._schedule.cross(f"before delete {key}")
        self.inner.delete(key)
        self._schedule.cross(f"after delete {key}")

    def delete_older(self, key: str, than: float) -> bool:
        self._schedule.cross(f"before delete {key}")
        return self.inner.delete_older(key, than)

    def keys(self, prefix: str) -> Iterator[str]:
        self._schedule.cross(f"before read {prefix}")
        yield from self.inner.keys(prefix)

    def entries(self, prefix: str) -> Iterator[Entry]:
        self._schedule.cross(f"before read {prefix}")
        yield from self.inner.entries(prefix)

    def unfinished(self) -> Iterator[Entry]:
        yield from self.inner.unfinished()

    def drop_unfinished(self, entry: Entry) -> None:
        self.inner.drop_unfinished(entry)

    def url(self, key: str) -> str:
        return self.inner.url(key)


class FaultyWrites:
    """Puts that need not last yet, and the moment from which they must."""

    def __init__(self, backend: FaultyBackend, schedule: Schedule) -> None:
        inner = backend.inner
        self._backend, self._schedule = inner, schedule
        self._writes: Writes | None = inner.soon() if isinstance(inner, Soon) else None

    def put(self, key: str, data: bytes, media_type: str) -> None:
        to = self._writes or self._backend
        written(self._schedule, self._backend, key, data, lambda: to.put(key, data, media_type))

    def settle(self) -> None:
        self._schedule.cross("before settle")
        if self._writes:
            self._writes.settle()
        self._schedule.cross("after settle")


class FaultyFolder(LocalBackend):
    """A folder's own backend with the same boundaries, for a process that is really killed: everything else of it is as it is."""

    def __init__(self, root: Path, schedule: Schedule) -> None:
        super().__init__(root)
        self._schedule = schedule

    def _write(self, key: str, data: bytes, **how: bool) -> None:
        whole = super()._write
        written(self._schedule, self, key, data, lambda: whole(key, data, **how))

    def get(self, key: str) -> bytes:
        """As ever."""
        self._schedule.cross(f"before read {key}")
        return super().get(key)

    def delete(self, key: str) -> None:
        """As ever."""
        self._schedule.cross(f"before delete {key}")
        super().delete(key)
        self._schedule.cross(f"after delete {key}")


def written(schedule: Schedule, inner: Inventory, key: str, data: bytes, write: Callable[[], None]) -> None:
    """A write with its three boundaries."""
    schedule.cross(f"before write {key}")
    schedule.cross(f"during write {key}", lambda: _half(inner, key, data))
    write()
    schedule.cross(f"after write {key}")


def _half(inner: Inventory, key: str, data: bytes) -> None:
    """The temporary file that a folder's writer leaves when it dies at its work."""
    if isinstance(inner, LocalBackend):
        path = Path(inner.url(key))
        path.parent.mkdir(parents=True, exist_ok=True)
        name = f"{TEMPORARY}{hashlib.sha256(data).hexdigest()[:24]}"
        (path.parent / name).write_bytes(data[: len(data) // 2])
        os.utime(path.parent / name, (LONG_AGO, LONG_AGO))
