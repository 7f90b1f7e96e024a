"""Weights are made or fetched by one command, and verified; what cannot be had says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_registry.errors import WeightsMissing
from model_registry.pull import pull
from model_registry.registry import Registry
from model_registry.weights import verify

CARDS = Registry.load()


def test_paddle_models_are_made_from_the_wheel_at_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PENTIMENTO_PADDLE_MODELS", str(tmp_path / "models"))
    card, folder = CARDS.get("paddleocr"), CARDS.folder_of("paddleocr")
    assert verify(card, folder)
    assert pull(card, folder) == tmp_path / "models"
    assert verify(card, folder) == []


def test_a_hub_that_cannot_be_reached_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_more: object) -> str:
        raise OSError("no route")

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.HfApi.list_repo_tree", refuse)
    with pytest.raises(WeightsMissing, match=r"stable-diffusion.*could not be fetched.*network"):
        pull(CARDS.get("sd15"), CARDS.folder_of("sd15"))


def test_an_engine_without_weights_has_nothing_to_pull() -> None:
    with pytest.raises(WeightsMissing, match="needs none"):
        pull(CARDS.get("telea"), CARDS.folder_of("telea"))
