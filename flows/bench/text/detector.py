"""A text detector that the pipeline does not use: PP-OCRv3 (DB), read from the development data where that is at hand.

Liao et al., Real-time Scene Text Detection with Differentiable Binarization, AAAI 2020."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.bench.text.grounds import data_folder
from flows.bench.text.lettering import Polygon

Levels = NDArray[np.uint8]
MODEL: Final = "ch_PP-OCRv3_det_infer.onnx"
_LONGEST, _LEVEL, _SCORE, _UNCLIP, _SMALLEST = 960, 0.3, 0.6, 1.5, 3.0
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def weights() -> Path | None:
    """The network's file; None where the development data are not at hand."""
    folder = data_folder("weights", "05_text_ppocr_onnx")
    path = folder / MODEL if folder else None
    return path if path is not None and path.is_file() else None


def detect(picture: Levels, enlarge: float = 1.0) -> tuple[Polygon, ...] | None:
    """Outlines (4×2) of text in an H×W×3 picture, at PP-OCRv3's own settings; None where the network is not at hand.

    enlarge: by how much the picture is scaled up first; a single letter is only seen when it is large."""
    path = weights()
    if path is None:
        return None
    shown, scale = _sized(picture, enlarge)
    planes = (shown[..., ::-1].astype(np.float32) / 255 - _MEAN) / np.array(_STD)  # it was trained on BGR
    (found,) = _session(str(path)).run(None, {"x": planes.transpose(2, 0, 1)[None].astype(np.float32)})
    return tuple(box / scale for box in boxes(np.asarray(found[0, 0], np.float32)))


@lru_cache(maxsize=1)
def _session(path: str) -> Any:
    import onnxruntime  # type: ignore[import-untyped]

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _sized(picture: Levels, enlarge: float) -> tuple[Levels, NDArray[np.float64]]:
    """No longer than 960 px, both sides whole multiples of 32; and the scale in x and y."""
    height, width = picture.shape[:2]
    share = min(_LONGEST / max(height, width), enlarge)
    size = [max(round(side * share / 32), 1) * 32 for side in (width, height)]
    shown = np.asarray(cv2.resize(picture, (size[0], size[1])), np.uint8)
    return shown, np.array([size[0] / width, size[1] / height])


def boxes(chance: NDArray[np.float32]) -> list[Polygon]:
    """Rectangles about what is likely text in an H×W map of chances, grown as DB shrank them in training."""
    found, _ = cv2.findContours((chance > _LEVEL).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    kept = []
    for contour in found:
        centre, (wide, tall), angle = cv2.minAreaRect(contour)
        if min(wide, tall) < _SMALLEST or _mean_inside(chance, contour) < _SCORE:
            continue
        grow = wide * tall * _UNCLIP / (2 * (wide + tall))
        kept.append(cv2.boxPoints((centre, (wide + 2 * grow, tall + 2 * grow), angle)).astype(np.float64))
    return kept


def _mean_inside(chance: NDArray[np.float32], contour: Any) -> float:
    x, y, wide, tall = cv2.boundingRect(contour)
    page = np.zeros((tall, wide), np.uint8)
    cv2.drawContours(page, [contour - (x, y)], -1, (1,), -1)
    return float(chance[y : y + tall, x : x + wide][page > 0].mean())
