"""Small models of random weights, built once, with cards that pin them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.model_registry.objects import tiny_models

SEGMENT = "least_score = -9.0"
LOCATE = "least_score = 0.1\noverlap = 0.5\nmost = 5"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of cards `tiny-sam` and `tiny-owl`, whose models lie beside it. Not to be written to."""
    root = tmp_path_factory.mktemp("objects")
    cards = root / "cards"
    cards.mkdir()
    tiny_models.write_card(cards, "tiny-sam", "segment", tiny_models.save_sam(root / "sam"), SEGMENT)
    tiny_models.write_card(cards, "tiny-owl", "locate", tiny_models.save_owlvit(root / "owl"), LOCATE)
    return cards
