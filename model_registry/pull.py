"""Bring an engine's weights to where its card looks for them: the only code that fetches, and never inside a run."""

from __future__ import annotations

import importlib
from pathlib import Path

from model_registry.card import Card
from model_registry.errors import WeightsDamaged, WeightsMissing
from model_registry.hub import fetch
from model_registry.licences import require_accepted
from model_registry.weights import MADE_HERE, verify


def pull(card: Card, folder: Path) -> Path:
    """Make the weights from packages at hand, or fetch them from the hub at the card's revision; then verify them.

    Safetensors and side files only, and a lock beside what was fetched. Raises TermsNotAccepted before anything is fetched,
    WeightsMissing when neither can be done, WeightsDamaged when what came is not what the card says."""
    require_accepted(card)
    if card.id in MADE_HERE:
        module, name = MADE_HERE[card.id].split(":")
        place: Path = getattr(importlib.import_module(module), name)(card, folder)
    elif card.weights and card.weights.hub:
        place = fetch(card)
    else:
        raise WeightsMissing(f"{card.id}: there is nothing to pull", cure=_by_hand(card))
    problems = verify(card, folder)
    if problems:
        raise WeightsDamaged(f"{card.id}: {'; '.join(problems)}")
    return place


def _by_hand(card: Card) -> str:
    if card.weights is None:
        return "it needs none"
    origin = f", published as {card.weights.origin}" if card.weights.origin else ""
    return f"put them at {card.weights.path}{origin}"
