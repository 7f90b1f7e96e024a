"""An engine that invents is used only when it is named: it is on no ladder, and stands in for none that does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_registry.errors import BadCards
from model_registry.registry import Registry
from tests.model_registry.cards import write_card


def test_an_inventing_engine_is_on_no_ladder_whatever_its_card_says(tmp_path: Path) -> None:
    facts = {"role": '"upscale"', "scales": "[2]", "automatic": "true"}
    write_card(tmp_path, "dreams", **facts, invents="true")
    write_card(tmp_path, "sober", **facts)
    registry = Registry.load(tmp_path)
    ladder = [card.id for card in registry.of_role("upscale")]
    assert "sober" in ladder
    assert "dreams" not in ladder
    assert registry.resolve("upscale", "dreams").invents


def test_an_inventing_engine_stands_in_for_none_that_does_not(tmp_path: Path) -> None:
    facts = {"role": '"upscale"', "scales": "[2]"}
    write_card(tmp_path, "dreams", **facts, invents="true", fallback='["sober"]')
    write_card(tmp_path, "sober", **facts, fallback='["visions"]')
    write_card(tmp_path, "visions", **facts, invents="true")
    with pytest.raises(BadCards, match="fallback 'visions' invents") as caught:
        Registry.load(tmp_path)
    assert "dreams" not in str(caught.value)


def test_a_reach_is_a_number_of_pixels(tmp_path: Path) -> None:
    write_card(tmp_path, "far", role='"upscale"', reach="-1")
    with pytest.raises(BadCards, match="reach"):
        Registry.load(tmp_path)
