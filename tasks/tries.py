"""How often a picture killed the process that worked on it: counted in the store, and after so many times it is left alone.

Counted by what is asked of the picture and by its bytes, across runs: another file, engine or program is another picture. Only what a
run itself counted stands against it where it is `fresh`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from infra.store.contract import Backend, StoreError, Unavailable
from tasks.contracts import JsonObject
from tasks.errors import EngineFailed
from tasks.intents import companion_of
from tasks.job import JobSpec
from tasks.memo import Memo, record_key

RECORD = "tries"
PLACE = f"stages/{RECORD}/"
NOT_ASKED = {"id", "out", "name", "as_before"}
"""Of a job: what says nothing of how its pixels are made."""
CURE = "mend the picture or choose another engine (--engine STAGE=ID); --fresh tries it again as it is"


@dataclass(frozen=True, slots=True)
class Deaths:
    """Of the processes that worked on a picture."""

    tokens: tuple[str, ...] = ()
    """One for each."""
    stage: str = ""
    """Where the last of them was."""

    @property
    def fault(self) -> EngineFailed:
        """What the picture ends with."""
        n = len(self.tokens)
        return EngineFailed(f"killed its worker {n} time{'s' * (n > 1)}", stage=self.stage, cure=CURE)


class Ledger:
    """The counts of a store, as one run sees them. Costs a listing a process, and nothing a picture while no picture has a count."""

    def __init__(self, memo: Memo, cards: str, backend: Callable[[str], Backend]) -> None:
        """cards: digest of the engines to be had. backend: of a job's root."""
        self._memo, self._cards, self._backend = memo, cards, backend

    def of(self, job: JobSpec) -> Deaths:
        """What stands against a picture."""
        key = self._known and self._key(job)
        record = self._memo.find(RECORD, key) if key and key in self._known else None
        if record is None or record["facts"]["source"] != self._source(job):
            return Deaths()
        return Deaths(tuple(record["facts"]["tokens"]), record["facts"]["stage"])

    def add(self, job: JobSpec, token: str, stage: str) -> Deaths:
        """Count a death; the same token counts once. Raises Unavailable."""
        self._known.add(self._key(job))
        tokens = (*(t for t in self.of(job).tokens if t != token), token)
        facts: JsonObject = {"tokens": list(tokens), "stage": stage, "source": self._source(job)}
        self._memo.write(RECORD, self._key(job), {}, facts)
        return Deaths(tokens, stage)

    def forget(self, job: JobSpec) -> None:
        """The picture was done: nothing stands against it any more. Raises Unavailable."""
        key = self._key(job)
        self._memo.store.backend.delete(f"{PLACE}{key}.json")
        self._known.discard(key)

    @cached_property
    def _known(self) -> set[str]:
        """Keys of the pictures that have a count. What others count meanwhile is learnt from the mark that is left for us."""
        keys = self._memo.store.backend.keys(PLACE)
        return {key.removeprefix(PLACE).removesuffix(".json") for key in keys}

    def _key(self, job: JobSpec) -> str:
        asked = {k: v for k, v in job.model_dump(mode="json").items() if k not in NOT_ASKED}
        return record_key(RECORD, {"asked": asked, "cards": self._cards})

    def _source(self, job: JobSpec) -> str:
        """Of the bytes that a job names; empty where they cannot be read, which is an outcome of its own."""
        digest = hashlib.sha256()
        for name in filter(None, (job.image, companion_of(job.intent))):
            try:
                digest.update(hashlib.sha256(self._backend(job.root).get(name)).digest())
            except Unavailable:
                raise
            except StoreError:
                return ""
        return digest.hexdigest()
