"""The published shapes of Stable Diffusion 1.5 and XL, made on no device: names and sizes of tensors, and no memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Architecture:
    """A pipeline's class and parts, and how it is measured."""

    name: str
    pipeline: str
    native: int
    """Side it was trained at, px."""
    parts: Callable[[], dict[str, Any]]
    """Name to model, on the meta device; called once."""
    published: int
    """Parameters of the published weights, all parts together."""
    dtype: str
    """What it is loaded in on a CPU."""
    side: int
    steps: int


def _diffusers() -> Any:
    return import_module("diffusers")


def _unet(**more: Any) -> Any:
    return _diffusers().UNet2DConditionModel(in_channels=4, out_channels=4, layers_per_block=2, **more)


def _vae(side: int, scaling: float) -> Any:
    return _diffusers().AutoencoderKL(
        block_out_channels=(128, 256, 512, 512), down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4, layers_per_block=2, latent_channels=4, sample_size=side,
        scaling_factor=scaling, force_upcast=side > 512,
    )  # fmt: skip


def _text(width: int, depth: int, heads: int, activation: str, *, projected: bool = False) -> Any:
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    config = CLIPTextConfig(
        vocab_size=49408, hidden_size=width, intermediate_size=width * 4, num_hidden_layers=depth,
        num_attention_heads=heads, hidden_act=activation, projection_dim=width, max_position_embeddings=77,
        bos_token_id=49406, eos_token_id=49407, pad_token_id=49407,
    )  # fmt: skip
    return (CLIPTextModelWithProjection if projected else CLIPTextModel)(config)


def _sd15() -> dict[str, Any]:
    return {
        "unet": _unet(
            sample_size=64, block_out_channels=(320, 640, 1280, 1280), cross_attention_dim=768, attention_head_dim=8,
            down_block_types=(*("CrossAttnDownBlock2D",) * 3, "DownBlock2D"),
            up_block_types=("UpBlock2D", *("CrossAttnUpBlock2D",) * 3),
        ),
        "vae": _vae(512, 0.18215),
        "text_encoder": _text(768, 12, 12, "quick_gelu"),
    }  # fmt: skip


def _sdxl() -> dict[str, Any]:
    return {
        "unet": _unet(
            sample_size=128, block_out_channels=(320, 640, 1280), cross_attention_dim=2048,
            attention_head_dim=(5, 10, 20), transformer_layers_per_block=(1, 2, 10), use_linear_projection=True,
            addition_embed_type="text_time", addition_time_embed_dim=256, projection_class_embeddings_input_dim=2816,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        ),
        "vae": _vae(1024, 0.13025),
        "text_encoder": _text(768, 12, 12, "quick_gelu"),
        "text_encoder_2": _text(1280, 32, 20, "gelu", projected=True),
    }  # fmt: skip


ARCHITECTURES = (
    Architecture("sd15", "StableDiffusionPipeline", 512, _sd15, 1_066_235_307, "float32", 512, 2),
    Architecture("sdxl", "StableDiffusionXLPipeline", 1024, _sdxl, 3_468_837_867, "bfloat16", 512, 1),
)
"""XL in bfloat16, for its weights in float32 alone are 13.9 GB, and at half its native side, for time."""
