"""Who turns pictures into vectors: a vision transformer where one is at hand, else the compact descriptor."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from infra.store.contract import Damaged, NotFound
from model_registry.card import Card
from model_registry.engines import wrap_vision
from model_registry.errors import RegistryError
from model_registry.weights import weights_digest
from tasks.memo import Produced
from tasks.triage.descriptor import LENGTH, SIDE, describe
from tasks.workshop import Workshop

log = logging.getLogger("pentimento")
DESCRIPTOR = "descriptor"
MOST = 200
NETWORK_SIDE = 480
"""Of pictures that a network is shown, px: they look at 224 or so."""
NETWORK_MOST = 32
"""At a quarter of a second each, before and after, half a minute."""
VERSION = "1"
Levels = NDArray[np.uint8]
Vector = NDArray[np.float32]
Load = Callable[[], Levels | None]
"""Decodes the picture, H×W×3 uint8; None where the store has lost it."""


@dataclass(frozen=True)
class Eye:
    """A way to see pictures."""

    name: str
    """`descriptor`, or `id@version` of the network."""
    length: int
    """Of its vectors, where nothing was seen."""
    side: int
    """A picture need be no larger than this to be seen, px."""
    most: int
    """Pictures of a run, and regions, that it sees in reasonable time."""
    see: Callable[[str, Load], Vector | None]
    """The unit vector of a picture, by its sha256; decoded only if need be."""


class _Known:
    """Vectors by eye and sha256, the oldest out first: what is named by its content never changes."""

    def __init__(self, most: int) -> None:
        self._most, self._held, self._lock = most, OrderedDict[tuple[str, str], Vector](), threading.Lock()

    def get(self, key: tuple[str, str], make: Callable[[], Vector | None]) -> Vector | None:
        with self._lock:
            if key in self._held:
                return self._held[key]
        made = make()
        if made is not None:
            with self._lock:
                self._held[key] = made
                while len(self._held) > self._most:
                    self._held.popitem(last=False)
        return made


_known = _Known(2048)


def eye_of(shop: Workshop) -> Eye:
    """The one that this run sees with: the first network of role `embed` that opens, else the descriptor."""
    for card in shop.registry.of_role("embed"):
        try:
            with shop.pool.lease(card.id):
                return _by_network(shop, card)
        except RegistryError as fault:
            log.warning("pictures are not embedded by %s: %s", card.ref, fault.message)

    def see(sha256: str, load: Load) -> Vector | None:
        return _known.get((DESCRIPTOR, sha256), lambda: _described(load()))

    return Eye(DESCRIPTOR, LENGTH, SIDE, MOST, see)


def _described(levels: Levels | None) -> Vector | None:
    return None if levels is None else describe(levels)


def _by_network(shop: Workshop, card: Card) -> Eye:
    """Each vector is kept in the store, by the picture and the weights: a sheet drawn again costs no second look."""

    def see(sha256: str, load: Load) -> Vector | None:
        identity = {
            "version": VERSION, "engine": card.ref, "weights": weights_digest(card), "picture": sha256
        }  # fmt: skip

        def look() -> Vector | None:
            try:
                stored = shop.memo.do("embedding", identity, lambda: _looked(shop, card, load)).load("vector")
            except (NotFound, Damaged):
                return None
            except RegistryError as fault:
                log.warning("a picture was not embedded by %s: %s", card.ref, fault.message)
                return None
            return np.frombuffer(stored, "<f4").astype(np.float32)

        return _known.get((f"{card.ref} {identity['weights']}", sha256), look)

    return Eye(card.ref, LENGTH, NETWORK_SIDE, NETWORK_MOST, see)


def _looked(shop: Workshop, card: Card, load: Load) -> Produced:
    levels = load()
    if levels is None:
        raise NotFound("the picture is lost")
    with shop.pool.lease(card.id) as engine:
        vector = wrap_vision.embedding(card, engine, levels.astype(np.float32) / np.float32(255), params={})
    return Produced({"vector": (vector.astype("<f4").tobytes(), "application/octet-stream")})
