"""What an engine has to say of its own result, kept in the stage's record: a picture that is less than was asked for says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from model_registry.card import Card
from model_registry.engines.contract import Engine
from model_registry.engines.guard import guarded, merged_params
from model_registry.engines.remark_contract import Remark, Remarking
from tasks.contracts import JsonObject
from tasks.plan import Value
from tasks.steps.outcome import Ending


def remarks_of(
    card: Card, engine: Engine, prompt: str, width: int, height: int, params: Mapping[str, Value]
) -> tuple[Remark, ...]:
    """What the engine says of its result with these arguments; nothing where it has no such method. Raises RegistryError."""
    if not isinstance(engine, Remarking):
        return ()
    with guarded(card):
        return engine.remarks(prompt, width, height, params=merged_params(card, params))


def as_facts(remarks: Sequence[Remark]) -> JsonObject:
    """For a record; empty without remarks."""
    return {"remarks": [asdict(remark) for remark in remarks]} if remarks else {}


def from_facts(facts: JsonObject) -> tuple[Remark, ...]:
    """From a record."""
    return tuple(Remark(**one) for one in facts.get("remarks", ()))


def ended(ending: Ending, remarks: Sequence[Remark], stage: str) -> Ending:
    """The picture's end with what lessens it: `done` becomes `degraded`, with the reasons and the first cure."""
    less = [remark for remark in remarks if remark.lessens]
    if not less or ending.outcome not in ("done", "degraded"):
        return ending
    reasons = [ending.reason] if ending.reason else []
    reason = "; ".join([*reasons, *(remark.said for remark in less)])
    return Ending("degraded", ending.stage or stage, reason, less[0].cure or ending.cure)


def worth_knowing(remarks: Sequence[Remark]) -> tuple[str, ...]:
    """The rest, for the picture's notes."""
    return tuple(remark.said for remark in remarks if not remark.lessens)
