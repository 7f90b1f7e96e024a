"""Which crossing of a boundary goes wrong, and how: a number and a kind, chosen by a seed before anything runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from infra.store.contract import Forbidden, Unavailable

Kind = Literal["crash", "transient", "permanent"]
KINDS: tuple[Kind, ...] = ("crash", "transient", "permanent")


class CrashedError(BaseException):
    """The process is taken for dead: no handler of errors may catch it, and nothing it does afterwards has any effect."""


@dataclass(frozen=True, slots=True)
class Point:
    """The `at`-th crossing, from 1, goes wrong like this."""

    at: int
    kind: Kind


def points(seed: int, crossings: int, number: int) -> tuple[Point, ...]:
    """`number` points, every crossing as crash first, then spread over crossings and kinds by the seed."""
    draw = np.random.default_rng(seed)
    all_crashes = [Point(int(at), "crash") for at in draw.permutation(crossings) + 1]
    kinds = draw.integers(0, len(KINDS), number)
    more = [
        Point(int(at), KINDS[int(k)])
        for at, k in zip(draw.integers(1, crossings + 1, number), kinds, strict=True)
    ]
    half = all_crashes[: max(number // 2, number - len(more))]
    return tuple((*half, *more)[:number])


@dataclass
class Schedule:
    """Counts crossings, of any number of threads, and lets one of them go wrong. With no point it only counts."""

    point: Point | None = None
    act: Callable[[str], None] | None = None
    """What happens there, in place of the point's kind: a barrier, say."""
    names: list[str] = field(default_factory=list)
    """Of the crossings so far."""
    dead: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def cross(self, name: str, torn: Callable[[], None] | None = None) -> None:
        """A boundary. torn: leaves behind what half of the work leaves, where this is the crossing that goes wrong."""
        with self._lock:
            if self.dead:
                raise CrashedError(name)
            self.names.append(name)
            due = self.point is not None and len(self.names) == self.point.at
        if due:
            if torn and (self.act or (self.point and self.point.kind == "crash")):
                torn()
            self._go_wrong(name)

    def _go_wrong(self, name: str) -> None:
        if self.act:
            self.act(name)
            return
        kind = self.point.kind if self.point else "crash"
        if kind == "transient":
            raise Unavailable(f"planted: {name}")
        if kind == "permanent":
            raise Forbidden(f"planted: {name}")
        self.dead = True
        raise CrashedError(name)


def kinds_of(names: Sequence[str]) -> dict[str, int]:
    """How many crossings of each sort there are; a name begins with its sort, two words of it."""
    found: dict[str, int] = {}
    for name in names:
        sort = " ".join(name.split(" ")[:2])
        found[sort] = found.get(sort, 0) + 1
    return found
