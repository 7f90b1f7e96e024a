"""Role `locate` through transformers: detectors that look for what words say, without having learnt its class.

OWL-ViT (Minderer et al., 2022), OWLv2 (Minderer, Gritsenko and Houlsby, 2023), Grounding DINO (Liu et al., 2023).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from model_registry.card import Card
from model_registry.engines.contract import Params
from model_registry.engines.segment_contract import Levels, Sighting
from model_registry.engines.transformers_folder import check_folder, open_model
from model_registry.weights import locate, require

KINDS = {
    "owlvit": ("OwlViTForObjectDetection", "OwlViTProcessor"),
    "owlv2": ("Owlv2ForObjectDetection", "Owlv2Processor"),
    "grounding-dino": ("GroundingDinoForObjectDetection", "GroundingDinoProcessor"),
}
"""`model_type` to the classes of model and processor."""


def load(card: Card, folder: Path) -> ZeroShotDetector:
    """The engine of a card, from the safetensors, vocabulary and configuration in its folder of weights.

    Raises WeightsMissing, WeightsDamaged, or EngineFault for a kind of model that is not known."""
    require(card, folder)
    where = locate(card, folder)
    kind = check_folder(card, where, tuple(KINDS))
    return ZeroShotDetector(kind, *open_model(card, where, *KINDS[kind]))


class ZeroShotDetector:
    """Not thread-safe: one instance a worker. The same inputs give the same boxes on a CPU."""

    def __init__(self, kind: str, model: Any, processor: Any) -> None:
        self._kind, self._model, self._processor = kind, model, processor

    def locate(self, image: Levels, words: str, *, params: Params) -> tuple[Sighting, ...]:
        """Where `words` are seen, best first, clipped to the picture; boxes that mostly repeat a better one are left out.

        params: `least_score`, 0–1; `overlap`, the share of union over which two boxes are one; `most`, how many are kept."""
        import torch

        asked = (
            f"{words.strip().lower().rstrip('.')}." if self._kind == "grounding-dino" else [[words.strip()]]
        )
        given = self._processor(text=asked, images=[image], return_tensors="pt", truncation=True)
        with torch.inference_mode():
            made = self._model(**given)
        found = self._processor.post_process_grounded_object_detection(
            made, threshold=float(params["least_score"]), target_sizes=[image.shape[:2]]
        )[0]
        boxes, scores = found["boxes"].numpy().reshape(-1, 4), found["scores"].numpy().reshape(-1)
        if not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
            raise ValueError("the network's boxes are not finite")
        order = np.lexsort((*boxes.T[::-1], -scores))
        seen = [
            Sighting(box, float(scores[n])) for n in order
            if (box := _whole(boxes[n], image.shape[1], image.shape[0])) is not None
        ]  # fmt: skip
        return _apart(seen, float(params["overlap"]))[: int(params["most"])]


def _whole(box: Any, width: int, height: int) -> tuple[int, int, int, int] | None:
    """In whole pixels, clipped; None where nothing of it is in the picture."""
    x0, y0 = max(int(np.floor(box[0])), 0), max(int(np.floor(box[1])), 0)
    x1, y1 = min(int(np.ceil(box[2])), width), min(int(np.ceil(box[3])), height)
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def _apart(seen: list[Sighting], most: float) -> tuple[Sighting, ...]:
    kept: list[Sighting] = []
    for one in seen:
        if all(_overlap(one.box, other.box) <= most for other in kept):
            kept.append(one)
    return tuple(kept)


def _overlap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> float:
    """Intersection over union."""
    wide, tall = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    both = max(wide, 0) * max(tall, 0)
    areas = [(x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in (a, b)]
    return both / (sum(areas) - both)
