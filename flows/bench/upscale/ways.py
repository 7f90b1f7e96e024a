"""The ways to enlarge that are compared: built-in engines, published ones at hand, and the selective ladder of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from flows.bench.upscale.published import graphs
from flows.training.upscale_network.imresize import imresize
from model_registry.card import Card, Size
from model_registry.engines import wrap
from model_registry.engines.contract import Upscaler
from model_registry.errors import RegistryError, UnknownEngine
from model_registry.pool import EnginePool
from model_registry.registry import Registry
from tasks.contracts import Pixels, Raster
from tasks.enhancement.gain import gains
from tasks.enhancement.rungs import Enlarged, Request, Rung, Target
from tasks.enhancement.selective import enlarge_selectively

Levels = NDArray[np.uint8]
HEAVY: Final = "imdn"
IN_BITS: Final = "imdn-int8"
"""The heavy network in 8-bit integers: the rung under it."""
TINY, BASE = "sr-tiny", "sr-base"
PLAIN: Final = "-bicubic"
"""Ending of the variants trained for clean pictures shrunk by bicubic: what benchmark tables hold."""
OURS: Final = (TINY, BASE, TINY + PLAIN, BASE + PLAIN)
MATLAB: Final = "bicubic"
SELECTIVE: Final = "selective"
_ALIASED: Final = "its weights were trained on aliased reductions, not on MATLAB's"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to enlarge."""

    name: str
    enlarge: Callable[[Levels], Levels]
    note: str = ""


class Ways:
    """Engines, loaded once. published: cards of networks whose weights are at hand."""

    def __init__(self, published: Sequence[str]) -> None:
        self.published = tuple(published)
        self._held = ExitStack()

    def close(self) -> None:
        """Gives the engines back."""
        self._held.close()

    @cached_property
    def registry(self) -> Registry:
        """The built-in cards, read when the published weights are in their place."""
        return Registry.load()

    @cached_property
    def _pool(self) -> EnginePool:
        return EnginePool(self.registry, 4096)

    def at(self, scale: int) -> list[Way]:
        """Those that enlarge by `scale`: classical ones, ours, published ones, and ours and the heavy one as a ladder."""
        classical = [
            Way(MATLAB, lambda small: _bicubic(small, scale)),
            Way("bicubic (OpenCV)", self.single("bicubic", scale)),
        ]
        classical.append(Way("lanczos", self.single("lanczos", scale)))
        ours = [Way(name, self.single(name, scale)) for name in OURS if self.has(name, scale)]
        others = [Way(name, graph.enlarge, _ALIASED) for name, graph in graphs(scale).items()]
        heavy = [Way(name, self.single(name, scale)) for name in self.published if self.has(name, scale)]
        ladders = [
            Way(
                f"{SELECTIVE}{kind}", self.ladder(scale, kind).enlarge, " → ".join(self.rungs_of(scale, kind))
            )
            for kind in self.kinds(scale)
        ]
        return [*classical, *ours, *others, *heavy, *ladders]

    def has(self, name: str, scale: int) -> bool:
        """Whether an engine is at hand for this scale."""
        try:
            card = self.registry.get(name)
            return scale in card.scales and bool(self._engine(card.id))
        except (RegistryError, UnknownEngine):
            return False

    def single(self, name: str, scale: int) -> Callable[[Levels], Levels]:
        """One engine, fed as the product feeds it."""
        make = self.pixels(name, scale)
        return lambda small: to_levels(make(small.astype(np.float32) / np.float32(255)))

    def pixels(self, name: str, scale: int, whole: bool = False) -> Callable[[Pixels], Pixels]:
        """The same from pixels to pixels. whole: in one piece, whatever its card allows."""
        card, engine = self.registry.get(name), self._engine(name)
        if whole:
            card = card.model_copy(update={"size": Size(minimum=card.size.minimum)})
        return lambda small: wrap.upscale(card, engine, small, scale, params={})

    def kinds(self, scale: int) -> tuple[str, ...]:
        """Variants of the ladder, by their networks' ending: the product's, and that of benchmark tables where the shipped
        prediction of gain knows its networks."""
        known = {name for name, _ in gains(scale).shares}
        return tuple(kind for kind in ("", PLAIN) if self.has(TINY + kind, scale) and TINY + kind in known)

    def rungs_of(self, scale: int, kind: str = "") -> tuple[str, ...]:
        """The ladder's engines at hand. kind: `-bicubic` for the variants of benchmark tables."""
        heavy = [name for name in (IN_BITS, HEAVY) if name in self.published]
        wanted = ("lanczos", TINY + kind, BASE + kind, *heavy)
        return tuple(name for name in wanted if self.has(name, scale))

    def ladder(self, scale: int, kind: str = "", target: Target | None = None) -> Ladder:
        """The selective way. kind: as for `rungs_of`."""
        names = self.rungs_of(scale, kind)
        return Ladder([self._rung(name, scale) for name in names], scale, target or Target())

    def _rung(self, name: str, scale: int) -> Rung:
        card = self.registry.get(name)
        return Rung(
            card.ref, self.pixels(name, scale), card.cost.seconds_per_megapixel, card.reach, card.invents
        )

    def _engine(self, name: str) -> Upscaler:
        engines = self.__dict__.setdefault("_engines", {})
        if name not in engines:
            engines[name] = self._held.enter_context(self._pool.lease(name))
        return cast(Upscaler, engines[name])

    def card(self, name: str) -> Card:
        """Its facts."""
        return self.registry.get(name)


@dataclass(frozen=True, slots=True)
class Ladder:
    """A ladder with its target."""

    rungs: Sequence[Rung]
    scale: int
    target: Target

    def enlarge(self, small: Levels) -> Levels:
        """The picture alone."""
        return np.asarray(self.run(small).raster.pixels, np.uint8)

    def run(self, small: Levels) -> Enlarged:
        """With its routing and what it was held to."""
        return enlarge_selectively(Raster(small), self.rungs, Request(self.scale, self.target))


def to_levels(picture: Pixels) -> Levels:
    """0–1 to levels of 255."""
    return np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)


def _bicubic(small: Levels, scale: int) -> Levels:
    return imresize(small, small.shape[0] * scale, small.shape[1] * scale)
