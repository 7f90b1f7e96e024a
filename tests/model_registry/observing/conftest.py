"""Tiny pipelines of every kind, loaded once by the production loader, and ways to look into them."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from model_registry.card import Card
from model_registry.engines.diffusion import load
from tests.model_registry.diffusion import tiny_pipeline, tiny_upscalers
from tests.model_registry.observing import tiny_kinds

Engines = Callable[[str], Any]


@pytest.fixture(scope="session")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Engines:
    """By kind: sd, inpaint, sdxl, sd3, flux, z-image, or an upscaling pipeline's class."""
    folder = tmp_path_factory.mktemp("observed")
    made: dict[str, Any] = {}

    def engine(kind: str) -> Any:
        if kind not in made:
            card = Card.model_validate(tomllib.loads(_card(folder, kind).read_text(encoding="utf-8")))
            made[kind] = load(card, folder)
        return made[kind]

    return engine


def _card(folder: Path, kind: str) -> Path:
    if kind == "sd":
        tiny_pipeline.build_text_to_image(folder)
        return tiny_pipeline.write_card(folder, "generate")
    if kind == "inpaint":
        tiny_pipeline.build_inpaint(folder)
        return tiny_pipeline.write_card(folder, "fill")
    if kind in tiny_kinds.KINDS:
        return tiny_kinds.build(folder, kind)
    return tiny_upscalers.build(folder, kind)


def make(
    engine: Any, scheduler: str = "", steps: int = 4, seed: int = 5, **params: Any
) -> NDArray[np.float32]:
    """A picture of any kind of engine, 48×64."""
    given = {"steps": steps, **({"scheduler": scheduler} if scheduler else {}), **params}
    if hasattr(engine, "generate"):
        return np.asarray(engine.generate("a red! shoe", 64, 48, seed=seed, params=given))
    image = np.random.default_rng(7).random((48, 64, 3), np.float32)
    if hasattr(engine, "upscale"):
        scale = 2 if "Latent" in type(pipe_of(engine)).__name__ else 4
        return np.asarray(engine.upscale(image[:16, :24], scale, params=given))
    hole = np.zeros((48, 64), bool)
    hole[12:30, 20:50] = True
    return np.asarray(engine.fill(image, hole, seed=seed, prompt="a red! shoe", params=given))


def pipe_of(engine: Any) -> Any:
    return engine._model._pipe


def hooks(engine: Any) -> int:
    """Forward hooks on any module of the pipeline."""
    modules = [
        m for part in pipe_of(engine).components.values() if hasattr(part, "modules") for m in part.modules()
    ]
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in modules)


def processors(engine: Any) -> dict[str, int]:
    """Attention processors by name, as identities."""
    pipe = pipe_of(engine)
    denoiser = getattr(pipe, "unet", None) or pipe.transformer
    return {name: id(m.processor) for name, m in denoiser.named_modules() if hasattr(m, "processor")}


def modes() -> int:
    """Function modes that are entered."""
    import torch

    return int(torch._C._len_torch_function_stack())
