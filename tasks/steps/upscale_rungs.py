"""The plan's upscalers as rungs that lease their engines when first needed, and what becomes of a picture without one of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TypeVar

from model_registry.engines import wrap
from model_registry.errors import EngineFault, EngineOutOfMemory, RegistryError, WeightsMissing
from tasks.contracts import Pixels
from tasks.enhancement.rungs import Rung
from tasks.errors import EngineFailed, NoEngine, OutOfMemory
from tasks.plan import EngineChoice, StagePlan
from tasks.steps.engines import OTHER_ENGINE
from tasks.workshop import Workshop

T = TypeVar("T")
KEPT = "unchanged"
"""What is below an engine that cleans: the picture as it is."""
UNCHANGED = Rung(KEPT, lambda image: image.copy(), 0.0, 1)
Spent = dict[str, float]
"""Seconds by engine, measured."""


class Unusable(RegistryError):
    """An engine of the ladder could not be loaded."""

    def __init__(self, engine: str, fault: RegistryError) -> None:
        super().__init__(fault.message, cure=fault.cure)
        self.engine = engine
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Ladder:
    """The engines that a picture can be enlarged with, cheap to heavy, and those that it has to do without."""

    rungs: tuple[EngineChoice, ...]
    everywhere: bool = False
    """Whether the last rung is to make every cell that it may."""
    lost: tuple[tuple[str, str], ...] = ()
    """Engine and, in words, what stands in for it and why."""

    @property
    def top(self) -> EngineChoice:
        return self.rungs[-1]

    @property
    def used(self) -> tuple[EngineChoice, ...]:
        """What is needed: of a ladder whose top makes everything, the bottom, and the best that does not invent."""
        if not self.everywhere:
            return self.rungs
        sober = [rung for rung in self.rungs if not rung.invents][-1:] if self.top.invents else []
        return tuple({rung.id: rung for rung in (self.rungs[0], *sober, self.top)}.values())

    def names(self, scale: int) -> tuple[str, ...]:
        """Ids of what is in use, as `rungs_of` orders it."""
        return (KEPT, self.rungs[0].id) if scale == 1 else tuple(rung.id for rung in self.used)

    def without(self, engine: str, why: str, standin: EngineChoice | None = None) -> Ladder:
        """The same ladder when an engine cannot be used. standin: comes in place of the bottom."""
        at = next(place for place, rung in enumerate(self.rungs) if rung.id == engine)
        rest = tuple(rung for rung in self.rungs if rung.id != engine)
        rungs = (standin, *rest) if standin else rest
        instead = rungs[max(at - 1, 0)].id if rungs else "nothing"
        lost = (*self.lost, (engine, f"{instead} stood in for {engine}, {why}"))
        return Ladder(rungs, self.everywhere, lost)


def planned(stage: StagePlan) -> Ladder:
    """The ladder as it is planned."""
    return Ladder(stage.engines, everywhere="everywhere" in dict(stage.params))


def climbing(stage: StagePlan, ladder: Ladder, work: Callable[[Ladder], T]) -> tuple[T, Ladder]:
    """`work` with the ladder, or with what is left of it without engines that cannot be used; and which ladder that was.

    In place of the bottom its stand-ins come, in order; of engines that clean, the next one. Raises OutOfMemory (transient), NoEngine when no weights are
    here, EngineFailed when every engine broke."""
    faults: list[RegistryError] = []
    cleaning = stage.number("scale") == 1
    while ladder.rungs:
        bottom = ladder.rungs[0]
        try:
            return work(ladder), ladder
        except Unusable as fault:
            faults.append(fault.fault)
            lost, why = fault.engine, fault.message
        except EngineFault as fault:  # a cell that not even the bottom could make
            faults.append(fault)
            lost, why = bottom.id, fault.message
        standin = _standin(stage, ladder) if lost == bottom.id else None
        if lost == bottom.id and standin is None and not cleaning:
            break  # a picture is not given to dearer engines for want of the cheapest
        ladder = ladder.without(lost, f"which cannot be used here: {why}", standin)
    raise _given_up(stage, faults)


def _standin(stage: StagePlan, ladder: Ladder) -> EngineChoice | None:
    gone = {engine for engine, _ in ladder.lost} | {rung.id for rung in ladder.rungs}
    return next((choice for choice in stage.fallbacks(ladder.rungs[0]) if choice.id not in gone), None)


def _given_up(stage: StagePlan, faults: Sequence[RegistryError]) -> Exception:
    if not faults:
        return NoEngine("no engine is left that does not invent", stage=stage.stage)
    first = faults[0]
    if any(isinstance(fault, EngineOutOfMemory) for fault in faults):
        return OutOfMemory(first.message, stage=stage.stage)
    if all(isinstance(fault, WeightsMissing) for fault in faults):
        return NoEngine(first.message, stage=stage.stage, cure=first.cure)
    return EngineFailed(first.message, stage=stage.stage, cure=first.cure or OTHER_ENGINE)


def rungs_of(shop: Workshop, ladder: Ladder, scale: int, spent: Spent) -> tuple[Rung, ...]:
    """The engines in use as rungs. An engine is loaded when the first cell needs it; seconds are added to `spent`.

    At scale 1 the picture itself is below the first engine, which does it all."""
    if scale == 1:
        return UNCHANGED, _rung(shop, ladder.rungs[0], scale, spent)
    return tuple(_rung(shop, choice, scale, spent) for choice in ladder.used)


def _rung(shop: Workshop, choice: EngineChoice, scale: int, spent: Spent) -> Rung:
    card = shop.registry.get(choice.id)

    def enlarge(image: Pixels) -> Pixels:
        begun = time.perf_counter()
        with ExitStack() as lease:
            try:
                engine = lease.enter_context(shop.pool.lease(choice.id))
            except RegistryError as fault:
                raise Unusable(choice.id, fault) from fault
            try:
                made = wrap.upscale(card, engine, image, scale, params=dict(choice.params))
            except EngineFault as fault:
                if scale == 1 and not isinstance(fault, EngineOutOfMemory):  # nothing below it cleans
                    raise Unusable(choice.id, fault) from fault
                raise
        spent[choice.id] = spent.get(choice.id, 0.0) + time.perf_counter() - begun
        return made

    return Rung(choice.ref, enlarge, choice.cost, choice.reach, choice.invents)
