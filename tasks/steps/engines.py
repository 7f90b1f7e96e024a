"""Use the first engine of a choice and its stand-ins that works, and say which one that was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from model_registry.card import Card
from model_registry.engines.contract import Engine
from model_registry.errors import EngineFault, EngineOutOfMemory, RegistryError, WeightsMissing
from tasks.contracts import JsonObject
from tasks.errors import EngineFailed, NoEngine, OutOfMemory
from tasks.plan import EngineChoice, StagePlan, Value
from tasks.workshop import Workshop

T = TypeVar("T")
UNUSABLE = (EngineFailed, NoEngine, OutOfMemory)
"""What is raised when neither an engine nor any that may stand in for it could do the work."""
OTHER_ENGINE = "choose another engine with --engine STAGE=ID; see `pentimento models`"
Work = Callable[[EngineChoice], T]


def with_engine(
    shop: Workshop, choice: EngineChoice, use: Callable[[Card, Engine, Mapping[str, Value]], T]
) -> T:
    """Lease the engine, use it, give it back."""
    with shop.pool.lease(choice.id) as engine:
        return use(shop.registry.get(choice.id), engine, dict(choice.params))


def first_that_works(stage: StagePlan, choice: EngineChoice, work: Work[T]) -> tuple[T, EngineChoice]:
    """`work` done by `choice`, or by the first of its fallbacks that can.

    Raises OutOfMemory (transient), NoEngine when no weights are here, EngineFailed when every one broke."""
    faults: list[RegistryError] = []
    for candidate in stage.fallbacks(choice):
        try:
            return work(candidate), candidate
        except RegistryError as fault:
            faults.append(fault)
    first = faults[0]
    if any(isinstance(f, EngineOutOfMemory) for f in faults):
        raise OutOfMemory(first.message, stage=stage.stage) from first
    if all(isinstance(f, WeightsMissing) for f in faults):
        raise NoEngine(first.message, stage=stage.stage, cure=first.cure) from first
    kept = next((f for f in faults if isinstance(f, EngineFault)), first)
    raise EngineFailed(kept.message, stage=stage.stage, cure=kept.cure or OTHER_ENGINE) from kept


def identity(stage: StagePlan, choice: EngineChoice | None, **inputs: object) -> JsonObject:
    """What decides a stage's bytes, for its record's key."""
    engine = (
        choice.model_dump(mode="json", include={"id", "version", "runtime", "weights", "params"})
        if choice
        else None
    )
    return {"version": stage.version, "params": dict(stage.params), "engine": engine, "inputs": inputs}
