"""What of a variant an alias can hold: an engine a role, with the engine's own parameters. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from flows.comparing.model import ComparedVariant, Comparison
from flows.comparing.promotion_log import Holder
from infra.store.canonical import canonical_json
from infra.tracking.aliases import PARAMS
from model_registry.card import Card, Role
from model_registry.errors import UnknownEngine
from model_registry.registry import Registry
from model_registry.weights import weights_digest
from tasks.plan import Value
from tasks.planner import owns
from tasks.planner_values import typed

MAKERS: Mapping[str, tuple[Role, ...]] = {
    "generation": ("fill", "generate"), "enhancement": ("enhance", "upscale", "clean")
}  # fmt: skip
"""The stages whose engines are counted by what they made."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a variant promotes."""

    holders: Mapping[str, Holder]
    """By role."""
    stages: Mapping[str, tuple[str, ...]]
    """Role to the stages that it is for."""
    not_promoted: tuple[str, ...]
    """What else it chose, each with the reason."""


def choose(comparison: Comparison, name: str, registry: Registry) -> Chosen:
    """The engines, by role, in which a variant differs from another, and what of it no alias can hold.

    KeyError for an unknown variant."""
    variant = comparison.variant(name)
    others = [one for one in comparison.variants if one.name != name]
    holders: dict[str, Holder] = {}
    stages: dict[str, tuple[str, ...]] = {}
    left = _apart(variant, others)
    for stage in _changed(variant, others):
        found = _engine(stage, variant, registry)
        if isinstance(found, str):
            left += [found, *_own_params(stage, variant, None)]
            continue
        holder = _holder(stage, variant, found)
        if holders.get(found.role, holder) != holder:
            left.append(
                f"{stage}={holder.said}: the alias of role {found.role} goes to {holders[found.role].said}"
            )
            continue
        holders[found.role] = holder
        stages[found.role] = (*stages.get(found.role, ()), stage)
        left += _own_params(stage, variant, found)
    return Chosen(holders, stages, tuple(left))


def _changed(variant: ComparedVariant, others: list[ComparedVariant]) -> list[str]:
    """The stages on which the comparison says something: where this variant chooses otherwise than another."""
    every = (variant, *others)
    known = sorted({stage for one in every for stage in (*one.choice.engines, *one.choice.params)})
    return [s for s in known if any(_choices(one, s) != _choices(variant, s) for one in others)]


def _choices(variant: ComparedVariant, stage: str) -> tuple[object, object]:
    return variant.choice.engines.get(stage), variant.choice.params.get(stage, {})


def _apart(variant: ComparedVariant, others: list[ComparedVariant]) -> list[str]:
    """Choices that are of no stage."""
    choice, left = variant.choice, []
    if any(one.choice.tier != choice.tier for one in others) and choice.tier:
        left.append(f"tier={choice.tier}: give it with --tier")
    if any(one.choice.seed != choice.seed for one in others) and choice.seed is not None:
        left.append(f"seed={choice.seed}: give it with --seed")
    return left


def _engine(stage: str, variant: ComparedVariant, registry: Registry) -> Card | str:
    """The stage's engine, or why there is none that an alias could hold."""
    named = variant.choice.engines.get(stage, "")
    if "+" in named:
        return f"{stage}={named}: two engines together, and an alias holds one"
    if named.startswith("@"):
        return (
            f"{stage}={named}: an alias, which may stand for another engine by now; compare the engine itself"
        )
    try:
        if named:
            return registry.get(named)
        made = [registry.get(one) for one in variant.engines]
    except UnknownEngine as error:
        return f"{stage}: {error.message}"
    if len(made) == 1 and made[0].role in MAKERS.get(stage, ()) and _params(stage, variant, made[0]):
        return made[0]
    by = f", {' and '.join(variant.engines)} here" if variant.engines and stage in MAKERS else ""
    return f"{stage}: the engine is the planner's own choice{by}, and an alias would take the choice from it"


def _params(stage: str, variant: ComparedVariant, card: Card) -> dict[str, Value]:
    """The variant's parameters of the engine itself, where they are not what its card says anyway."""
    given = {
        k: v
        for k, v in variant.choice.params.get(stage, {}).items()
        if k in card.defaults and not owns(stage, k)
    }
    typed_ = {k: typed(stage, k, v, card.defaults[k]) for k, v in given.items()}
    return {k: v for k, v in typed_.items() if v != card.defaults[k]}


def _own_params(stage: str, variant: ComparedVariant, card: Card | None) -> list[str]:
    """The parameters that are not the engine's."""
    return [
        f"{stage}.{name}={value}: give it with --param {stage}.{name}={json.dumps(value).strip(chr(34))}"
        for name, value in sorted(variant.choice.params.get(stage, {}).items())
        if card is None or name not in card.defaults or owns(stage, name)
    ]


def _holder(stage: str, variant: ComparedVariant, card: Card) -> Holder:
    params = _params(stage, variant, card)
    tags = {
        "engine": card.id, "role": card.role, "engine_version": card.version, "runtime": card.runtime,
        "license": card.licence, "revision": card.weights.revision if card.weights else "", "sha256": weights_digest(card),
        PARAMS: canonical_json(params).decode() if params else "",
    }  # fmt: skip
    return Holder(engine=card.id, tags={key: value for key, value in tags.items() if value})
