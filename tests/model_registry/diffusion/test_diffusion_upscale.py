"""Upscaling pipelines of diffusers: every allowed class, saved and loaded for real, fed through the one wrapper."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model_registry.card import Card
from model_registry.engines import wrap
from model_registry.engines.contract import Engine, Upscaler
from model_registry.engines.diffusion_loader import CLASSES
from model_registry.engines.load import load_engine
from model_registry.errors import EngineFault, WeightsDamaged
from model_registry.registry import Registry
from tests.model_registry.diffusion import tiny_upscalers

Loaded = tuple[Card, Engine]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("upscalers")
    for kind in CLASSES["upscale"]:
        tiny_upscalers.build(made, kind)
    return made


@pytest.fixture(scope="module", params=CLASSES["upscale"])
def loaded(request: pytest.FixtureRequest, folder: Path) -> Loaded:
    card = Registry.load(folder).get(str(request.param).lower())
    return card, load_engine(card, folder)


def picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng([height, width]).random((height, width, 3), np.float32)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (17, 33), (48, 64)])
def test_any_size_comes_back_larger_and_the_same_each_time(loaded: Loaded, height: int, width: int) -> None:
    card, engine = loaded
    image, scale = picture(height, width), card.scales[0]
    before = image.copy()
    made = wrap.upscale(card, engine, image, scale, params={})
    assert made.shape == (height * scale, width * scale, 3)
    assert made.dtype == np.float32
    assert made.min() >= 0
    assert made.max() <= 1
    assert (wrap.upscale(card, engine, image, scale, params={}) == made).all()
    assert (image == before).all()


def test_another_picture_gets_another_noise(loaded: Loaded) -> None:
    card, engine = loaded
    image = picture(48, 64)
    other = image.copy()
    other[0, 0, 0] = 1 - other[0, 0, 0]
    first, second = (wrap.upscale(card, engine, each, card.scales[0], params={}) for each in (image, other))
    far = np.s_[first.shape[0] // 2 :, first.shape[1] // 2 :]
    assert np.abs(first[far] - second[far]).mean() > 1e-3


def test_what_is_over_the_cards_maximum_is_made_in_pieces(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    card, engine = loaded
    sides: list[int] = []
    assert isinstance(engine, Upscaler)
    plain = engine.upscale

    def watched(image: np.ndarray, scale: int, *, params: object) -> np.ndarray:
        sides.append(max(image.shape[:2]))
        return plain(image, scale, params=params)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "upscale", watched)
    made = wrap.upscale(card, engine, picture(40, 150), card.scales[0], params={})
    assert made.shape == (40 * card.scales[0], 150 * card.scales[0], 3)
    assert len(sides) > 1
    assert max(sides) <= card.size.maximum


def test_a_card_must_name_a_class_that_enlarges(folder: Path) -> None:
    card = Registry.load(folder).get("ldmsuperresolutionpipeline")
    for entry, words in (("", "no pipeline class is named"), ("StableDiffusionPipeline", "not allowed")):
        with pytest.raises(EngineFault, match=words):
            load_engine(card.model_copy(update={"entry": entry}), folder)


def test_a_pickle_in_the_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    tiny_upscalers.build(tmp_path, "LDMSuperResolutionPipeline")
    (tmp_path / "ldmsuperresolutionpipeline" / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"x")
    card = Registry.load(tmp_path).get("ldmsuperresolutionpipeline")
    with pytest.raises(WeightsDamaged, match="pickle"):
        load_engine(card, tmp_path)


def test_packaged_upscalers_that_invent_are_never_automatic() -> None:
    registry = Registry.load()
    cards = [c for c in registry.cards if c.role == "upscale" and c.runtime == "diffusers"]
    assert {c.entry for c in cards} == set(CLASSES["upscale"])
    assert all(c.invents and not c.automatic for c in cards)
    assert not {c.id for c in cards} & {c.id for c in registry.of_role("upscale")}
