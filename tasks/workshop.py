"""What a worker process holds: the store, the registry, loaded engines, decoded pictures. One a process, shared by threads.

Prefect tasks reach it through this module, because a task body's own globals are pickled by value."""

from __future__ import annotations

import json
import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from infra.store.contract import Backend
from infra.store.store import Store, open_store
from model_registry.pool import EnginePool
from model_registry.registry import Registry
from tasks.contracts import Raster
from tasks.intents import Frozen
from tasks.memo import Memo
from tasks.policy.guard import Guard, guard_of
from tasks.tries import Ledger

RASTER_BYTES = 512 * 2**20
MOST_RASTERS = 128
"""Small pictures are not kept by the thousand: a shard or two is all that comes back to them."""


class WorkshopSpec(Frozen):
    """All a worker needs to build a workshop; travels with every task."""

    store: str
    s3_endpoint_url: str = ""
    cards: str = ""
    policy: str = ""
    """Path of the policy file; empty for the built-in one."""
    aliases: tuple[tuple[str, str, str, str], ...] = ()
    """The run's snapshot: role, alias, engine id, and the engine's parameters under it as a JSON object, or empty."""
    memory_mb: int = 4096
    max_pixels: int = 120_000_000
    max_bytes: int = 512 * 2**20
    run: str = ""
    """The run's id."""
    fresh: bool = False
    """Only records made by this very run count …"""
    first: str = ""
    """… and by this one: the first pass of the same command."""
    observed: tuple[str, ...] = ()
    """Ids of the pictures whose sampling is observed."""
    tries: int = 3
    """A picture that killed its worker so often is left alone."""


class RasterCache:
    """Decoded pictures by key, least recently used out first, within a bound of bytes and of their number."""

    def __init__(self, limit: int = RASTER_BYTES, most: int = MOST_RASTERS) -> None:
        self._limit, self._most, self._size = limit, most, 0
        self._held: OrderedDict[str, Raster] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str, decode: Callable[[], Raster]) -> Raster:
        """The raster under `key`, decoded when it is not held."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
        raster = decode()
        with self._lock:
            if key not in self._held:
                self._held[key] = raster
                self._size += raster.pixels.nbytes
            while (self._size > self._limit or len(self._held) > self._most) and len(self._held) > 1:
                self._size -= self._held.popitem(last=False)[1].pixels.nbytes
        return raster

    def clear(self) -> None:
        """Hold nothing."""
        with self._lock:
            self._held.clear()
            self._size = 0


@dataclass(frozen=True)
class Workshop:
    """The tools of a worker process."""

    spec: WorkshopSpec

    @cached_property
    def store(self) -> Store:
        """Artifacts and records."""
        return open_store(self.spec.store, self.spec.s3_endpoint_url, create=True)

    @cached_property
    def registry(self) -> Registry:
        """The cards, with the run's aliases."""
        return _registry(self.spec.cards, self.spec.aliases)

    @cached_property
    def pool(self) -> EnginePool:
        """Loaded engines, kept from run to run."""
        return _pool(self.spec.cards, self.spec.aliases, self.spec.memory_mb)

    @property
    def guard(self) -> Guard:
        """The policy in force and its detectors."""
        return guard_of(self.spec.policy)

    @cached_property
    def memo(self) -> Memo:
        """Stage records."""
        return Memo(self.store, self.spec.run, self.spec.fresh, self.spec.first)

    @cached_property
    def ledger(self) -> Ledger:
        """Pictures that killed their workers."""
        return Ledger(self.memo, self.registry.digest, self.backend)

    @cached_property
    def rasters(self) -> RasterCache:
        """Decoded pictures."""
        return RasterCache()

    def free(self) -> None:
        """Let go of every engine that nobody uses and of all decoded pictures: memory is short."""
        self.pool.clear()
        self.rasters.clear()

    def backend(self, url: str) -> Backend:
        """Bytes below a folder or `s3://…` other than the store's."""
        return _backend(url, self.spec.s3_endpoint_url)


@lru_cache(maxsize=4)
def _registry(cards: str, aliases: tuple[tuple[str, str, str, str], ...]) -> Registry:
    by_role: dict[str, dict[str, str]] = {}
    for role, alias, engine, _ in aliases:
        by_role.setdefault(role, {})[alias] = engine
    params = {(role, alias): json.loads(given) for role, alias, _, given in aliases if given}
    return Registry.load(*(Path(p) for p in cards.split(os.pathsep) if p)).with_aliases(by_role, params)


@lru_cache(maxsize=2)
def _pool(cards: str, aliases: tuple[tuple[str, str, str, str], ...], memory_mb: int) -> EnginePool:
    return EnginePool(_registry(cards, aliases), memory_mb)


@lru_cache(maxsize=64)
def _backend(url: str, endpoint_url: str) -> Backend:
    return open_store(url, endpoint_url).backend


_lock = threading.Lock()
_workshops: dict[WorkshopSpec, Workshop] = {}


def workshop(spec: WorkshopSpec) -> Workshop:
    """The process's workshop for a spec, built at the first call."""
    with _lock:
        return _workshops.setdefault(spec, Workshop(spec))
