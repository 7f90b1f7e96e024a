"""Builds small real pipelines of other classes with random weights, saves them as safetensors, and writes cards for them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from model_registry.weights import sha256_table
from tests.model_registry.diffusion.tiny_pipeline import NATIVE, _text_encoder, _tokenizer, _vae, _vocabulary


def build_xl(folder: Path, name: str, channels: int) -> Path:
    """Stable Diffusion XL: two text encoders, and the picture's size as a condition. channels: 9 for inpainting."""
    import diffusers
    import torch
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(channels)
        second = CLIPTextModelWithProjection(CLIPTextConfig(
            vocab_size=len(_vocabulary()), hidden_size=32, intermediate_size=37, num_hidden_layers=2, projection_dim=32,
            num_attention_heads=4, bos_token_id=_vocabulary()["<|startoftext|>"],
            eos_token_id=_vocabulary()["<|endoftext|>"], pad_token_id=_vocabulary()["<|endoftext|>"],
        ))  # fmt: skip
        unet = diffusers.UNet2DConditionModel(
            sample_size=NATIVE // 8, in_channels=channels, out_channels=4, block_out_channels=(16, 32),
            layers_per_block=1, norm_num_groups=8, attention_head_dim=(2, 4), cross_attention_dim=64,
            transformer_layers_per_block=(1, 2), use_linear_projection=True, addition_embed_type="text_time",
            addition_time_embed_dim=8, projection_class_embeddings_input_dim=6 * 8 + 32,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        )  # fmt: skip
        kind = (
            diffusers.StableDiffusionXLInpaintPipeline
            if channels == 9
            else diffusers.StableDiffusionXLPipeline
        )
        pipe: Any = kind(
            vae=_vae(), text_encoder=_text_encoder(), text_encoder_2=second, tokenizer=_tokenizer(),
            tokenizer_2=_tokenizer(), unet=unet, scheduler=_euler(), add_watermarker=False,
        )  # fmt: skip
    pipe.save_pretrained(str(folder / name), safe_serialization=True)
    return folder / name


def build_lcm(folder: Path, name: str) -> Path:
    """A latent consistency model: its U-Net takes the guidance as a condition."""
    import diffusers
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(11)
        unet = diffusers.UNet2DConditionModel(
            sample_size=NATIVE // 8, in_channels=4, out_channels=4, block_out_channels=(16, 32), layers_per_block=1,
            norm_num_groups=8, attention_head_dim=8, cross_attention_dim=32, time_cond_proj_dim=32,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        )  # fmt: skip
        pipe: Any = diffusers.LatentConsistencyModelPipeline(
            vae=_vae(), text_encoder=_text_encoder(), tokenizer=_tokenizer(), unet=unet,
            scheduler=diffusers.LCMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear"),
            safety_checker=None, feature_extractor=None, requires_safety_checker=False,
        )  # fmt: skip
    pipe.save_pretrained(str(folder / name), safe_serialization=True)
    return folder / name


def card_for(folder: Path, role: str, name: str, entry: str, defaults: Mapping[str, Any]) -> Path:
    """A card for a pipeline saved in `folder/name`, pinned as it is now; its own file for each class."""
    said = ", ".join(f"{key} = {json.dumps(value)}" for key, value in defaults.items())
    lines = [
        f'id = "{name}"',
        f'role = "{role}"',
        'runtime = "diffusers"',
        f'entry = "{entry}"',
        'title = "Tiny"',
    ]
    lines += [
        'licence = "Apache-2.0"',
        'prompt = "optional"',
        "automatic = false",
        f"defaults = {{ {said} }}",
    ]
    lines += ["", "[weights]", f'path = "{name}"', "", "[weights.sha256]"]
    lines += [f'"{file}" = "{digest}"' for file, digest in sha256_table(folder / name).items()]
    card = folder / f"{name}-{entry}.toml"
    card.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return card


def _euler() -> Any:
    import diffusers

    return diffusers.EulerDiscreteScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
