"""Takes the noise down that un-mixing has blown up: where the overlay was dense or its edge uncertain, neighbours help out."""

from __future__ import annotations

import cv2
import numpy as np

from tasks.contracts import Pixels, Zone
from tasks.generation.unmix_background import Plane
from tasks.generation.unmix_evidence import Overlay

_SIGMA = 1.6
"""px: reach of the neighbourhood."""
_EDGE = 0.07
"""Standard deviation of the coverage that a lossy file leaves to tell at a letter's edge."""


def calmed(clear: Pixels, hole: Zone, coverage: Plane, overlay: Overlay, noise: float) -> Pixels:
    """`clear` with each pixel of the hole drawn towards the mean of its neighbours, the more the less sure it is.

    clear: H×W×C, the picture with the overlay taken off; noise: standard deviation of a pixel of the file, 0–1. A pixel's error
    is the file's, blown up by 1 / (1 − α), and at a letter's edge that of the coverage. The mean is weighted by sureness; how
    much the picture itself varies about it is measured beside, less what the errors explain (Wiener's filter with a local
    variance; Lee, 1980). Pixels outside the hole are left unchanged."""
    alpha = np.float32(overlay.opacity) * coverage
    box = np.ones((3, 3), np.uint8)
    edge = cv2.dilate(coverage, box) - cv2.erode(coverage, box) > 0.1
    contrast = np.abs(overlay.colour - clear).mean(axis=2)
    slip = np.where(edge, np.float32(_EDGE * overlay.opacity), 0) * contrast
    variance = (np.float32(noise) ** 2 + slip**2) / np.maximum(1 - alpha, 0.05) ** 2
    weight = (np.float32(noise) ** 2 / variance)[..., None]
    total = np.maximum(_near(weight), 1e-6)
    mean = _near(clear * weight) / total
    spread = _near((clear - mean) ** 2 * weight) / total
    error = _near(variance[..., None] * weight) / total
    own = np.maximum(spread - error, 0)
    kept = own / (own + variance[..., None] + np.float32(1e-9))
    return np.where(hole[..., None], mean + kept * (clear - mean), clear)


def _near(values: Pixels) -> Pixels:
    blurred = cv2.GaussianBlur(values, (0, 0), _SIGMA, borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred, np.float32).reshape(values.shape)
