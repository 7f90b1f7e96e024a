"""Upscaling pipelines of diffusers as an Upscaler: they invent detail, so their cards say `invents`."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from model_registry.engines.contract import Params, Pixels
from model_registry.engines.diffusion_model import Model

_SIGNED = ("LDMSuperResolutionPipeline",)
"""Pipelines that take tensors of −1 to 1 as they are; the others scale 0–1 themselves."""


class DiffusionUpscaler:
    """Role `upscale`. Not thread-safe: one instance a worker."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def upscale(self, image: Pixels, scale: int, *, params: Params) -> Pixels:
        """Returns (H·scale)×(W·scale)×3, 0–1. The noise is drawn from the picture's own digest: the same picture gives the
        same noise, and two pieces of one picture do not share theirs. Raises EngineFault for a factor that is not the model's."""
        import torch

        sampling = self._model.read(params)
        signed = image * np.float32(2) - np.float32(1) if self._model.card.entry in _SIGNED else image
        planes = np.ascontiguousarray(signed.transpose(2, 0, 1))
        inputs: dict[str, Any] = {"image": torch.from_numpy(planes)[None]}
        size = image.shape[0] * scale, image.shape[1] * scale
        dark = not bool((image > 1 / 255).any())
        return self._model.run("", sampling, _seed(image), inputs, dark=dark, size=size)


def _seed(image: Pixels) -> int:
    digest = hashlib.sha256(np.ascontiguousarray(image).tobytes()).digest()
    return int.from_bytes(digest[:7], "big")
