"""Enlarges pictures by a fixed kernel: Lanczos and bicubic. Nothing is invented."""

from __future__ import annotations

import cv2
import numpy as np

from model_registry.engines.contract import Params, Pixels


class _Resampled:
    """Pixel centres lie at half pixels, so the picture keeps its place; overshoot beside edges is clipped to 0–1."""

    kernel: int

    def upscale(self, image: Pixels, scale: int, *, params: Params) -> Pixels:
        """Returns (H·scale)×(W·scale)×3. Takes no parameters."""
        size = (image.shape[1] * scale, image.shape[0] * scale)
        enlarged = cv2.resize(image, size, interpolation=self.kernel)
        return np.clip(enlarged, 0, 1).astype(np.float32)


class LanczosUpscale(_Resampled):
    """Lanczos' windowed sinc over 8×8 pixels (Duchon, 1979)."""

    kernel = cv2.INTER_LANCZOS4


class BicubicUpscale(_Resampled):
    """Cubic convolution over 4×4 pixels with a = -0.75 (Keys, 1981)."""

    kernel = cv2.INTER_CUBIC
