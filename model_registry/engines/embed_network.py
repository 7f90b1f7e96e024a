"""Role `embed` through transformers: vision transformers that turn a picture into a vector.

CLIP (Radford et al. 2021), DINOv2 (Oquab et al. 2023; with registers, Darcet et al. 2024), SigLIP (Zhai et al. 2023).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from model_registry.card import Card
from model_registry.engines.contract import Params, Pixels
from model_registry.engines.transformers_folder import check_folder, open_model
from model_registry.engines.vision_contract import Vector
from model_registry.weights import locate, require

KINDS = {
    "clip": ("CLIPVisionModelWithProjection", "image_embeds"),
    "clip_vision_model": ("CLIPVisionModelWithProjection", "image_embeds"),
    "dinov2": ("Dinov2Model", "pooler_output"),
    "dinov2_with_registers": ("Dinov2WithRegistersModel", "pooler_output"),
    "siglip": ("SiglipVisionModel", "pooler_output"),
    "siglip_vision_model": ("SiglipVisionModel", "pooler_output"),
}
"""`model_type` to the class that opens it and the output that stands for the whole picture. A model of pictures and words
gives its part for pictures alone."""


def load(card: Card, folder: Path) -> VisionEmbedder:
    """The engine of a card, from the safetensors and configuration in its folder of weights, nothing fetched.

    Raises WeightsMissing, WeightsDamaged, or EngineFault for a kind of model that is not known."""
    require(card, folder)
    where = locate(card, folder)
    model, output = KINDS[check_folder(card, where, tuple(KINDS))]
    return VisionEmbedder(*open_model(card, where, model, "AutoImageProcessor"), output)


class VisionEmbedder:
    """Not thread-safe: one instance a worker. The same picture gives the same vector on a CPU."""

    def __init__(self, model: Any, processor: Any, output: str) -> None:
        self._model, self._processor, self._output = model, processor, output

    def embed(self, image: Pixels, *, params: Params) -> Vector:
        """A 1-D unit vector. params: none. Raises ValueError where the network gives nothing that has a direction."""
        import torch

        given = self._processor(
            images=[levels_of(image)], return_tensors="pt", input_data_format="channels_last"
        )
        with torch.inference_mode():
            made = getattr(self._model(**given), self._output)
        vector = np.asarray(made.reshape(-1).double().numpy(), np.float64)
        length = float(np.linalg.norm(vector))
        if not np.isfinite(length) or length == 0:
            raise ValueError("the network's vector has no direction")
        return np.asarray(vector / length, np.float32)


def levels_of(image: Pixels) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """The picture as these networks were shown pictures: H×W×3 uint8."""
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
