"""Role `depth` through transformers: networks that estimate depth from one picture, such as Depth Anything and DPT."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.card import Card
from model_registry.engines.contract import Params
from model_registry.engines.transformers_folder import check_folder, open_model
from model_registry.weights import locate, require

KINDS = ("depth_anything", "dpt", "glpn", "zoedepth")
"""Values of `model_type`: Yang et al. 2024; Ranftl, Bochkovskiy and Koltun 2021; Kim et al. 2022; Bhat et al. 2023."""
_METRIC = ("glpn", "zoedepth")
"""These say how far away things are; the others how near, up to scale and offset."""


def load(card: Card, folder: Path) -> DepthNetwork:
    """The engine of a card, from the safetensors and configuration in its folder of weights, nothing fetched.

    Raises WeightsMissing, WeightsDamaged, or EngineFault for a kind of model that is not known."""
    require(card, folder)
    where = locate(card, folder)
    kind = check_folder(card, where, KINDS)
    model, processor = open_model(card, where, "AutoModelForDepthEstimation", "AutoImageProcessor")
    metric = kind in _METRIC or getattr(model.config, "depth_estimation_type", "") == "metric"
    return DepthNetwork(model, processor, metric)


class DepthNetwork:
    """Not thread-safe: one instance a worker. The same picture gives the same map on a CPU."""

    def __init__(self, model: Any, processor: Any, metric: bool) -> None:
        self._model, self._processor, self._metric = model, processor, metric

    def near(self, image: NDArray[np.uint8], *, params: Params) -> NDArray[np.float32]:
        """H×W, greater = nearer; what the network gives at its own size, brought to the picture's. params: none."""
        import torch

        given = self._processor(images=[image], return_tensors="pt", input_data_format="channels_last")
        with torch.inference_mode():
            made = self._model(**given).predicted_depth
        plane = np.asarray(made.reshape(made.shape[-2:]).float().numpy(), np.float32)
        if self._metric:
            plane = np.asarray(1 / np.maximum(plane, np.float32(1e-3)), np.float32)
        h, w = image.shape[:2]
        return np.asarray(cv2.resize(plane, (w, h), interpolation=cv2.INTER_LINEAR), np.float32)
