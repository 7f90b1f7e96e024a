"""The autoencoder between pictures and latents, and what it is taught by."""

from __future__ import annotations

import math
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional

WIDTHS: Final = (16, 32, 64, 96)
LATENT: Final = 4
FACTOR: Final = 8
"""Picture px a latent px, along each side."""
_SHAKEN: Final = 0.1
"""Deviation of the noise that latents are decoded with while training: about what a generator leaves wrong in them."""
_SPREAD: Final = 1e-3
"""Keeps latents from growing until that noise is nothing beside them."""
_COARSE: Final = 1.0
_TEXTURE: Final = 0.8
_SURE: Final = 0.02
_WINDOW: Final = 8
_CARRIED: Final = 8
_STEADY: Final = 3.0


def new_vae(widths: tuple[int, ...] = WIDTHS) -> Any:
    """An AutoencoderKL: N×3×H×W, −1 to 1, to N×4×H/8×W/8."""
    import diffusers

    made: Any = diffusers.AutoencoderKL
    vae = made(
        in_channels=3, out_channels=3, latent_channels=LATENT, block_out_channels=list(widths), layers_per_block=1,
        norm_num_groups=1, down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4,
        mid_block_add_attention=False, sample_size=256, scaling_factor=1.0,
    )  # fmt: skip
    _carry(vae)
    return vae


@torch.no_grad()
def _carry(vae: Any) -> None:
    """Begins as what passes on mean colours: without it, hundreds of steps go by before any colour comes through.

    Channels 0–2 hold red, green and blue and 3–5 their negatives, which the activation passes on exactly, since
    silu(x) − silu(−x) = x; 6 and 7 hold constants, beside which the normalisation hardly changes with the picture."""
    from diffusers.models.downsampling import Downsample2D
    from diffusers.models.resnet import ResnetBlock2D
    from diffusers.models.upsampling import Upsample2D

    for part in vae.modules():
        if isinstance(part, ResnetBlock2D):
            part.conv2.weight *= 0.1
            if part.conv_shortcut is not None:
                _pass_on(part.conv_shortcut, 0, 1)
        elif isinstance(part, Downsample2D):
            _pass_on(part.conv, 0, 2)
        elif isinstance(part, Upsample2D):
            _pass_on(part.conv, 1, 1)
    signs = torch.eye(3).repeat(1, 2) * torch.tensor([1.0] * 3 + [-1.0] * 3)
    for first, given in ((vae.encoder.conv_in, 3), (vae.decoder.conv_in, 3)):
        first.weight[:_CARRIED] = 0
        first.weight[:6, :given, 1, 1] = signs.T
        first.bias[:_CARRIED] = torch.tensor([0.0] * 6 + [_STEADY, -_STEADY])
    for last in (vae.encoder.conv_out, vae.decoder.conv_out):
        last.weight[:3] *= 0.1
        last.weight[:3, :6, 1, 1] = 0.5 * signs
    for between in (vae.quant_conv, vae.post_quant_conv):
        between.weight.copy_(torch.eye(between.weight.shape[0])[..., None, None])
        between.bias.zero_()
    vae.encoder.conv_out.weight[LATENT:] *= 0.1
    vae.encoder.conv_out.bias[LATENT:] = -4


def _pass_on(conv: Any, at: int, reach: int) -> None:
    """Makes a convolution leave the carried channels as they are, or average reach×reach px of them."""
    conv.weight[:_CARRIED] = 0
    conv.bias[:_CARRIED] = 0
    for n in range(_CARRIED):
        conv.weight[n, n, at : at + reach, at : at + reach] = 1 / reach**2


def vae_loss(vae: Any, pictures: Tensor, noise: Tensor) -> Tensor:
    """Colours at four sizes, how strong texture is in each place, and the latents' size.

    pictures: N×3×H×W, −1 to 1; noise: N×4×H/8×W/8, standard normal. Where texture cannot be given back stroke for stroke,
    the second term keeps it from being smoothed away: it compares its local strength along four directions only."""
    coded = vae.encode(pictures).latent_dist.mean
    made = vae.decode(coded + _SHAKEN * noise).sample
    total: Tensor = colour_loss(made, pictures) + _SPREAD * coded.square().mean()
    return total


def colour_loss(made: Tensor, pictures: Tensor) -> Tensor:
    """Colours at four sizes, and how strong texture is in each place; N×3×H×W each."""
    total = functional.l1_loss(made, pictures)
    for _ in range(2):
        total = total + _TEXTURE * texture_gap(made, pictures)
        made, pictures = functional.avg_pool2d(made, 2), functional.avg_pool2d(pictures, 2)
        total = total + _COARSE * functional.l1_loss(made, pictures)
    small = functional.l1_loss(functional.avg_pool2d(made, 4), functional.avg_pool2d(pictures, 4))
    whole: Tensor = total + _COARSE * small
    return whole


def texture_gap(made: Tensor, truth: Tensor) -> Tensor:
    """Mean difference of the local root mean square of the slopes, N×3×H×W each, over windows of 8 px."""
    gaps = [functional.l1_loss(a, b) for a, b in zip(_strengths(made), _strengths(truth), strict=True)]
    mean: Tensor = torch.stack(gaps).mean()
    return mean


def _strengths(picture: Tensor) -> list[Tensor]:
    grey = picture.mean(1, keepdim=True)
    slopes = (
        grey[..., 1:] - grey[..., :-1],
        grey[..., 1:, :] - grey[..., :-1, :],
        grey[..., 1:, 1:] - grey[..., :-1, :-1],
        grey[..., 1:, :-1] - grey[..., :-1, 1:],
    )
    return [(functional.avg_pool2d(s * s, _WINDOW, _WINDOW // 2) + 1e-5).sqrt() for s in slopes]


@torch.no_grad()
def level(vae: Any, mean: Tensor, deviation: Tensor) -> None:
    """Makes latents of mean 0 and deviation 1 out of those with the given ones, 4 values each, in the 1×1 convolutions on
    either side of them: the pictures stay as they were, and a pipeline needs no scaling factor. What a pipeline draws from
    is narrow: nothing was taught about its width."""
    into, out_of = vae.quant_conv, vae.post_quant_conv
    out_of.bias += out_of.weight[..., 0, 0] @ mean
    out_of.weight *= deviation[None, :, None, None]
    into.weight[:LATENT] /= deviation[:, None, None, None]
    into.bias[:LATENT] = (into.bias[:LATENT] - mean) / deviation
    into.weight[LATENT:] = 0
    into.bias[LATENT:] = 2 * math.log(_SURE)
