"""The pictures that a model expected on the way: its kept latents decoded after the call, so that the call is as it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Levels = NDArray[np.uint8]


def decoded(pipe: Any, latents: Iterable[Tensor], height: int, width: int, side: int) -> Levels:
    """P×h×w×3 with the longer side `side` at most, from predicted clean latents as a scheduler has them.

    height, width: of the picture, for latents that are packed as a sequence. Raises what the autoencoder raises, and
    LookupError where the pipeline has none that is known."""
    vae = getattr(pipe, "vae", None)
    if vae is None:
        raise LookupError("this pipeline's autoencoder is not known")
    with torch.no_grad(), _precise(vae) as dtype:
        made = [_small(_decode(pipe, vae, one, height, width, dtype), side) for one in latents]
    pipe.maybe_free_model_hooks()
    return np.stack(made) if made else np.zeros((0, 0, 0, 3), np.uint8)


@contextmanager
def _precise(vae: Any) -> Iterator[torch.dtype]:
    """In float32 where a float16 autoencoder is known to overflow, as the pipelines do; float16 weights survive the round trip."""
    own = vae.dtype
    raised = own == torch.float16 and bool(getattr(vae.config, "force_upcast", False))
    if raised:
        vae.to(torch.float32)
    try:
        yield torch.float32 if raised else own
    finally:
        if raised:
            vae.to(own)


def _decode(
    pipe: Any, vae: Any, latent: Tensor, height: int, width: int, dtype: torch.dtype
) -> NDArray[np.float32]:
    if latent.ndim == 3:
        latent = pipe._unpack_latents(latent, height, width, pipe.vae_scale_factor)
    latent = _unscaled(vae.config, latent).to(pipe._execution_device, dtype)
    picture = vae.decode(latent, return_dict=False)[0]
    levels = picture[0].float().reshape(picture.shape[1], *picture.shape[-2:]).cpu().permute(1, 2, 0)
    return np.asarray((levels / 2 + 0.5).clamp(0, 1).numpy(), np.float32)


def _unscaled(config: Any, latent: Tensor) -> Tensor:
    """From the scale that the denoiser works at to the autoencoder's own."""
    mean, deviation = getattr(config, "latents_mean", None), getattr(config, "latents_std", None)
    scale = getattr(config, "scaling_factor", None) or 1.0
    if mean is not None and deviation is not None:
        shape = (1, -1, *(1,) * (latent.ndim - 2))
        return latent * torch.tensor(deviation).view(shape) / scale + torch.tensor(mean).view(shape)
    return latent / scale + (getattr(config, "shift_factor", None) or 0.0)


def _small(picture: NDArray[np.float32], side: int) -> Levels:
    height, width = picture.shape[:2]
    factor = min(side / max(height, width), 1.0)
    size = max(round(width * factor), 1), max(round(height * factor), 1)
    small = cv2.resize(np.ascontiguousarray(picture), size, interpolation=cv2.INTER_AREA)
    return np.rint(np.nan_to_num(small) * 255).astype(np.uint8).reshape(size[1], size[0], 3)
