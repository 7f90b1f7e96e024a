"""The bench of full-size architectures: shapes as published, files that the loader opens, and no start without the room."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flows.bench.fullsize import measure
from flows.bench.fullsize.folder import save
from flows.bench.fullsize.shapes import ARCHITECTURES, Architecture
from flows.bench.fullsize.stepping import main
from flows.bench.fullsize.tensors import write_random


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda one: one.name)
def test_the_shapes_have_as_many_parameters_as_the_published_weights(architecture: Architecture) -> None:
    import torch

    with torch.device("meta"):
        parts = architecture.parts()
    assert sum(p.numel() for model in parts.values() for p in model.parameters()) == architecture.published


def test_tensors_written_one_by_one_are_safetensors_like_any_other(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    shapes = {
        "a.weight": (64, 3, 3, 3),
        "a.bias": (64,),
        "norm.weight": (7,),
        "scale": (),
        "big.weight": (2100, 2048),
    }
    size = write_random(tmp_path / "t.safetensors", shapes, seed=1)
    assert size == (tmp_path / "t.safetensors").stat().st_size
    read = load_file(tmp_path / "t.safetensors")
    assert {name: tensor.shape for name, tensor in read.items()} == shapes
    assert all(tensor.dtype == np.float16 for tensor in read.values())
    assert float(read["big.weight"].astype(np.float32).std()) == pytest.approx(2048**-0.5, rel=0.02)
    assert float(read["a.weight"].astype(np.float32).std()) == pytest.approx(27**-0.5, rel=0.1)
    assert (read["a.bias"] == 0).all()
    assert (read["norm.weight"] == 1).all()
    again = tmp_path / "u.safetensors"
    write_random(again, shapes, seed=1)
    assert again.read_bytes() == (tmp_path / "t.safetensors").read_bytes()


def _small() -> dict[str, Any]:
    """Stable Diffusion's parts, of a few thousand weights."""
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    blocks = {"norm_num_groups": 8, "layers_per_block": 1}
    unet = UNet2DConditionModel(
        sample_size=8, block_out_channels=(16, 32), cross_attention_dim=32, attention_head_dim=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), **blocks,
    )  # fmt: skip
    vae = AutoencoderKL(
        block_out_channels=(8, 8, 16, 16), down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4, **blocks,
    )  # fmt: skip
    text = CLIPTextModel(CLIPTextConfig(
        vocab_size=49408, hidden_size=32, intermediate_size=37, num_hidden_layers=1, num_attention_heads=4,
        bos_token_id=49406, eos_token_id=49407, pad_token_id=49407,
    ))  # fmt: skip
    return {"unet": unet, "vae": vae, "text_encoder": text}


def test_a_folder_is_opened_by_the_production_loader_and_stepped(tmp_path: Path) -> None:
    small = Architecture("small", "StableDiffusionPipeline", 512, _small, 0, "float32", 256, 2)
    parameters, size = save(small, tmp_path)
    assert size > 2 * parameters > 0
    told = main(tmp_path, "small-random")
    assert len(told["steps"]) == 2
    assert told["load"][0] > 0
    assert told["peak_bytes"] >= told["loaded_bytes"] > 0
    assert told["spread"] > 0


def test_without_the_room_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    xl = ARCHITECTURES[1]
    assert "8.9 GB of memory needed" in measure.room_for(xl, 8 * 10**9, 10**12)
    assert "8.9 GB of disk needed" in measure.room_for(xl, 10**11, 8 * 10**9)
    assert measure.room_for(xl, 10**11, 10**11) == ""
    monkeypatch.setattr(measure, "_memory_free", lambda: 0)
    monkeypatch.setattr(measure, "save", lambda *_: pytest.fail("written"))
    rows, summary = measure.measure(False)
    assert [row["architecture"] for row in rows] == ["sd15", "sdxl"]
    assert all("memory needed" in row["note"] for row in rows)
    assert summary["measured"] == 0
