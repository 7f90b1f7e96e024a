"""A model that was trained with short prompts is given no longer ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from model_registry.engines.diffusion import load
from model_registry.errors import EngineFault
from model_registry.registry import Registry
from tests.model_registry.diffusion.conftest import read_card
from tests.model_registry.observing.tiny_kinds import build


@pytest.fixture(scope="module")
def flux(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("flux"), "flux")


def made(card: Path, tokens: int, prompt: str) -> Any:
    facts = read_card(card)
    facts = facts.model_copy(update={"defaults": {**facts.defaults, "steps": 1, "prompt_tokens": tokens}})
    return load(facts, card.parent).generate(prompt, 32, 32, seed=3, params={})


def test_words_beyond_the_limit_change_nothing(flux: Path) -> None:
    short, long = "oak", "oak " + "table " * 40
    assert (made(flux, 64, short) != made(flux, 64, long)).any()
    assert (made(flux, 4, "oak table top " * 8) == made(flux, 4, "oak table top " * 20)).all()
    with pytest.raises(EngineFault, match="prompt_tokens"):
        made(flux, 1000, short)


def test_the_packaged_card_keeps_to_what_the_model_was_trained_with() -> None:
    assert Registry.load().get("flux-schnell").defaults["prompt_tokens"] == 256
