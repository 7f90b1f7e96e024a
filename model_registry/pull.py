"""Bring an engine's weights to where its card looks for them: the only code that fetches, and never inside a run."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

from model_registry.card import Card
from model_registry.errors import WeightsDamaged, WeightsMissing
from model_registry.weights import MADE_HERE, verify

WANTED = ["*.json", "*.safetensors", "*.txt", "*.model"]
UNWANTED = ["safety_checker/*", "*non_ema*", "v1-5-pruned*"]


def pull(card: Card, folder: Path) -> Path:
    """Make the weights from packages at hand, or fetch them from the hub at the card's revision; then verify them.

    Safetensors and side files only. Raises WeightsMissing when neither can be done, WeightsDamaged when what came is not
    what the card says."""
    if card.id in MADE_HERE:
        module, name = MADE_HERE[card.id].split(":")
        place: Path = getattr(importlib.import_module(module), name)(card, folder)
    elif card.weights and card.weights.hub:
        place = _fetch(card)
    else:
        where = f"put them at {card.weights.path}" if card.weights else "it needs none"
        raise WeightsMissing(f"{card.id}: there is nothing to pull", cure=where)
    problems = verify(card, folder)
    if problems:
        raise WeightsDamaged(f"{card.id}: {'; '.join(problems)}")
    return place


def _fetch(card: Card) -> Path:
    os.environ["HF_HUB_OFFLINE"] = "0"  # read once, when the hub's client is imported
    from huggingface_hub import snapshot_download

    assert card.weights is not None
    try:
        return Path(snapshot_download(
            card.weights.hub, revision=card.weights.revision, allow_patterns=WANTED, ignore_patterns=UNWANTED
        ))  # fmt: skip
    except Exception as error:
        raise WeightsMissing(
            f"{card.id}: {card.weights.hub} could not be fetched: {type(error).__name__}",
            cure="check the network",
        ) from error
