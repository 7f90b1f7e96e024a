"""The transformers runtime: a card's role says which adapter opens its model."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import cast

from model_registry.card import Card
from model_registry.engines.contract import Engine
from model_registry.errors import EngineFault

ROLES: dict[str, str] = {
    "segment": "model_registry.engines.segment_network:load",
    "depth": "model_registry.engines.depth_network:load",
    "locate": "model_registry.engines.zero_shot:load",
    "embed": "model_registry.engines.embed_network:load",
    "safety": "model_registry.engines.safety_network:load",
}
"""Role to the function (card, folder of its weights' card) -> engine."""


def load(card: Card, folder: Path) -> Engine:
    """The engine of a card with runtime `transformers`, from disk, nothing fetched.

    Raises EngineFault (role or kind of model not known), WeightsMissing or WeightsDamaged."""
    place = ROLES.get(card.role)
    if place is None:
        raise EngineFault(
            f"{card.id}: no transformers model has role {card.role!r}", cure=f"one of {', '.join(ROLES)}"
        )
    module, name = place.split(":")
    return cast(Callable[[Card, Path], Engine], getattr(import_module(module), name))(card, folder)
