"""An entry of an append-only log: its stored bytes, their digest, and a name of its number and digest."""

from __future__ import annotations

import hashlib
import re

from pydantic import Field

from infra.store.canonical import canonical_json
from tasks.intents import Frozen

NAME = re.compile(r"\d{8,}-[0-9a-f]{64}\.json")


class Chained(Frozen):
    """Never changed once it is written: a later entry supersedes it."""

    seq: int = Field(ge=1)
    """Larger than that of every entry its writer had seen. Writers that did not see each other may share one."""
    previous: tuple[str, ...] = ()
    """Digests of the last entries that its writer had seen: one, or several where writers met; none for the first."""

    def encoded(self) -> bytes:
        """The bytes that are stored."""
        return canonical_json(self.model_dump(mode="json"))

    @property
    def digest(self) -> str:
        """sha256 of the stored bytes."""
        return hashlib.sha256(self.encoded()).hexdigest()

    @property
    def name(self) -> str:
        """Its name in the log: two writers that take the same number still write two objects."""
        return f"{self.seq:08d}-{self.digest}.json"
