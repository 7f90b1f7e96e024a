"""Addresses, digests and records on a backend: bytes are found by content, and never trusted unread.

cas/sha256/ab/cd/<digest>      artifacts, immutable
stages/<stage>/<key>.json      records, written last, small, with a digest of their own
runs/<run_id>/<name>           what a run says about itself: manifests, outcomes, snapshots
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from infra.store.canonical import canonical_json
from infra.store.contract import ArtifactRef, Backend, Damaged, Forbidden, Inventory, NotFound
from infra.store.keys import checked, checked_segment, shown
from infra.store.local import LocalBackend
from infra.store.together import Batch

DIGEST = re.compile(r"[0-9a-f]{64}")
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://(.*)", re.DOTALL)
JSON = "application/json"
SMALL = 2**16
"""Bytes."""
REWRITE_S = 12 * 3600.0
"""Artifacts older than this are written again when they are put: half of the age below which none is ever taken away."""


class Store:
    """Safe for threads and for any number of writers: equal content has one place, and equal keys equal records.

    Every method may raise Unavailable (try again) or Forbidden (do not); each names what else it raises.
    """

    def __init__(self, backend: Inventory) -> None:
        self.backend = backend
        self._together = _Together()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What this thread writes within the block is flushed together, records after all that they name: see `Batch`. It all
        lasts when the block has ended; a block within a block is part of it.

        What was finished before an error is kept. The block's end raises as `put` does, and then no record is written."""
        if self._together.batch:
            yield
            return
        batch = self._together.batch = Batch()
        try:
            yield
            batch.flush()
            batch.settle()
        except Exception:
            with suppress(Exception):  # it is the block's own error that counts
                batch.flush()
                batch.settle()
            raise
        finally:
            self._together.batch = None

    def put_beside(self, backend: Backend, key: str, data: bytes, media_type: str) -> None:
        """Write to another backend, whole or not at all, as part of the block that this thread is in."""
        batch = self._together.batch
        if batch:
            batch.put(backend, key, data, media_type)
        else:
            backend.put(key, data, media_type)

    def put(self, data: bytes, media_type: str, *, verify: bool = False) -> ArtifactRef:
        """Keep bytes; nothing is sent when their digest is already there and young: what is old and not named yet may be
        taken away while it is about to be named, and is written again. Within a batch what is small is sent without looking:
        that is the quicker way for what is nearly always new.

        `verify` reads what is there and writes again if it is damaged: the way to heal after `get` raised Damaged.
        """
        ref = ArtifactRef(hashlib.sha256(data).hexdigest(), len(data), media_type)
        straight = self._together.batch is not None and len(data) <= SMALL and not verify
        present = not straight and self._young(ref.sha256) and (not verify or self._intact(ref.sha256))
        if not present:
            self.put_beside(self.backend, _address(ref.sha256), data, media_type)
        return ref

    def get(self, ref: ArtifactRef | str) -> bytes:
        """The bytes of an artifact, or of a digest. Raises NotFound, and Damaged when they do not match it."""
        digest = _digest(ref)
        data = self._arrived(_address(digest))
        found = hashlib.sha256(data).hexdigest()
        if found != digest:
            raise Damaged(f"{self.url(digest)} holds {len(data)} bytes whose sha256 is {found}")
        return data

    def has(self, ref: ArtifactRef | str) -> bool:
        """Whether something is stored there; only `get` says whether it is whole."""
        return self.backend.exists(_address(_digest(ref)))

    def discard(self, ref: ArtifactRef | str) -> None:
        """Drop an artifact, so that the next `put` writes it again. A missing one is no error."""
        self.backend.delete(_address(_digest(ref)))

    def write_record(self, stage: str, key: str, record: dict[str, Any]) -> None:
        """Say that a stage finished for `key`. Write it after all artifacts it names; the same record gives the
        same bytes. Raises TypeError or ValueError for what is not JSON."""
        place, batch = _record_key(stage, key), self._together.batch
        body = canonical_json({"stage": stage, "key": key, "record": record})
        sealed = _with_seal(body)
        if batch:
            batch.hold(self.backend, place, sealed)
        else:
            self.backend.put(place, sealed, JSON)

    def read_record(self, stage: str, key: str) -> dict[str, Any] | None:
        """The record, or None when it is missing, torn, altered, of another key, or not ours: then redo the work."""
        place, batch = _record_key(stage, key), self._together.batch
        try:
            found = json.loads((batch and batch.held(place)) or self.backend.get(place))
            body = {"stage": stage, "key": key, "record": found["record"]}
            whole = found["sha256"] == _sealed(body) and isinstance(found["record"], dict)
        except (NotFound, Damaged, ValueError, TypeError, KeyError, RecursionError):
            return None
        return dict(found["record"]) if whole else None

    def write_run(self, run_id: str, name: str, data: bytes, media_type: str) -> str:
        """Keep a run's document; replaces. `name` may hold slashes. Returns its url."""
        key = _run_key(run_id, name)
        self.backend.put(key, data, media_type)
        return self.backend.url(key)

    def read_run(self, run_id: str, name: str) -> bytes:
        """Raises NotFound."""
        return self.backend.get(_run_key(run_id, name))

    def run_names(self, run_id: str) -> list[str]:
        """The names of a run's documents, sorted; none for an unknown run."""
        base = f"runs/{checked_segment(run_id)}/"
        return [key.removeprefix(base) for key in self.backend.keys(base)]

    def run_ids(self) -> list[str]:
        """All runs that have a document, sorted."""
        return sorted({key.split("/")[1] for key in self.backend.keys("runs/")})

    def url(self, ref: ArtifactRef | str) -> str:
        """Where a person finds the artifact: a path or `s3://…`."""
        return self.backend.url(_address(_digest(ref)))

    def _arrived(self, key: str) -> bytes:
        """The bytes under a key, also of what this thread has put but a moment ago."""
        batch = self._together.batch
        try:
            return self.backend.get(key)
        except NotFound:
            if batch is None:
                raise
        batch.settle()
        return self.backend.get(key)

    def _young(self, digest: str) -> bool:
        found = self.backend.entry(_address(digest))
        return found is not None and time.time() - found.modified < REWRITE_S

    def _intact(self, digest: str) -> bool:
        try:
            self.get(digest)
        except (NotFound, Damaged):
            return False
        return True


class _Together(threading.local):
    """The batch that a thread is in."""

    batch: Batch | None = None


def open_store(url: str, endpoint_url: str = "", *, create: bool = False) -> Store:
    """A store in a folder or at `s3://bucket/prefix`. Nothing is touched, except that `create` makes a missing
    bucket or folder. Raises Forbidden for an address of another kind."""
    scheme = SCHEME.fullmatch(url)
    if scheme is None or scheme[1].lower() == "file":
        return _open_folder(url if scheme is None else scheme[2], create)
    if scheme[1].lower() != "s3":
        raise Forbidden(f"{shown(scheme[1])} is no kind of store. Cure: give a folder or s3://bucket/prefix")
    from infra.store.s3 import S3Backend  # boto3 takes half a second to import, and a folder does not need it

    bucket, _, prefix = scheme[2].partition("/")
    backend = S3Backend(bucket, prefix, endpoint_url)
    if create:
        backend.create_bucket()
    return Store(backend)


def _open_folder(path: str, create: bool) -> Store:
    if not path:
        raise Forbidden("a store needs an address. Cure: give a folder or s3://bucket/prefix")
    folder = Path(path).expanduser()
    if create:
        folder.mkdir(parents=True, exist_ok=True)
    return Store(LocalBackend(folder))


def _digest(ref: ArtifactRef | str) -> str:
    digest = ref if isinstance(ref, str) else ref.sha256
    if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
        raise Forbidden(f"{shown(digest)} is not a sha256 in lower-case hexadecimal")
    return digest


def _address(digest: str) -> str:
    return f"cas/sha256/{digest[:2]}/{digest[2:4]}/{digest}"


def _record_key(stage: str, key: str) -> str:
    return f"stages/{checked_segment(stage)}/{checked_segment(f'{key}.json')}"


def _run_key(run_id: str, name: str) -> str:
    return f"runs/{checked_segment(run_id)}/{checked(name)}"


def _with_seal(body: bytes) -> bytes:
    """The canonical JSON of a record and its digest, from that of the record: `sha256` sorts before `stage`, which is last."""
    head, mark, stage = body.rpartition(b',"stage":')
    return b'%b,"sha256":"%b"%b%b' % (head, hashlib.sha256(body).hexdigest().encode(), mark, stage)


def _sealed(body: dict[str, Any]) -> str:
    return hashlib.sha256(canonical_json(body)).hexdigest()
