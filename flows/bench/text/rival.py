"""The rival: rapidocr's boxes, filled by OpenCV's Telea, as a plain script would do it."""

from __future__ import annotations

import io
import threading

import cv2
import numpy as np
from PIL import Image

from flows.bench.text.case import Case
from flows.bench.text.edited import Edited
from flows.demo.baseline import text_boxes

_one_at_a_time = threading.Lock()
RADIUS = 3


def plain_edit(case: Case) -> Edited:
    """The case without whatever rapidocr finds at its own settings, scene text and all."""
    with _one_at_a_time:  # the reader is one, and not thread-safe
        hole = text_boxes(case.edited)
    filled = np.asarray(
        cv2.inpaint(np.ascontiguousarray(case.edited), hole, RADIUS, cv2.INPAINT_TELEA), np.uint8
    )
    out = io.BytesIO()
    Image.fromarray(filled).save(out, "PNG", compress_level=1)
    return Edited(filled, out.getvalue(), hole > 0, hole > 0, "done", engines=("telea",))
