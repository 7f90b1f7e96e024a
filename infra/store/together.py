"""Writes of one piece of work together: artifacts as they come, and records once all that was put before them lies safe.

A flush to the disk takes longer than a small picture's work, and a request to S3 longer still. Inside a batch artifacts are
written whole but not flushed one by one (a folder), or by a few threads (S3); records wait in memory until those before them
have arrived. A process that dies loses at most what it did in the last HOLD_S seconds, which is then done again; what a record
names is always there before it."""

from __future__ import annotations

import time
from typing import Protocol, runtime_checkable

from infra.store.contract import Backend

HOLD_S = 1.0
"""Records wait no longer than this for the next one to take them along, seconds."""
JSON = "application/json"


class Writes(Protocol):
    """Puts of one thread that need not last before `settle` returns."""

    def put(self, key: str, data: bytes, media_type: str) -> None:
        """As `Backend.put`, whole or not at all; what goes wrong may be raised by `settle` only."""
        ...

    def settle(self) -> None:
        """Returns when everything put before lasts. Raises what went wrong with any of it."""
        ...


@runtime_checkable
class Soon(Protocol):
    """A backend that can write faster when it need not wait for each write."""

    def soon(self) -> Writes: ...


class Batch:
    """What one thread writes within a block: `store.together()`."""

    def __init__(self) -> None:
        self._writes: dict[int, tuple[Backend, Writes | None]] = {}
        self._records: dict[str, tuple[Backend, bytes]] = {}
        self._since = time.monotonic()
        self._fault: Exception | None = None

    def put(self, backend: Backend, key: str, data: bytes, media_type: str) -> None:
        """Bytes that are to last before any record that is written after them."""
        writes = self._of(backend)
        (writes or backend).put(key, data, media_type)

    def hold(self, backend: Backend, key: str, record: bytes) -> None:
        """A record, to be written after all that was put; at once, with those that wait, when they have waited long enough."""
        self._records[key] = backend, record
        if time.monotonic() - self._since >= HOLD_S:
            self.flush()

    def held(self, key: str) -> bytes | None:
        """The record under `key` if it waits here."""
        found = self._records.get(key)
        return found[1] if found else None

    def flush(self) -> None:
        """Artifacts first, then the records that wait."""
        self.settle()
        for key, (backend, record) in self._records.items():
            self.put(backend, key, record, JSON)
        self._records.clear()
        self._since = time.monotonic()

    def settle(self) -> None:
        """Returns when all that was put lasts. Once something did not arrive, no record is written any more: what failed is
        raised now and every time after."""
        try:
            if self._fault is None:
                for _, writes in self._writes.values():
                    if writes:
                        writes.settle()
        except Exception as fault:
            self._fault = fault
        if self._fault is not None:
            raise self._fault

    def _of(self, backend: Backend) -> Writes | None:
        if id(backend) not in self._writes:
            self._writes[id(backend)] = backend, backend.soon() if isinstance(backend, Soon) else None
        return self._writes[id(backend)][1]
