"""Networks that outline and that find objects: loaded by card from safetensors, deterministic, and refused when they should be."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from model_registry.engines import wrap_objects
from model_registry.engines.contract import Engine
from model_registry.engines.load import load_engine
from model_registry.engines.segment_contract import ObjectPrompt
from model_registry.errors import EngineFault, WeightsDamaged, WeightsMissing
from model_registry.registry import Registry
from tests.model_registry.objects import tiny_models

IMAGE = np.random.default_rng(0).integers(0, 256, (50, 73, 3), dtype=np.uint8)
PROMPTS = [
    ObjectPrompt(box=(5, 6, 40, 30)),
    ObjectPrompt(on=((9, 9),)),
    ObjectPrompt(box=(5, 6, 40, 30), on=((9, 9),), off=((20, 20), (30, 10))),
]


@pytest.fixture(scope="module")
def registry(built: Path) -> Registry:
    return Registry.load(built)


@pytest.fixture(scope="module")
def sam(registry: Registry, built: Path) -> Engine:
    return load_engine(registry.get("tiny-sam"), built)


@pytest.fixture(scope="module")
def owl(registry: Registry, built: Path) -> Engine:
    return load_engine(registry.get("tiny-owl"), built)


@pytest.mark.parametrize("prompt", PROMPTS, ids=["box", "point", "both"])
def test_a_network_outlines_what_it_is_asked_for(
    registry: Registry, sam: Engine, prompt: ObjectPrompt
) -> None:
    card, before = registry.get("tiny-sam"), IMAGE.copy()
    mask = wrap_objects.segment(card, sam, IMAGE, prompt, params={})
    assert mask.shape == (50, 73)
    assert mask.dtype == np.bool_
    assert 0 < mask.mean() < 1
    assert (wrap_objects.segment(card, sam, IMAGE, prompt, params={}) == mask).all()
    assert (before == IMAGE).all()


def test_the_prompt_matters(registry: Registry, sam: Engine) -> None:
    masks = [wrap_objects.segment(registry.get("tiny-sam"), sam, IMAGE, p, params={}) for p in PROMPTS]
    assert (masks[0] != masks[1]).any()
    assert (masks[0] != masks[2]).any()


def test_a_mask_that_the_network_does_not_believe_in_is_none(registry: Registry, sam: Engine) -> None:
    mask = wrap_objects.segment(
        registry.get("tiny-sam"), sam, IMAGE, PROMPTS[0], params={"least_score": 99.0}
    )
    assert not mask.any()


def test_words_are_found_best_first_and_apart(registry: Registry, owl: Engine) -> None:
    card = registry.get("tiny-owl")
    seen = wrap_objects.locate(card, owl, IMAGE, "the red mug", params={"least_score": 0.0})
    assert seen
    assert [one.score for one in seen] == sorted((one.score for one in seen), reverse=True)
    assert wrap_objects.locate(card, owl, IMAGE, "the red mug", params={"least_score": 0.0}) == seen
    few = wrap_objects.locate(card, owl, IMAGE, "the red mug", params={"least_score": 0.0, "most": 1})
    assert few == seen[:1]
    assert not wrap_objects.locate(card, owl, IMAGE, "the red mug", params={"least_score": 1.0})


def test_other_words_are_seen_elsewhere(registry: Registry, owl: Engine) -> None:
    card = registry.get("tiny-owl")
    first, second = (
        wrap_objects.locate(card, owl, IMAGE, words, params={"least_score": 0.0})
        for words in ("a mug", "zebra")
    )
    assert [one.score for one in first] != [one.score for one in second]


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        (ObjectPrompt(), "needs a box or a point"),
        (ObjectPrompt(box=(0, 0, 74, 50)), "not in the picture"),
        (ObjectPrompt(box=(5, 5, 5, 9)), "not in the picture"),
        (ObjectPrompt(on=((73, 0),)), "not in the picture"),
    ],
)
def test_a_callers_mistake_is_a_value_error(
    registry: Registry, sam: Engine, prompt: ObjectPrompt, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        wrap_objects.segment(registry.get("tiny-sam"), sam, IMAGE, prompt, params={})


def _copied(built: Path, tmp_path: Path, model: str) -> Path:
    return Path(shutil.copytree(built.parent / model, tmp_path / model))


def _load(tmp_path: Path, weights: Path, role: str, defaults: str) -> Engine:
    cards = tmp_path / "cards"
    cards.mkdir()
    tiny_models.write_card(cards, "copy", role, weights, defaults)
    return load_engine(Registry.load(cards).get("copy"), cards)


def test_a_pickle_beside_the_weights_is_refused(built: Path, tmp_path: Path) -> None:
    weights = _copied(built, tmp_path, "sam")
    (weights / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(WeightsDamaged, match="pickle"):
        _load(tmp_path, weights, "segment", "least_score = 0.5")


def test_a_pickle_behind_a_linked_folder_is_refused(built: Path, tmp_path: Path) -> None:
    weights = _copied(built, tmp_path, "sam")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "pytorch_model.bin").write_bytes(b"pickle")
    (weights / "more").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(WeightsDamaged, match="pickle"):
        _load(tmp_path, weights, "segment", "least_score = 0.5")


def test_a_configuration_that_asks_for_code_is_refused(built: Path, tmp_path: Path) -> None:
    weights = _copied(built, tmp_path, "sam")
    config = json.loads((weights / "config.json").read_text())
    (weights / "config.json").write_text(json.dumps({**config, "auto_map": {"AutoModel": "evil.Model"}}))
    with pytest.raises(WeightsDamaged, match="code of its own"):
        _load(tmp_path, weights, "segment", "least_score = 0.5")


def test_a_model_of_another_kind_is_refused(built: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineFault, match="kind 'owlvit' cannot take role 'segment'"):
        _load(tmp_path, _copied(built, tmp_path, "owl"), "segment", "least_score = 0.5")


def test_missing_tensors_are_not_drawn_at_random(built: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    weights = _copied(built, tmp_path, "sam")
    tensors = load_file(weights / "model.safetensors")
    tensors.pop(sorted(k for k in tensors if "mask_decoder" in k)[0])
    save_file(tensors, weights / "model.safetensors", {"format": "pt"})
    with pytest.raises(WeightsDamaged, match="weights are missing"):
        _load(tmp_path, weights, "segment", "least_score = 0.5")


@pytest.mark.parametrize("name", ["sam", "owlv2", "grounding-dino"])
def test_a_packaged_network_that_is_not_here_says_how_to_get_it(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    registry = Registry.load()
    with pytest.raises(WeightsMissing, match=f"pentimento models pull {name}"):
        load_engine(registry.get(name), registry.folder_of(name))
