"""Brightness of pixels, in levels of 255."""

from __future__ import annotations

import numpy as np

from tasks.contracts import Pixels

WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)
"""Luma of encoded RGB (ITU-R BT.601)."""


def luminance(image: Pixels) -> Pixels:
    """H×W×C float32 0–1, C = 1 or 3, to H×W×1 in levels of 255."""
    grey = image if image.shape[2] == 1 else (image @ WEIGHTS)[..., None]
    return np.asarray(grey * np.float32(255), np.float32)
