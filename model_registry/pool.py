"""Loaded engines, shared where that is safe and lent one at a time where it is not, within a bound of memory."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from model_registry.card import Card
from model_registry.engines.contract import Engine
from model_registry.engines.load import load_engine
from model_registry.registry import Registry


@dataclass(eq=False, slots=True)
class _Slot:
    """One loaded engine, or the place kept for one that is being loaded."""

    card: Card
    engine: Engine | None = None
    users: int = 0
    used_at: int = 0

    @property
    def idle(self) -> bool:
        return self.engine is not None and self.users == 0


class EnginePool:
    """Thread-safe. `memory_mb` bounds the sum of `cost.memory_mb` of what is loaded.

    Two leases go over the bound rather than wait for ever: an engine larger than the bound, once nothing else is leased;
    and a lease asked for by a thread that holds another already, since two such threads could wait for each other."""

    def __init__(self, registry: Registry, memory_mb: int) -> None:
        self._registry = registry
        self._memory_mb = memory_mb
        self._slots: list[_Slot] = []
        self._holders: Counter[int] = Counter()
        self._clock = 0
        self._changed = threading.Condition()

    @contextmanager
    def lease(self, engine_id: str) -> Iterator[Engine]:
        """Lend an engine for a `with` block; loads it when none is idle.

        Raises UnknownEngine, WeightsMissing, WeightsDamaged or EngineFault when it cannot be loaded."""
        card = self._registry.get(engine_id)
        holder = threading.get_ident()
        slot = self._take(card, holder)
        try:
            if slot.engine is None:
                self._load(slot)
            assert slot.engine is not None
            yield slot.engine
        finally:
            self._give_back(slot, holder)

    @property
    def loaded(self) -> tuple[str, ...]:
        """Ids of the loaded instances, sorted, one entry an instance."""
        with self._changed:
            return tuple(sorted(slot.card.id for slot in self._slots if slot.engine is not None))

    def clear(self) -> None:
        """Drop every idle instance."""
        with self._changed:
            self._slots = [slot for slot in self._slots if not slot.idle]
            self._changed.notify_all()

    def _take(self, card: Card, holder: int) -> _Slot:
        with self._changed:
            while True:
                slot = self._ready(card) or self._reserved(card, nested=self._holders[holder] > 0)
                if slot is not None:
                    break
                self._changed.wait()
            slot.users += 1
            self._holders[holder] += 1
            return slot

    def _ready(self, card: Card) -> _Slot | None:
        """A loaded instance that may be used now, the most recently used first."""
        mine = [s for s in self._slots if s.card.id == card.id and (s.idle or card.thread_safe)]
        return max((s for s in mine if s.engine is not None), key=lambda s: s.used_at, default=None)

    def _reserved(self, card: Card, nested: bool) -> _Slot | None:
        """A new place for the card, room made for it; None when that has to wait."""
        if card.thread_safe and any(s.card.id == card.id for s in self._slots):
            return None  # another thread is loading the instance that all will share
        idle = sorted((s for s in self._slots if s.idle), key=lambda s: s.used_at)
        busy_mb = sum(s.card.cost.memory_mb for s in self._slots if not s.idle)
        alone = len(idle) == len(self._slots)
        if busy_mb + card.cost.memory_mb > self._memory_mb and not (alone or nested):
            return None
        for old in idle:
            if sum(s.card.cost.memory_mb for s in self._slots) + card.cost.memory_mb <= self._memory_mb:
                break
            self._slots.remove(old)
        slot = _Slot(card)
        self._slots.append(slot)
        return slot

    def _load(self, slot: _Slot) -> None:
        """Outside the lock: others go on meanwhile. A failed load frees the place."""
        try:
            engine = load_engine(slot.card, self._registry.folder_of(slot.card.id))
        except BaseException:
            with self._changed:
                self._slots.remove(slot)
                self._changed.notify_all()
            raise
        with self._changed:
            slot.engine = engine
            self._changed.notify_all()

    def _give_back(self, slot: _Slot, holder: int) -> None:
        with self._changed:
            self._clock += 1
            slot.used_at = self._clock
            slot.users -= 1
            self._holders[holder] -= 1
            if not self._holders[holder]:
                del self._holders[holder]
            self._changed.notify_all()
