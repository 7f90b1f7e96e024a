"""Finds and reads text with PaddleOCR on ONNX Runtime, from local model folders. Nothing is fetched."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import Params, TextLine
from model_registry.engines.ocr import framed, in_reading_order, line_of
from model_registry.engines.ocr_paddle_models import DETECTION, RECOGNITION, model_name

_NO_LIMIT = 10**9
_LEAST = 1e-6
"""PaddleX takes a detector's 0 for "not given" and puts its own default there."""


class PaddleReader:
    """PaddleOCR's detection and recognition. Not thread-safe: predictions on a shared instance corrupt each other.

    models: a folder with `det/` and `rec/`, each with `inference.onnx` and PaddleX's `inference.yml`."""

    def __init__(self, models: Path) -> None:
        os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"  # read once, when paddlex is imported
        from paddleocr import PaddleOCR  # type: ignore[import-untyped]

        for name in ("paddlex", "paddleocr"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        detection, recognition = models / DETECTION, models / RECOGNITION
        self._ocr: Any = PaddleOCR(
            text_detection_model_name=model_name(detection),
            text_detection_model_dir=str(detection),
            text_recognition_model_name=model_name(recognition),
            text_recognition_model_dir=str(recognition),
            text_recognition_batch_size=1,  # a line's reading must not depend on its neighbours' widths
            use_doc_orientation_classify=False,
            use_doc_unwarping=False,
            use_textline_orientation=False,
            device="cpu",
            engine="onnxruntime",
            engine_config={
                "intra_op_num_threads": 1,
                "inter_op_num_threads": 1,
                "enable_cpu_mem_arena": False,
            },
        )

        self._found = _Found(self._ocr.paddlex_pipeline)

    def read(self, image: NDArray[np.uint8], *, params: Params) -> tuple[TextLine, ...]:
        """Lines from top to bottom, then left to right; `params` as for RapidReader."""
        shown, scale, corner = framed(image, int(params["max_side"]), float(params["enlarge"]))
        (found,) = self._ocr.predict(
            np.ascontiguousarray(shown[..., ::-1]),  # the library takes arrays for BGR
            text_det_limit_type="max",
            text_det_limit_side_len=_NO_LIMIT,
            text_det_thresh=max(float(params["pixel_score"]), _LEAST),
            text_det_box_thresh=max(float(params["box_score"]), _LEAST),
            text_det_unclip_ratio=max(float(params["unclip"]), _LEAST),
            text_rec_score_thresh=0.0,
        )
        size = (image.shape[1], image.shape[0])
        lines = [
            line_of((np.asarray(four, np.float64) - corner) / scale, size, text, score, self._found.of(four))
            for four, text, score in zip(
                found["rec_polys"], found["rec_texts"], found["rec_scores"], strict=True
            )
        ]
        return in_reading_order([line for line in lines if line.score >= float(params["min_score"])])


class _Found:
    """Listens to a pipeline's detector: its own result leaves the confidence of the boxes out."""

    def __init__(self, pipeline: Any) -> None:
        inner = pipeline._pipeline
        self._detector, self._scores = inner.text_det_model, dict[bytes, float]()
        inner.text_det_model = self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        results = list(self._detector(*args, **kwargs))
        self._scores = {
            _bytes(four): float(score)
            for item in results
            for four, score in zip(item["dt_polys"], item["dt_scores"], strict=True)
        }
        return results

    def of(self, four: Any) -> float:
        """The detector's confidence, 0–1, of a box of the last picture."""
        return self._scores[_bytes(four)]


def _bytes(four: Any) -> bytes:
    return np.asarray(four, np.float64).tobytes()
