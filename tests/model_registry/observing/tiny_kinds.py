"""Small real pipelines of other kinds, random weights: SDXL, SD3, Flux and Z-Image, saved as safetensors with cards."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from model_registry.weights import sha256_table
from tests.model_registry.diffusion import tiny_pipeline as tiny

KINDS = {
    "sdxl": "StableDiffusionXLPipeline",
    "sd3": "StableDiffusion3Pipeline",
    "flux": "FluxPipeline",
    "z-image": "ZImagePipeline",
}


def build(folder: Path, kind: str) -> Path:
    """A pipeline of this kind in `folder`, and its card `tiny-<kind>.toml`; returns the card."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(sorted(KINDS).index(kind))
        pipe = _MAKERS[kind]()
    name = f"tiny-{kind}"
    pipe.save_pretrained(str(folder / name), safe_serialization=True)
    _inline_template(folder / name / "tokenizer")
    facts = f"""id = "{name}"
role = "generate"
runtime = "diffusers"
entry = "{KINDS[kind]}"
title = "Tiny random {kind}, for tests"
licence = "Apache-2.0"
prompt = "optional"
automatic = false
defaults = {{ steps = 3, guidance = 4.0, scheduler = "", dtype = "auto"{_negative(kind)} }}

[weights]
path = "{name}"

[weights.sha256]
"""
    pins = [f'"{file}" = "{digest}"' for file, digest in sha256_table(folder / name).items()]
    card = folder / f"{name}.toml"
    card.write_text(facts + "\n".join([*pins, ""]), encoding="utf-8")
    return card


def _inline_template(tokenizer: Path) -> None:
    """The chat template within the configuration, where published weights have it."""
    template = tokenizer / "chat_template.jinja"
    if template.exists():
        config = tokenizer / "tokenizer_config.json"
        facts = json.loads(config.read_text(encoding="utf-8"))
        config.write_text(json.dumps({**facts, "chat_template": template.read_text(encoding="utf-8")}))
        template.unlink()


def _negative(kind: str) -> str:
    return "" if kind == "flux" else ', negative = ""'


def _sdxl() -> Any:
    import diffusers

    return diffusers.StableDiffusionXLPipeline(
        vae=tiny._vae(),
        text_encoder=_projecting(),
        text_encoder_2=_projecting(),
        tokenizer=tiny._tokenizer(),
        tokenizer_2=tiny._tokenizer(),
        unet=diffusers.UNet2DConditionModel(
            sample_size=8,
            block_out_channels=(16, 32),
            layers_per_block=1,
            norm_num_groups=8,
            attention_head_dim=(2, 4),
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            transformer_layers_per_block=(1, 2),
            projection_class_embeddings_input_dim=6 * 8 + 32,
            cross_attention_dim=64,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        ),
        scheduler=diffusers.EulerDiscreteScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear"
        ),
        add_watermarker=False,
    )


def _sd3() -> Any:
    import diffusers

    return diffusers.StableDiffusion3Pipeline(
        transformer=diffusers.SD3Transformer2DModel(
            sample_size=8,
            patch_size=1,
            in_channels=4,
            num_layers=2,
            attention_head_dim=8,
            num_attention_heads=4,
            joint_attention_dim=64,
            caption_projection_dim=32,
            pooled_projection_dim=64,
            out_channels=4,
        ),
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
        vae=_shifted_vae(4),
        text_encoder=_projecting(),
        text_encoder_2=_projecting(),
        text_encoder_3=_t5(64),
        tokenizer=tiny._tokenizer(),
        tokenizer_2=tiny._tokenizer(),
        tokenizer_3=_pieces(),
    )


def _flux() -> Any:
    import diffusers

    return diffusers.FluxPipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
        vae=_shifted_vae(1),
        text_encoder=tiny._text_encoder(),
        text_encoder_2=_t5(32),
        tokenizer=tiny._tokenizer(),
        tokenizer_2=_pieces(),
        transformer=diffusers.FluxTransformer2DModel(
            patch_size=1,
            in_channels=4,
            num_layers=1,
            num_single_layers=2,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=32,
            pooled_projection_dim=32,
            axes_dims_rope=(4, 4, 8),
        ),
    )


def _z_image() -> Any:
    import diffusers
    from transformers import Qwen3Config, Qwen3Model

    encoder = Qwen3Model(
        Qwen3Config(
            hidden_size=16,
            intermediate_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=2,
            vocab_size=200,
            head_dim=8,
        )
    )
    transformer = diffusers.ZImageTransformer2DModel(
        all_patch_size=(2,),
        all_f_patch_size=(1,),
        in_channels=16,
        dim=32,
        n_layers=3,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=16,
        axes_dims=[8, 4, 4],
        axes_lens=[256, 32, 32],
    )
    for parameter in (transformer.x_pad_token, transformer.cap_pad_token):
        parameter.data.normal_()  # made empty, to be read from a file
    return diffusers.ZImagePipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
        vae=_shifted_vae(16),
        text_encoder=encoder,
        tokenizer=_chat(),
        transformer=transformer,
    )


def _projecting() -> Any:
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection

    vocabulary = tiny._vocabulary()
    config = CLIPTextConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        intermediate_size=37,
        num_hidden_layers=2,
        num_attention_heads=4,
        projection_dim=32,
        bos_token_id=vocabulary["<|startoftext|>"],
        eos_token_id=vocabulary["<|endoftext|>"],
        pad_token_id=vocabulary["<|endoftext|>"],
    )
    return CLIPTextModelWithProjection(config)


def _shifted_vae(channels: int) -> Any:
    import diffusers

    return diffusers.AutoencoderKL(
        block_out_channels=(8, 8, 16, 16),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        norm_num_groups=8,
        latent_channels=channels,
        sample_size=tiny.NATIVE,
        scaling_factor=1.5,
        shift_factor=0.06,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )


def _t5(width: int) -> Any:
    from transformers import T5Config, T5EncoderModel

    config = T5Config(vocab_size=200, d_model=width, d_kv=8, d_ff=37, num_layers=2, num_heads=4)
    return T5EncoderModel(config)


def _pieces() -> Any:
    from transformers import T5Tokenizer

    letters = [chr(code) for code in range(33, 127)]
    vocabulary = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0), *((x, -3.0) for x in letters)]
    return T5Tokenizer(vocab=vocabulary, extra_ids=0)


def _chat() -> Any:
    from transformers import Qwen2Tokenizer
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    letters = [*bytes_to_unicode().values()][:150]
    vocabulary = {
        x: n for n, x in enumerate([*letters, "Ġ", "Ċ", "<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    }
    tokenizer = Qwen2Tokenizer(vocab=vocabulary, merges=[])
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    tokenizer.chat_template = "{% for m in messages %}<|im_start|>{{ m.role }} {{ m.content }}<|im_end|>{% endfor %}<|im_start|>assistant "
    return tokenizer


_MAKERS: dict[str, Callable[[], Any]] = {"sdxl": _sdxl, "sd3": _sd3, "flux": _flux, "z-image": _z_image}
