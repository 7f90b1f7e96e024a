"""Broken outputs are faults, after one more try in float32; never a black picture handed on."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model_registry.engines.contract import Filler, Generator
from model_registry.engines.diffusion import load
from model_registry.errors import EngineFault, EngineOutOfMemory
from tests.model_registry.diffusion.conftest import read_card
from tests.model_registry.diffusion.tiny_pipeline import write_card

Tensors = dict[str, Any]


def spoilt(built: Path, folder: Path, file: str, change: Callable[[Tensors], object]) -> Generator:
    """The tiny text-to-image engine with `change` made to the tensors in `file`."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(built / "tiny-sd", folder / "tiny-sd")
    path = folder / "tiny-sd" / file
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path, metadata={"format": "pt"})
    engine = load(read_card(write_card(folder, "generate")), folder)
    assert isinstance(engine, Generator)
    return engine


UNET = "unet/diffusion_pytorch_model.safetensors"
VAE = "vae/diffusion_pytorch_model.safetensors"


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_nan_weights_are_a_fault(built: Path, tmp_path: Path, dtype: str) -> None:
    engine = spoilt(built, tmp_path, UNET, lambda tensors: tensors["conv_in.weight"].fill_(float("nan")))
    with pytest.raises(EngineFault, match="tiny-sd: output is not finite, in float32 too"):
        engine.generate("x", 24, 24, seed=1, params={"dtype": dtype})


def blacken(tensors: Tensors) -> None:
    tensors["decoder.conv_out.weight"].zero_()
    tensors["decoder.conv_out.bias"].fill_(-1)


def test_all_black_is_a_fault(built: Path, tmp_path: Path) -> None:
    engine = spoilt(built, tmp_path, VAE, blacken)
    with pytest.raises(EngineFault, match="output is all black"):
        engine.generate("x", 24, 24, seed=1, params={})


def test_overflow_in_half_precision_is_made_in_float32(
    built: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Weights past float16's 65504 but well within float32."""

    def enlarge(tensors: Tensors) -> None:
        tensors["conv_in.weight"].mul_(1e6)

    engine = spoilt(built, tmp_path, UNET, enlarge)
    exact = engine.generate("x", 24, 24, seed=1, params={"dtype": "float32"})
    assert not caplog.records
    retried = engine.generate("x", 24, 24, seed=1, params={"dtype": "float16"})
    assert "not finite in float16" in caplog.text
    assert np.array_equal(retried, exact)


def test_a_black_fill_of_a_black_picture_is_no_fault(built: Path, tmp_path: Path) -> None:
    spoilt(built, tmp_path, VAE, blacken)
    (tmp_path / "tiny-sd-inpaint").symlink_to(tmp_path / "tiny-sd")
    engine = load(read_card(write_card(tmp_path, "fill")), tmp_path)
    assert isinstance(engine, Filler)
    hole = np.zeros((24, 24), bool)
    hole[8:12, 8:12] = True
    dark = np.zeros((24, 24, 3), np.float32)
    assert not engine.fill(dark, hole, seed=1, prompt="", params={}).any()
    with pytest.raises(EngineFault, match="all black"):
        engine.fill(dark + 1, hole, seed=1, prompt="", params={})


def test_running_out_of_memory_has_its_own_type(built: Path, tmp_path: Path) -> None:
    """The allocator's own error, from an allocation no machine can serve, in the middle of a call."""
    import torch

    engine = spoilt(built, tmp_path, UNET, lambda tensors: None)
    unet = engine._model._pipe.unet  # type: ignore[attr-defined]
    hook = unet.register_forward_pre_hook(lambda _module, _args: torch.empty(2**50))
    with pytest.raises(EngineOutOfMemory):
        engine.generate("x", 24, 24, seed=1, params={})
    hook.remove()
    assert engine.generate("x", 24, 24, seed=1, params={}).any()
