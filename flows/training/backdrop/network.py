"""The networks that turn words into latents, and the noise they are trained against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from flows.training.backdrop.vae import LATENT
from flows.training.backdrop.words import END, LENGTH, START

TEXT_WIDTH: Final = 128
STEPS: Final = 1000
BETAS: Final = (0.00085, 0.024)
"""Twice as far as is usual: what is left of a picture at the last step is too little to give its colour away, which
sampling from pure noise could not follow (Lin and others 2023)."""


@dataclass(frozen=True, slots=True)
class Size:
    """Of the U-Net and the text encoder."""

    widths: tuple[int, ...] = (40, 64, 96)
    """Channels at 32, 16 and 8 px of the latents."""
    side: int = 32
    text_layers: int = 2


def new_unet(size: Size) -> Any:
    """N×4×h×w, steps N and words N×40×128, to N×4×h×w: attention at the two smaller sizes."""
    import diffusers

    made: Any = diffusers.UNet2DConditionModel
    return made(
        sample_size=size.side, in_channels=LATENT, out_channels=LATENT, block_out_channels=list(size.widths),
        layers_per_block=1, norm_num_groups=4, attention_head_dim=4, cross_attention_dim=TEXT_WIDTH,
        down_block_types=["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
        up_block_types=["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    )  # fmt: skip


def new_text_encoder(size: Size, vocabulary: dict[str, int]) -> Any:
    """A CLIPTextModel of the tokenizer's length."""
    from transformers import CLIPTextConfig, CLIPTextModel

    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(vocabulary), hidden_size=TEXT_WIDTH, intermediate_size=3 * TEXT_WIDTH,
            num_hidden_layers=size.text_layers, num_attention_heads=4, max_position_embeddings=LENGTH,
            projection_dim=TEXT_WIDTH, bos_token_id=vocabulary[START], eos_token_id=vocabulary[END],
            pad_token_id=vocabulary[END],
        )
    )  # fmt: skip


def new_scheduler() -> Any:
    """DPM-Solver++ (Lu and others 2022) over the noise trained with; the network says velocity (Salimans and Ho 2022)."""
    import diffusers

    made: Any = diffusers.DPMSolverMultistepScheduler
    return made(
        beta_start=BETAS[0], beta_end=BETAS[1], beta_schedule="scaled_linear", num_train_timesteps=STEPS,
        prediction_type="v_prediction", timestep_spacing="trailing", steps_offset=1, algorithm_type="dpmsolver++",
    )  # fmt: skip
