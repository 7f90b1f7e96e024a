"""Role `segment` through transformers: a promptable network such as Segment Anything (Kirillov et al., 2023)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from model_registry.card import Card
from model_registry.engines.contract import Hole, Params
from model_registry.engines.segment_contract import Levels, ObjectPrompt
from model_registry.engines.transformers_folder import check_folder, open_model
from model_registry.weights import locate, require

KINDS = {"sam": ("SamModel", "SamProcessor")}
"""`model_type` to the classes of model and processor."""


def load(card: Card, folder: Path) -> SegmentNetwork:
    """The engine of a card, from the safetensors and configuration in its folder of weights.

    Raises WeightsMissing, WeightsDamaged, or EngineFault for a kind of model that is not known."""
    require(card, folder)
    where = locate(card, folder)
    kind = check_folder(card, where, tuple(KINDS))
    return SegmentNetwork(*open_model(card, where, *KINDS[kind]))


class SegmentNetwork:
    """Not thread-safe: one instance a worker. The same inputs give the same mask on a CPU."""

    def __init__(self, model: Any, processor: Any) -> None:
        self._model, self._processor = model, processor

    def segment(self, image: Levels, prompt: ObjectPrompt, *, params: Params) -> Hole:
        """H×W bool: of the masks that the network offers, the one it holds for the best; all false below `least_score`."""
        import torch

        given = self._processor(
            images=[image], return_tensors="pt",
            input_boxes=[[[float(v) for v in prompt.box]]] if prompt.box else None,
            input_points=[[[list(map(float, p)) for p in (*prompt.on, *prompt.off)]]] if _points(prompt) else None,
            input_labels=[[[1] * len(prompt.on) + [0] * len(prompt.off)]] if _points(prompt) else None,
        )  # fmt: skip
        with torch.inference_mode():
            made = self._model(**given)
        masks = self._processor.post_process_masks(
            made.pred_masks, given["original_sizes"], given["reshaped_input_sizes"]
        )
        offered, scores = masks[0].reshape(-1, *image.shape[:2]).numpy(), made.iou_scores.reshape(-1).numpy()
        if not np.isfinite(scores).all():
            raise ValueError("the network's scores are not finite")
        best = int(np.argmax(scores))
        enough = float(scores[best]) >= float(params["least_score"])
        return np.asarray(offered[best], np.bool_) if enough else np.zeros(image.shape[:2], np.bool_)


def _points(prompt: ObjectPrompt) -> bool:
    return bool(prompt.on or prompt.off)
