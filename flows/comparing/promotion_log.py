"""The append-only log of what was promoted: one object a change under `promotions/ROLE/`, never rewritten, never locked.

A name holds a number and the digest of the content, so two people who promote at the same moment write two objects. The log
is written before anything is moved: it is what a change that was cut short is finished from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal

from pydantic import ValidationError

from flows.comparing.model import PairedInterval, Verdict
from flows.comparing.votes import PairVotes
from infra.store.store import Store
from infra.tracking.champions import Held
from tasks.chained import NAME, Chained
from tasks.errors import ArtifactDamaged
from tasks.intents import Frozen

FOLDER = "promotions"
JSON = "application/json"


class Holder(Frozen):
    """An engine with its weights and parameters, as an alias holds it."""

    engine: str
    tags: dict[str, str] = {}
    """What makes it this one: engine version, revision, sha256, parameters."""
    version: str = ""
    """Number of the registered model's version, where it has one already."""

    @property
    def said(self) -> str:
        """`lama@1 (version 3)`, with its parameters."""
        name = f"{self.engine}@{self.tags.get('engine_version', '?')}"
        params = json.loads(self.tags.get("params") or "{}")
        given = " with " + ", ".join(f"{k}={v}" for k, v in sorted(params.items())) if params else ""
        return name + given + (f" (version {self.version})" if self.version else "")

    @property
    def held(self) -> Held:
        """As tracking knows it."""
        return Held(self.engine, self.version, dict(self.tags))


class Evidence(Frozen):
    """What a promotion rests on."""

    comparison: str
    variant: str
    stages: tuple[str, ...]
    """Whose engine it is."""
    asked: str
    """What the variant chose, in words."""
    verdict: Verdict
    intervals: tuple[PairedInterval, ...]
    """Of the variant against each other one."""
    votes: tuple[PairVotes, ...] = ()
    """The same, by people."""
    not_promoted: tuple[str, ...] = ()
    """What the variant chose besides, and why an alias cannot hold it."""
    notes: tuple[str, ...] = ()


class Change(Chained):
    """One move of `@champion` of one role."""

    schema_version: Literal[1] = 1
    at: str
    """UTC, ISO 8601."""
    by: str
    why: str = ""
    """The reason, where the verdict alone is none."""
    action: Literal["promote", "back"]
    role: str
    alias: str = "champion"
    former: Holder | None = None
    """Who held it before; None for nobody."""
    to: Holder | None = None
    """None only where a first promotion is taken back: then nobody holds it."""
    evidence: Evidence | None = None
    """None for a roll-back."""
    undoes: str = ""
    """Of a roll-back: digest of the change that it takes back."""


def read_changes(store: Store, role: str = "") -> tuple[Change, ...]:
    """All changes of a role, or of all roles, in the order in which they count. Raises ArtifactDamaged."""
    prefix = f"{FOLDER}/{role}/" if role else f"{FOLDER}/"
    found = [_change(store, key) for key in store.backend.keys(prefix)]
    missing = {d for one in found for d in one.previous} - {one.digest for one in found}
    if missing:
        raise ArtifactDamaged(
            f"the log of promotions lacks {len(missing)} change(s), such as {min(missing)[:12]}",
            cure="bring the missing object back from a backup",
        )
    return tuple(sorted(found, key=lambda one: (one.role, one.seq, one.digest)))


def append(store: Store, change: Change, seen: Sequence[Change]) -> Change:
    """Write a change after all that was seen of its role; as it was written."""
    followed = {digest for one in seen for digest in one.previous}
    change = change.model_copy(update={
        "seq": max((one.seq for one in seen), default=0) + 1,
        "previous": tuple(sorted({one.digest for one in seen} - followed)),
    })  # fmt: skip
    store.backend.put(f"{FOLDER}/{change.role}/{change.name}", change.encoded(), JSON)
    return change


def standing(changes: Sequence[Change], current: Held | None) -> Change | None:
    """Of one role: the promotion that put `current` there, and that a roll-back takes back; None where none did.

    Promotions that were taken back do not count; those whose engine somebody replaced by hand are passed over."""
    stack: list[Change] = []
    for one in changes:
        if one.action == "promote":
            stack.append(one)
        else:
            stack = [other for other in stack if other.digest != one.undoes]
    fits = [one for one in stack if current and one.to and one.to.held.same(current)]
    return fits[-1] if fits else None


def _change(store: Store, key: str) -> Change:
    folder, _, file = key.rpartition("/")
    try:
        change = Change.model_validate_json(store.backend.get(key))
    except ValidationError as error:
        raise _damaged(key) from error
    if not NAME.fullmatch(file) or change.name != file or folder != f"{FOLDER}/{change.role}":
        raise _damaged(key)
    return change


def _damaged(key: str) -> ArtifactDamaged:
    return ArtifactDamaged(
        f"the log of promotions is damaged: {key} does not hold what its name says",
        cure="bring the object back from a backup",
    )
