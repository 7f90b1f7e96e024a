"""Whether a person has accepted the terms of an engine whose weights are not free for everybody's commercial use."""

from __future__ import annotations

import os

from model_registry.card import Card
from model_registry.errors import WeightsMissing

ACCEPTED = "PENTIMENTO_ACCEPT_LICENCES"
"""The environment variable with the ids of the engines whose terms were read and accepted, separated by commas or spaces."""


class TermsNotAccepted(WeightsMissing):
    """The weights may be here, but nobody has accepted the terms of their licence."""


def accepted(card: Card) -> bool:
    """Whether the engine may be fetched and used: it has no terms, or its own id stands in the setting.

    There is no word for all of them: each engine's licence is read and accepted by itself."""
    return not card.terms or card.id in os.environ.get(ACCEPTED, "").replace(",", " ").split()


def require_accepted(card: Card) -> None:
    """Raise TermsNotAccepted, with the licence's name and what it limits, unless `accepted`."""
    if not accepted(card):
        raise TermsNotAccepted(
            f"{card.id}: its weights are under the {card.licence}: {card.terms}",
            cure=f"read the licence; if you may use them, set {ACCEPTED}={card.id}, or choose another engine",
        )
