"""Depth networks through transformers: opened from safetensors alone, fed without the hole's content, checked."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from model_registry.card import Card
from model_registry.engines import wrap_depth
from model_registry.engines.load import load_engine
from model_registry.errors import EngineFault, WeightsDamaged, WeightsMissing
from model_registry.registry import Registry
from tests.model_registry.depth.tiny_depth import depth_card, save_depth_anything, save_glpn


def picture(h: int = 40, w: int = 61) -> NDArray[np.float32]:
    rng = np.random.default_rng(3)
    shade = np.linspace(0.1, 0.9, w, dtype=np.float32)[None, :, None]
    return np.clip(shade + rng.normal(0, 0.05, (h, w, 3)).astype(np.float32), 0, 1).astype(np.float32)


def hole(h: int = 40, w: int = 61) -> NDArray[np.bool_]:
    made = np.zeros((h, w), bool)
    made[12:28, 20:40] = True
    return made


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of cards, `near` and `metric`, with their weights."""
    root = tmp_path_factory.mktemp("depth")
    depth_card(root / "cards", "near", save_depth_anything(root / "near"))
    depth_card(root / "cards", "metric", save_glpn(root / "metric"))
    return root


def loaded(networks: Path, name: str) -> tuple[Card, object]:
    registry = Registry.load(networks / "cards")
    card = registry.get(name)
    return card, load_engine(card, registry.folder_of(name))


@pytest.mark.parametrize("name", ["near", "metric"])
def test_a_map_of_the_pictures_size_that_ignores_what_the_hole_held(networks: Path, name: str) -> None:
    card, engine = loaded(networks, name)
    image, where = picture(), hole()
    made = wrap_depth.near_map(card, engine, image, where, params={})  # type: ignore[arg-type]
    assert made.shape == where.shape
    assert made.dtype == np.float32
    assert made.min() == 0
    assert made.max() == 1
    changed = image.copy()
    changed[where] = 0
    again = wrap_depth.near_map(card, engine, changed, where, params={})  # type: ignore[arg-type]
    assert (again == made).all()


def test_a_metric_network_says_how_far_and_a_relative_one_how_near(networks: Path) -> None:
    """Both engines answer in nearness: the metric one's own numbers are turned over."""
    _, engine = loaded(networks, "metric")
    levels = np.rint(picture(32, 64) * 255).astype(np.uint8)
    near = engine.near(levels, params={})  # type: ignore[attr-defined]
    given = engine._processor(images=[levels], return_tensors="pt")  # type: ignore[attr-defined]
    far = engine._model(**given).predicted_depth.detach().numpy()[0]  # type: ignore[attr-defined]
    assert np.corrcoef(near.ravel(), far.ravel())[0, 1] < -0.9


def test_a_grey_picture_is_taken_too(networks: Path) -> None:
    card, engine = loaded(networks, "near")
    grey = picture()[..., :1]
    assert wrap_depth.near_map(card, engine, grey, hole(), params={}).shape == hole().shape  # type: ignore[arg-type]


def test_pickles_and_code_are_refused(tmp_path: Path) -> None:
    weights = save_glpn(tmp_path / "weights")
    (weights / "modeling.py").write_text("print('run')")
    depth_card(tmp_path / "cards", "sly", weights)
    with pytest.raises((WeightsDamaged, EngineFault)):
        loaded(tmp_path, "sly")


def test_a_network_of_another_kind_is_named(tmp_path: Path) -> None:
    weights = save_glpn(tmp_path / "weights")
    config = json.loads((weights / "config.json").read_text())
    (weights / "config.json").write_text(json.dumps(config | {"model_type": "bert"}))
    depth_card(tmp_path / "cards", "other", weights)
    with pytest.raises(EngineFault, match="'bert' cannot take role 'depth'"):
        loaded(tmp_path, "other")


def test_the_packaged_card_says_where_its_weights_would_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PENTIMENTO_DEPTH", raising=False)
    registry = Registry.load()
    card = registry.get("depth-anything")
    assert card.role == "depth"
    assert not card.automatic
    with pytest.raises(WeightsMissing, match="PENTIMENTO_DEPTH"):
        load_engine(card, registry.folder_of("depth-anything"))


class _Broken:
    def __init__(self, made: object) -> None:
        self._made = made

    def near(self, image: NDArray[np.uint8], *, params: object) -> object:
        return self._made


@pytest.mark.parametrize(
    "made", [np.zeros((3, 3), np.float32), np.zeros((40, 61)), np.full((40, 61), np.nan, np.float32), None]
)
def test_a_map_that_does_not_fit_is_the_engines_fault(networks: Path, made: object) -> None:
    card, _ = loaded(networks, "near")
    with pytest.raises(EngineFault, match="near gave"):
        wrap_depth.near_map(card, _Broken(made), picture(), hole(), params={})  # type: ignore[arg-type]
