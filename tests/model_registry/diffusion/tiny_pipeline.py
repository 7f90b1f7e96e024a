"""Builds small real Stable Diffusion pipelines with random weights, saves them as safetensors, and writes cards for them.

About 2 MB and 2 s each, no network. Cell 8 px, native side 64 px. The pictures mean nothing; the code path is the real one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from model_registry.weights import sha256_table

NATIVE = 64
"""Native side, px."""


def build_text_to_image(folder: Path) -> Path:
    """A StableDiffusionPipeline saved to `folder/tiny-sd`; returns that directory."""
    import diffusers

    return _save(diffusers.StableDiffusionPipeline, folder / "tiny-sd", channels=4)


def build_inpaint(folder: Path) -> Path:
    """A StableDiffusionInpaintPipeline (9-channel U-Net) saved to `folder/tiny-sd-inpaint`; returns that directory."""
    import diffusers

    return _save(diffusers.StableDiffusionInpaintPipeline, folder / "tiny-sd-inpaint", channels=9)


def write_card(folder: Path, role: Literal["generate", "fill"], **changes: str) -> Path:
    """A valid card `tiny-sd.toml` or `tiny-sd-inpaint.toml` in `folder`, for the pipeline built there, pinned as it is now.

    changes: raw TOML for top-level keys."""
    name = {"generate": "tiny-sd", "fill": "tiny-sd-inpaint"}[role]
    facts = {
        "id": f'"{name}"',
        "role": f'"{role}"',
        "runtime": '"diffusers"',
        "title": '"Tiny random diffusion, for tests"',
        "licence": '"Apache-2.0"',
        "prompt": '"optional"',
        "automatic": "false",
        "defaults": '{ steps = 2, guidance = 5.0, scheduler = "ddim", strength = 1.0, negative = "", '
        'dtype = "auto", max_side = 0, unbias = true }',
    } | changes
    lines = [f"{key} = {value}" for key, value in facts.items()]
    lines += ["", "[weights]", f'path = "{name}"', "", "[weights.sha256]"]
    lines += [f'"{file}" = "{digest}"' for file, digest in sha256_table(folder / name).items()]
    card = folder / f"{name}.toml"
    card.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return card


def _save(pipeline_class: Any, where: Path, channels: int) -> Path:
    import diffusers
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(channels)
        pipe = pipeline_class(
            vae=_vae(),
            text_encoder=_text_encoder(),
            tokenizer=_tokenizer(),
            unet=_unet(channels),
            scheduler=diffusers.DDIMScheduler(
                beta_start=0.00085,
                beta_end=0.012,
                beta_schedule="scaled_linear",
                steps_offset=1,
                clip_sample=False,
            ),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
    pipe.save_pretrained(str(where), safe_serialization=True)
    return where


def _unet(channels: int) -> Any:
    import diffusers

    return diffusers.UNet2DConditionModel(
        sample_size=NATIVE // 8,
        in_channels=channels,
        out_channels=4,
        block_out_channels=(16, 32),
        layers_per_block=1,
        norm_num_groups=8,
        attention_head_dim=8,
        cross_attention_dim=32,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    )


def _vae() -> Any:
    import diffusers

    return diffusers.AutoencoderKL(
        block_out_channels=(8, 8, 16, 16),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        norm_num_groups=8,
        latent_channels=4,
        sample_size=NATIVE,
    )


def _text_encoder() -> Any:
    from transformers import CLIPTextConfig, CLIPTextModel

    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(_vocabulary()),
            hidden_size=32,
            intermediate_size=37,
            num_hidden_layers=2,
            num_attention_heads=4,
            bos_token_id=_vocabulary()["<|startoftext|>"],
            eos_token_id=_vocabulary()["<|endoftext|>"],
            pad_token_id=_vocabulary()["<|endoftext|>"],
        )
    )


def _vocabulary() -> dict[str, int]:
    letters = [chr(code) for code in range(33, 127)]
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    return {word: number for number, word in enumerate(words)}


def _tokenizer() -> Any:
    from transformers import CLIPTokenizer

    return CLIPTokenizer(vocab=_vocabulary(), merges=[], model_max_length=77)
