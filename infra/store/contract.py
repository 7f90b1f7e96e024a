"""The store's two layers: a backend holds bytes by key; `Store` (store.py) puts addresses, digests and records on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


class StoreError(Exception):
    """Base of the store's faults."""


class NotFound(StoreError):
    """No object has this key."""


class Damaged(StoreError):
    """Bytes do not match the digest they are stored under."""


class Unavailable(StoreError):
    """The backend did not answer, throttled, or refused for now: worth trying again."""


class Forbidden(StoreError):
    """Wrong credentials, or a key outside the root: trying again is useless."""


@dataclass(frozen=True, slots=True)
class ArtifactRef:
    """Stored bytes, named by their content."""

    sha256: str
    size: int
    media_type: str

    def to_json(self) -> dict[str, str | int]:
        return {"sha256": self.sha256, "size": self.size, "media_type": self.media_type}


@dataclass(frozen=True, slots=True)
class Entry:
    """An object as a listing shows it."""

    key: str
    size: int
    """Bytes."""
    modified: float
    """When it was last written, by the backend's clock: seconds since 1970, UTC."""


class Backend(Protocol):
    """Bytes by key. Keys are `/`-separated, relative, without `..`; anything else raises Forbidden."""

    def put(self, key: str, data: bytes, media_type: str = "application/octet-stream") -> None:
        """Write whole or not at all; replaces."""
        ...

    def get(self, key: str) -> bytes:
        """Raises NotFound."""
        ...

    def exists(self, key: str) -> bool: ...

    def delete(self, key: str) -> None:
        """A missing key is no error."""
        ...

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys that begin with `prefix`, sorted."""
        ...

    def url(self, key: str) -> str:
        """Where a person finds it: a path or `s3://…`. Never a presigned URL."""
        ...


class Inventory(Backend, Protocol):
    """A backend that can also say how large and how old its objects are: what cleaning up needs."""

    def entries(self, prefix: str) -> Iterator[Entry]:
        """As `keys`, with sizes and ages."""
        ...

    def entry(self, key: str) -> Entry | None:
        """One of them; None when no object has this key."""
        ...

    def delete_older(self, key: str, than: float) -> bool:
        """Delete an object that was last written before `than`; whether it was deleted.

        A missing key is no error. One that was written again meanwhile stays: in a folder always; in S3, which has no
        conditional delete, unless it is written again between the look and the delete, two requests apart."""
        ...

    def unfinished(self) -> Iterator[Entry]:
        """Writes that never ended: temporary files, multipart uploads. Their names are no keys, and sizes may be 0."""
        ...

    def drop_unfinished(self, entry: Entry) -> None:
        """Give one of them up. One that is gone is no error."""
        ...
