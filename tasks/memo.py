"""Do a stage's work once: look its record up, else compute, store the bytes, and write the record last."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from infra.store.canonical import canonical_json
from infra.store.contract import ArtifactRef, Damaged, NotFound
from infra.store.store import Store
from tasks.contracts import JsonObject

AT_HAND = 2**22
"""Artifacts longer than this are not held in memory once they are stored, bytes."""


@dataclass(frozen=True, slots=True)
class Produced:
    """What a stage made: named bytes with their media type, and small facts."""

    artifacts: Mapping[str, tuple[bytes, str]] = field(default_factory=dict)
    facts: JsonObject = field(default_factory=dict)


class Done:
    """A finished stage: its facts, and its artifacts by name, verified when read.

    A missing or damaged artifact is recomputed in place; one that was made in this very call is at hand and not read again.
    `seconds` is what this run spent on it: 0 when it was there."""

    def __init__(
        self, memo: Memo, stage: str, key: str, record: JsonObject, compute: Callable[[], Produced],
        seconds: float, cached: bool, made: Mapping[str, tuple[bytes, str]] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        self._memo, self._compute, self._made = memo, compute, made
        self.stage, self.key, self.record = stage, key, record
        self.seconds, self.cached = seconds, cached

    @property
    def facts(self) -> JsonObject:
        """The stage's small results."""
        facts: JsonObject = self.record["facts"]
        return facts

    def ref(self, name: str) -> ArtifactRef:
        """Where the artifact is."""
        entry = self.record["artifacts"][name]
        return ArtifactRef(entry["sha256"], entry["size"], entry["media_type"])

    def names(self) -> tuple[str, ...]:
        """Names of the artifacts."""
        return tuple(self.record["artifacts"])

    def load(self, name: str) -> bytes:
        """The artifact's bytes."""
        if name in self._made:
            return self._made[name][0]
        try:
            return self._memo.store.get(self.ref(name))
        except (Damaged, NotFound):
            self.record = self._memo.recompute(self.stage, self.key, self._compute, heal=True)
            self.cached = False
            return self._memo.store.get(self.ref(name))


@dataclass(frozen=True, slots=True)
class Memo:
    """Records in a store, as one run sees them. With `fresh`, only records made by this very run (or `also`) count."""

    store: Store
    run: str = ""
    """The run's id, stamped on every record it makes."""
    fresh: bool = False
    also: str = ""
    """A run whose records count too where `fresh` is asked for: the first pass of the same command."""

    def do(self, stage: str, identity: JsonObject, compute: Callable[[], Produced]) -> Done:
        """The stage's result for this identity.

        identity: all that changes the bytes: stage version, engine, runtime, parameters, input digests, weights, seed."""
        key = record_key(stage, identity)
        made: dict[str, tuple[bytes, str]] = {}
        record = self.find(stage, key)
        if record is None:
            record = self.recompute(stage, key, compute, made=made)
        cached = record["run"] != self.run or not self.run
        spent = 0.0 if cached else record["seconds"]
        return Done(self, stage, key, record, compute, spent, cached, made)

    def find(self, stage: str, key: str) -> JsonObject | None:
        """The record under `key` that counts for this run, if there is one."""
        record = self.store.read_record(stage, key)
        stale = record is not None and self.fresh and record["run"] not in (self.run, self.also or self.run)
        return None if stale else record

    def recompute(
        self, stage: str, key: str, compute: Callable[[], Produced], *, heal: bool = False,
        made: dict[str, tuple[bytes, str]] | None = None,
    ) -> JsonObject:  # fmt: skip
        """Compute, store and record; with `heal`, stored bytes are checked and replaced where they are damaged.

        made: takes the artifacts that are not too long to be kept at hand."""
        begun = time.perf_counter()
        produced = compute()
        put: dict[int, JsonObject] = {}  # artifacts that are one and the same
        refs: JsonObject = {}
        for name, (data, media_type) in produced.artifacts.items():
            if id(data) not in put:
                put[id(data)] = self.store.put(data, media_type, verify=heal).to_json()
            refs[name] = put[id(data)]
            if made is not None and len(data) <= AT_HAND:
                made[name] = data, media_type
        return self._record(stage, key, refs, produced.facts, time.perf_counter() - begun)

    def write(self, stage: str, key: str, artifacts: Mapping[str, ArtifactRef], facts: JsonObject) -> None:
        """Record a result whose artifacts are stored already."""
        self._record(stage, key, {name: ref.to_json() for name, ref in artifacts.items()}, facts, 0.0)

    def _record(
        self, stage: str, key: str, refs: JsonObject, facts: JsonObject, seconds: float
    ) -> JsonObject:
        record: JsonObject = {
            "stage": stage, "artifacts": refs, "facts": facts, "run": self.run, "seconds": round(seconds, 4)
        }  # fmt: skip
        self.store.write_record(stage, key, record)
        return record


def record_key(stage: str, identity: JsonObject) -> str:
    """sha256 over the stage's name and everything that changes its bytes."""
    return hashlib.sha256(canonical_json({"stage": stage, **identity})).hexdigest()
