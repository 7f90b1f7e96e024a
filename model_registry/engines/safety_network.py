"""Role `safety` through transformers: networks that tell by a picture's looks which of their labels it has."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from model_registry.card import Card
from model_registry.engines.contract import Params, Pixels
from model_registry.engines.embed_network import levels_of
from model_registry.engines.transformers_folder import check_folder, open_model
from model_registry.errors import EngineFault
from model_registry.weights import locate, require

KINDS = ("vit", "swin", "swinv2", "convnext", "convnextv2", "beit", "deit", "dinov2", "siglip", "mobilevit")
"""Values of `model_type` whose classifiers are taken."""


def load(card: Card, folder: Path) -> PictureClassifier:
    """The engine of a card, from the safetensors and configuration in its folder of weights, nothing fetched.

    Raises WeightsMissing, WeightsDamaged, or EngineFault for a kind of model that is not known or has no labels of its own."""
    require(card, folder)
    where = locate(card, folder)
    check_folder(card, where, KINDS)
    model, processor = open_model(card, where, "AutoModelForImageClassification", "AutoImageProcessor")
    labels = tuple(str(model.config.id2label[n]) for n in range(model.config.num_labels))
    if len(set(labels)) != len(labels):
        raise EngineFault(f"{card.id}: its labels are not told apart: {', '.join(labels)}")
    several = model.config.problem_type == "multi_label_classification"
    return PictureClassifier(model, processor, labels, several)


class PictureClassifier:
    """Not thread-safe: one instance a worker. The same picture gives the same scores on a CPU."""

    def __init__(self, model: Any, processor: Any, labels: tuple[str, ...], several: bool) -> None:
        self._model, self._processor, self.labels = model, processor, labels
        self._several = several

    def scores(self, image: Pixels, *, params: Params) -> Mapping[str, float]:
        """Each label's score, 0–1: together 1, or each for itself where the model was trained to give several. params: none."""
        import torch

        given = self._processor(
            images=[levels_of(image)], return_tensors="pt", input_data_format="channels_last"
        )
        with torch.inference_mode():
            logits = self._model(**given).logits.reshape(-1).double()
            made = torch.sigmoid(logits) if self._several else torch.softmax(logits, 0)
        found = np.asarray(made.numpy(), np.float64)
        return {label: float(score) for label, score in zip(self.labels, found, strict=True)}
