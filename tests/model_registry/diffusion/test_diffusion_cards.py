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
from model_registry.weights import verify
from tests.model_registry.diffusion.conftest import read_card

ALL = [path for path in sorted(PACKAGED.glob("*.toml")) if read_card(path).runtime == "diffusers"]
TRAINED_HERE = [PACKAGED / "backdrop.toml", PACKAGED / "backdrop-fill.toml"]
"""Whose weights come with the package."""
CARDS = [path for path in ALL if path not in TRAINED_HERE]


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


def test_the_embedded_generator_is_one_small_folder_behind_two_cards() -> None:
    one, other = (read_card(path) for path in TRAINED_HERE)
    assert one.weights is not None
    assert one.weights == other.weights
    folder = PACKAGED / one.weights.path
    assert set(one.weights.sha256) >= {
        p.relative_to(folder).as_posix() for p in folder.rglob("*.safetensors")
    }
    assert sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) < 11_000_000
    for card in (one, other):
        check_entry(card)
        assert verify(card, PACKAGED) == []
        assert card.automatic == "with-weights"
        assert card.tiers == ("preview", "final")
        assert read_sampling(card.defaults, {}).whole_words
    assert other.prompt == "required"  # so that it is on no ladder of a removal
    shared = {name: value for name, value in other.defaults.items() if name in one.defaults}
    assert shared == dict(one.defaults)


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_weights_not_on_this_machine_are_asked_for(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.delenv("PENTIMENTO_WEIGHTS", raising=False)
    monkeypatch.setenv("PENTIMENTO_ACCEPT_LICENCES", path.stem)
    card = read_card(path)
    assert card.weights is not None
    cure = rf"models pull {path.stem}" if card.weights.hub else "set PENTIMENTO_WEIGHTS .*published as"
    with pytest.raises(WeightsMissing, match=rf"Cure: .*{cure}"):
        load(card, path.parent)
