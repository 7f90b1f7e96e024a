"""The packaged diffusers cards: pinned, never chosen unasked, and clear about what is missing."""

from __future__ import annotations

from pathlib import Path

import huggingface_hub.constants
import pytest

from model_registry.engines.diffusion import load
from model_registry.engines.diffusion_loader import check_entry
from model_registry.engines.diffusion_params import read_sampling
from model_registry.engines.diffusion_schedulers import SCHEDULERS
from model_registry.errors import WeightsMissing
from model_registry.registry import PACKAGED
from tests.model_registry.diffusion.conftest import read_card

CARDS = [path for path in sorted(PACKAGED.glob("*.toml")) if read_card(path).runtime == "diffusers"]


def test_there_are_cards_of_both_roles() -> None:
    assert {read_card(path).role for path in CARDS} >= {"fill", "generate"}


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_a_card_is_pinned_allowed_and_only_used_when_named(path: Path) -> None:
    card = read_card(path)
    assert card.weights is not None
    assert len(card.weights.revision) == 40 or card.weights.path.startswith("${PENTIMENTO_WEIGHTS}/")
    assert not card.automatic
    check_entry(card)
    assert read_sampling(card.defaults, {}).scheduler in ("", *SCHEDULERS)


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_weights_not_on_this_machine_are_asked_for(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.delenv("PENTIMENTO_WEIGHTS", raising=False)
    card = read_card(path)
    assert card.weights is not None
    cure = rf"models pull {path.stem}" if card.weights.hub else "set PENTIMENTO_WEIGHTS .*published as"
    with pytest.raises(WeightsMissing, match=rf"Cure: .*{cure}"):
        load(card, path.parent)
