"""Removes noise and JPEG artefacts by non-local means, at the same size."""

from __future__ import annotations

import cv2
import numpy as np

from model_registry.engines.contract import Params, Pixels


class NonLocalMeans:
    """Buades, Coll and Morel, 2005: A non-local algorithm for image denoising; OpenCV's variant in Lab.

    OpenCV works in 8 bits. Only the change it makes is taken over, so what a deeper picture holds below a level of 255
    stays."""

    def upscale(self, image: Pixels, scale: int, *, params: Params) -> Pixels:
        """Returns H×W×3; scale is 1.

        params: `strength` and `colour_strength`, filter strengths for luminance and colour in levels of 255; `patch` and
        `search`, sides in px (odd)."""
        levels = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
        made = cv2.fastNlMeansDenoisingColored(
            np.ascontiguousarray(levels[..., ::-1]),  # the function converts from BGR to Lab inside
            None,
            float(params["strength"]),
            float(params["colour_strength"]),
            int(params["patch"]),
            int(params["search"]),
        )[..., ::-1]
        change = (made.astype(np.float32) - levels.astype(np.float32)) / np.float32(255)
        return np.clip(image + change, 0, 1).astype(np.float32)
