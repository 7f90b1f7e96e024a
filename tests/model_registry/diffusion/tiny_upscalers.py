"""Builds small real upscaling pipelines with random weights, one of each class, saves them as safetensors, and writes cards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from model_registry.weights import sha256_table
from tests.model_registry.diffusion.tiny_pipeline import _text_encoder, _tokenizer

FACTOR = {
    "StableDiffusionUpscalePipeline": 4,
    "StableDiffusionLatentUpscalePipeline": 2,
    "LDMSuperResolutionPipeline": 4,
}
STEP = {
    "StableDiffusionUpscalePipeline": 8,
    "StableDiffusionLatentUpscalePipeline": 16,
    "LDMSuperResolutionPipeline": 8,
}


def build(folder: Path, kind: str) -> Path:
    """The card of a pipeline of this class, both in `folder`."""
    import torch

    name = kind.lower()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(len(kind))
        _MAKERS[kind]().save_pretrained(str(folder / name), safe_serialization=True)
    return _card(folder, name, kind)


def _card(folder: Path, name: str, kind: str) -> Path:
    guided = "" if kind.startswith("LDM") else ", guidance = 3.0"
    noisy = ", noise_level = 20" if kind == "StableDiffusionUpscalePipeline" else ""
    lines = [
        f'id = "{name}"', 'role = "upscale"', 'runtime = "diffusers"', f'entry = "{kind}"', 'title = "t"', 'licence = "MIT"',
        f"scales = [{FACTOR[kind]}]", "automatic = false", "invents = true",
        f'defaults = {{ steps = 2, dtype = "auto"{guided}{noisy} }}',
        f"size = {{ minimum = 16, multiple_of = {STEP[kind]}, maximum = 112 }}",
        "[weights]", f'path = "{name}"', "[weights.sha256]",
    ]  # fmt: skip
    lines += [f'"{file}" = "{digest}"' for file, digest in sha256_table(folder / name).items()]
    card = folder / f"{name}.toml"
    card.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return card


def _conditioned(given: int, made: int, **more: Any) -> Any:
    import diffusers

    return diffusers.UNet2DConditionModel(
        sample_size=16, in_channels=given, out_channels=made, block_out_channels=(16, 32), layers_per_block=1,
        norm_num_groups=8, attention_head_dim=8, cross_attention_dim=32,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), **more,
    )  # fmt: skip


def _vae(levels: int) -> Any:
    import diffusers

    return diffusers.AutoencoderKL(
        block_out_channels=(8,) * levels, down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels, layers_per_block=1, norm_num_groups=8, latent_channels=4,
    )  # fmt: skip


def _upscale() -> Any:
    import diffusers

    return diffusers.StableDiffusionUpscalePipeline(
        vae=_vae(3), text_encoder=_text_encoder(), tokenizer=_tokenizer(), unet=_conditioned(7, 4, num_class_embeds=1000),
        low_res_scheduler=diffusers.DDPMScheduler(), scheduler=diffusers.DDIMScheduler(),
    )  # fmt: skip


def _latent() -> Any:
    import diffusers

    return diffusers.StableDiffusionLatentUpscalePipeline(
        vae=_vae(4), text_encoder=_text_encoder(), tokenizer=_tokenizer(),
        unet=_conditioned(8, 5, time_cond_proj_dim=160), scheduler=diffusers.EulerDiscreteScheduler(),
    )  # fmt: skip


def _ldm() -> Any:
    import diffusers

    unet = diffusers.UNet2DModel(
        sample_size=16, in_channels=6, out_channels=3, block_out_channels=(16, 32), layers_per_block=1, norm_num_groups=8,
        attention_head_dim=8, down_block_types=("DownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "UpBlock2D"),
    )  # fmt: skip
    vqvae = diffusers.VQModel(
        block_out_channels=(8, 8, 8), down_block_types=("DownEncoderBlock2D",) * 3, up_block_types=("UpDecoderBlock2D",) * 3,
        layers_per_block=1, norm_num_groups=8, latent_channels=3, num_vq_embeddings=16,
    )  # fmt: skip
    return diffusers.LDMSuperResolutionPipeline(vqvae=vqvae, unet=unet, scheduler=diffusers.DDIMScheduler())


_MAKERS = {
    "StableDiffusionUpscalePipeline": _upscale,
    "StableDiffusionLatentUpscalePipeline": _latent,
    "LDMSuperResolutionPipeline": _ldm,
}
