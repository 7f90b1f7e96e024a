"""Classes other than Stable Diffusion's own: XL, latent consistency, image to image, in small, through the production loader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from model_registry.engines.contract import Filler, Generator
from model_registry.engines.diffusion import load
from model_registry.engines.diffusion_loader import load_pipeline
from model_registry.registry import Registry
from tests.model_registry.diffusion.conftest import read_card
from tests.model_registry.diffusion.tiny_classes import build_lcm, build_xl, card_for


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("classes")
    build_xl(folder, "tiny-xl", channels=4)
    build_xl(folder, "tiny-xl-inpaint", channels=9)
    build_lcm(folder, "tiny-lcm")
    return folder


GENERATORS = {
    "tiny-xl": ("StableDiffusionXLPipeline", "sdxl"),
    "tiny-lcm": ("LatentConsistencyModelPipeline", "lcm-dreamshaper"),
}
FILLERS = {
    "tiny-xl-inpaint": ("StableDiffusionXLInpaintPipeline", "sdxl-inpaint"),
    "tiny-xl": ("StableDiffusionXLImg2ImgPipeline", ""),
    "tiny-lcm": ("LatentConsistencyModelImg2ImgPipeline", ""),
}


def ready(classes: Path, role: str, name: str, entry: str, like: str, **more: Any) -> Any:
    """The engine, with the defaults of the packaged card it is a small copy of, in two steps."""
    defaults: dict[str, Any] = dict(Registry.load().get(like).defaults) if like else {"strength": 0.7}
    defaults |= {"steps": 2, "tiles_over": 0, **more}
    return load(read_card(card_for(classes, role, name, entry, defaults)), classes)


@pytest.mark.parametrize("name", GENERATORS)
def test_a_picture_is_made_under_the_defaults_of_the_packaged_card(classes: Path, name: str) -> None:
    entry, like = GENERATORS[name]
    tiny: Generator = ready(classes, "generate", name, entry, like)
    made = tiny.generate("oak", 40, 24, seed=3, params={})
    assert made.shape == (24, 40, 3)
    assert (tiny.generate("oak", 40, 24, seed=3, params={}) == made).all()
    assert (tiny.generate("oak", 40, 24, seed=4, params={}) != made).any()


@pytest.mark.parametrize("name", FILLERS)
def test_a_hole_is_filled_and_the_rest_kept_bit_for_bit(
    classes: Path, name: str, picture: NDArray[np.float32], hole: NDArray[np.bool_]
) -> None:
    entry, like = FILLERS[name]
    tiny: Filler = ready(classes, "fill", name, entry, like)
    made = tiny.fill(picture, hole, seed=3, prompt="oak", params={})
    assert (made[~hole] == picture[~hole]).all()
    assert made[hole].std() > 0
    other = picture.copy()
    other[hole] = 1 - other[hole]
    assert (tiny.fill(other, hole, seed=3, prompt="oak", params={})[hole] == made[hole]).all()
    assert (tiny.fill(picture, hole, seed=4, prompt="oak", params={})[hole] != made[hole]).any()


def test_xl_is_loaded_without_a_watermark_that_would_depend_on_what_is_installed(
    classes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library adds one where it can, and here it is made to believe that it could."""
    from diffusers.pipelines.stable_diffusion_xl import pipeline_stable_diffusion_xl as xl

    monkeypatch.setattr(xl, "is_invisible_watermark_available", lambda: True)
    monkeypatch.setattr(xl, "StableDiffusionXLWatermarker", lambda: pytest.fail("a watermark"), raising=False)
    card = read_card(card_for(classes, "generate", "tiny-xl", "StableDiffusionXLPipeline", {"steps": 2}))
    assert load_pipeline(card, classes / "tiny-xl", "float32", "cpu").watermark is None


@pytest.mark.parametrize("name", ["flux-fill", "sd-turbo"])
def test_weights_with_terms_say_so_in_their_card_and_are_off(name: str) -> None:
    card = Registry.load().get(name)
    assert card.terms
    assert card.automatic is False
    assert json.loads(card.model_dump_json())["terms"] == card.terms
    if name == "flux-fill":
        assert "NON-COMMERCIAL" in card.title
        assert "Non-Commercial" in card.licence
