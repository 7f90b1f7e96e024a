"""Vision transformers through transformers: opened from safetensors alone, a unit vector or scores for a picture, checked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from model_registry.card import Card
from model_registry.engines import wrap_vision
from model_registry.engines.load import load_engine
from model_registry.errors import EngineFault, WeightsDamaged, WeightsMissing
from model_registry.registry import Registry
from tests.model_registry.vision.tiny_vision import (
    save_classifier,
    save_clip,
    save_dinov2,
    save_siglip,
    vision_card,
)

EMBEDDERS: dict[str, tuple[Callable[[Path], Path], int]] = {
    "clip": (save_clip, 12), "dinov2": (save_dinov2, 16), "siglip": (save_siglip, 16),
}  # fmt: skip


def picture(h: int = 40, w: int = 61, seed: int = 3) -> NDArray[np.float32]:
    return np.random.default_rng(seed).random((h, w, 3), np.float32)


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of cards with their weights: an embedder of each kind, and two classifiers."""
    root = tmp_path_factory.mktemp("vision")
    for name, (save, _) in EMBEDDERS.items():
        vision_card(root / "cards", f"my-{name}", "embed", save(root / name))
    vision_card(root / "cards", "one", "safety", save_classifier(root / "one", gain=3))
    vision_card(root / "cards", "several", "safety", save_classifier(root / "several", several=True))
    return root


def loaded(networks: Path, name: str) -> tuple[Card, Any]:
    registry = Registry.load(networks / "cards")
    card = registry.get(name)
    return card, load_engine(card, registry.folder_of(name))


@pytest.mark.parametrize("kind", EMBEDDERS)
def test_a_picture_of_any_size_becomes_a_unit_vector(networks: Path, kind: str) -> None:
    card, engine = loaded(networks, f"my-{kind}")
    image = picture()
    before = image.copy()
    made = wrap_vision.embedding(card, engine, image, params={})
    assert (made.shape, made.dtype) == ((EMBEDDERS[kind][1],), np.float32)
    assert np.linalg.norm(made) == pytest.approx(1, abs=1e-6)
    assert (wrap_vision.embedding(card, engine, image, params={}) == made).all()
    assert (image == before).all()
    for h, w in ((1, 1), (3, 90), (200, 31)):
        assert wrap_vision.embedding(card, engine, picture(h, w), params={}).shape == made.shape
    assert wrap_vision.embedding(card, engine, picture()[..., :1], params={}).shape == made.shape


@pytest.mark.parametrize("kind", EMBEDDERS)
def test_a_picture_is_nearer_to_itself_with_a_little_noise_than_to_another(networks: Path, kind: str) -> None:
    card, engine = loaded(networks, f"my-{kind}")
    smooth = np.repeat(np.linspace(0, 1, 64, dtype=np.float32)[None, :, None], 64, axis=0) * np.ones(
        3, np.float32
    )
    noisy = np.clip(smooth + np.random.default_rng(0).normal(0, 0.01, smooth.shape), 0, 1).astype(np.float32)
    a, b, c = (
        wrap_vision.embedding(card, engine, image, params={})
        for image in (smooth, noisy, smooth[:, ::-1].copy())
    )
    assert a @ b > a @ c


def test_the_vector_is_the_one_that_the_library_gives(networks: Path) -> None:
    card, engine = loaded(networks, "my-clip")
    from transformers import CLIPModel

    model = CLIPModel.from_pretrained(str(networks / "clip")).eval()
    levels = np.rint(picture() * 255).astype(np.uint8)
    given = engine._processor(images=[levels], return_tensors="pt", input_data_format="channels_last")
    found = model.get_image_features(**given)
    known = getattr(found, "pooler_output", found).detach().numpy().ravel()
    made = wrap_vision.embedding(card, engine, picture(), params={})
    assert made == pytest.approx(known / np.linalg.norm(known), abs=1e-5)


def test_scores_are_by_label_and_together_one(networks: Path) -> None:
    card, engine = loaded(networks, "one")
    light, dark = np.full((50, 70, 3), 0.95, np.float32), np.full((50, 70, 3), 0.05, np.float32)
    bright = wrap_vision.safety_scores(card, engine, light, params={})
    assert list(bright) == ["normal", "nsfw"]
    assert sum(bright.values()) == pytest.approx(1)
    assert bright["nsfw"] > 0.9 > 0.1 > wrap_vision.safety_scores(card, engine, dark, params={})["nsfw"]
    card, engine = loaded(networks, "several")
    each = wrap_vision.safety_scores(card, engine, light, params={})
    assert each["nsfw"] == pytest.approx(1 / (1 + np.exp(-0.5)), abs=0.05)


def test_pickles_and_other_kinds_are_refused(tmp_path: Path) -> None:
    weights = save_classifier(tmp_path / "weights")
    config = json.loads((weights / "config.json").read_text())
    (weights / "config.json").write_text(json.dumps(config | {"model_type": "bert"}))
    vision_card(tmp_path / "cards", "other", "safety", weights)
    with pytest.raises(EngineFault, match="'bert' cannot take role 'safety'"):
        loaded(tmp_path, "other")
    (weights / "config.json").write_text(json.dumps(config | {"auto_map": {"AutoModel": "mine.Model"}}))
    vision_card(tmp_path / "cards", "other", "safety", weights)
    with pytest.raises(WeightsDamaged, match="asks for code"):
        loaded(tmp_path, "other")


def test_a_head_that_is_not_in_the_file_is_damage_and_never_drawn_at_random(tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    weights = save_classifier(tmp_path / "weights")
    tensors = load_file(weights / "model.safetensors")
    save_file(
        {k: v for k, v in tensors.items() if "classifier" not in k},
        weights / "model.safetensors",
        {"format": "pt"},
    )
    vision_card(tmp_path / "cards", "headless", "safety", weights)
    with pytest.raises(WeightsDamaged, match=r"weights are missing, such as classifier\.bias"):
        loaded(tmp_path, "headless")


@pytest.mark.parametrize("name", ["dinov2", "siglip", "clip-vision", "nsfw-vit"])
def test_the_packaged_cards_are_pinned_and_off_without_weights(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    registry = Registry.load()
    card = registry.get(name)
    assert card.weights is not None
    assert len(card.weights.revision) == 40
    assert card.automatic is False
    with pytest.raises(WeightsMissing, match=f"models pull {name}"):
        load_engine(card, registry.folder_of(name))


class _Broken:
    def __init__(self, made: object) -> None:
        self._made = made

    def embed(self, image: NDArray[np.float32], *, params: object) -> object:
        return self._made

    def scores(self, image: NDArray[np.float32], *, params: object) -> object:
        return self._made


@pytest.mark.parametrize(
    "made",
    [
        None,
        np.ones(4),
        np.ones((2, 2), np.float32) / 2,
        np.ones(4, np.float32),
        np.full(4, np.nan, np.float32),
    ],
)
def test_a_vector_that_is_none_is_the_engines_fault(networks: Path, made: object) -> None:
    card, _ = loaded(networks, "my-clip")
    with pytest.raises(EngineFault, match="my-clip gave"):
        wrap_vision.embedding(card, _Broken(made), picture(), params={})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "made", [None, {}, {"nsfw": 1.2}, {"nsfw": float("nan")}, {"nsfw": "high"}, {3: 0.5}]
)
def test_scores_that_are_none_are_the_engines_fault(networks: Path, made: object) -> None:
    card, _ = loaded(networks, "one")
    with pytest.raises(EngineFault, match="one gave"):
        wrap_vision.safety_scores(card, _Broken(made), picture(), params={})  # type: ignore[arg-type]


def test_a_picture_of_the_wrong_type_is_the_callers_mistake(networks: Path) -> None:
    card, engine = loaded(networks, "one")
    with pytest.raises(EngineFault) as caught:
        wrap_vision.safety_scores(card, engine, np.zeros((4, 4), np.float32), params={})
    assert "H×W" in str(caught.value)
