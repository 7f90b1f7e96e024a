"""Text encoder and U-Net as one network, and how far it is from the truth."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from flows.training.backdrop.latents import coded_of
from flows.training.backdrop.network import BETAS, STEPS, Size, new_text_encoder, new_unet
from flows.training.backdrop.pictures import picture, scene_of
from flows.training.backdrop.samples import Batch, Shelf

_UNSEEN: Final = 64


class Painter(nn.Module):
    """What is trained: words and noised latents to velocities."""

    kept: Tensor
    """1000: share of the picture's amplitude that is left at each step."""

    def __init__(self, unet: Any, text_encoder: Any) -> None:
        super().__init__()
        self.unet, self.text_encoder = unet, text_encoder
        roots = torch.linspace(BETAS[0] ** 0.5, BETAS[1] ** 0.5, STEPS)
        self.register_buffer(
            "kept", torch.cumprod(1 - roots.double() ** 2, 0).sqrt().float(), persistent=False
        )

    @classmethod
    def new(cls, size: Size, tokenizer: Any) -> Painter:
        """By the global seed."""
        unet = new_unet(size).to(memory_format=torch.channels_last)
        return cls(unet, new_text_encoder(size, tokenizer.get_vocab()))

    def forward(self, noised: Tensor, steps: Tensor, tokens: Tensor) -> Tensor:
        """N×4×h×w, N and N×40 to N×4×h×w."""
        words = self.text_encoder(tokens)[0]
        made: Tensor = self.unet(noised, steps, words).sample
        return made


def loss_of(painter: Painter, batch: Batch) -> Tensor:
    """Mean square of what is off in the velocity (Salimans and Ho 2022)."""
    kept = painter.kept[batch.steps][:, None, None, None]
    spread = (1 - kept * kept).sqrt()
    noised = (kept * batch.latents + spread * batch.noise).contiguous(memory_format=torch.channels_last)
    truth = kept * batch.noise - spread * batch.latents
    return functional.mse_loss(painter(noised, batch.steps, batch.tokens), truth)


def held_out_shelf(vae: Any, tokenizer: Any, count: int = _UNSEEN) -> Shelf:
    """Scenes whose materials and colours no training picture combines, rendered and coded."""
    pictures = np.stack([picture(scene_of(n, held_out=True)) for n in range(count)])
    return Shelf.of(coded_of(vae, pictures).astype(np.float16), tokenizer, held_out=True)
