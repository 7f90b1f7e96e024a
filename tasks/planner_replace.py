"""What is asked of the stages after a fill that puts something new in place: it is not to look like what was there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from model_registry.card import Card
from tasks.intents import Intent, Replace

JOINED_BY: Final = "soft-blend"
"""Blends what replaces: one in the gradient domain would draw the new surface's colour to that of its surroundings, which
is that of the old one (by 30 % for blue cloth on a beige wall, and so the leak it was measured at)."""
CONTINUES: Final = ("seam_step_max", "low_frequency_delta_e_max", "repetition_max")
"""Thresholds for fills that continue what is around the hole."""


def held_to(intent: Intent, thresholds: Mapping[str, float]) -> Mapping[str, float]:
    """The policy's thresholds; without those that ask for more of the same where something new was asked for."""
    if not isinstance(intent, Replace):
        return thresholds
    return {name: value for name, value in thresholds.items() if name.rpartition(".")[2] not in CONTINUES}


def joining(cards: Sequence[Card], intent: Intent) -> Sequence[Card]:
    """A stage's engines, the blend for what replaces before the others."""
    if not isinstance(intent, Replace):
        return cards
    return sorted(cards, key=lambda card: card.id != JOINED_BY)
