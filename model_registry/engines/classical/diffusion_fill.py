"""Fills holes from their edges inwards with OpenCV: Telea's fast marching and Navier–Stokes."""

from __future__ import annotations

import cv2
import numpy as np

from model_registry.engines.contract import Hole, Params, Pixels

_LEVELS = 65535


class _Diffused:
    """OpenCV takes 16-bit pictures of one channel, so each is filled alone: finer than its 8-bit colour path, and the
    offset of half a level that it adds for rounding is then 1/131070."""

    method: int

    def fill(self, image: Pixels, hole: Hole, *, seed: int, prompt: str, params: Params) -> Pixels:
        """Returns H×W×3, equal to `image` outside the hole; a hole that is the whole picture is left as it is.

        params: `radius`, the neighbourhood of each new pixel in px. seed and prompt are not used."""
        out = image.copy()
        if hole.all() or not hole.any():
            return out
        mask, radius = hole.astype(np.uint8), float(params["radius"])
        for c in range(image.shape[2]):
            plane = np.rint(np.clip(image[..., c], 0, 1) * _LEVELS).astype(np.uint16)
            filled = cv2.inpaint(plane, mask, radius, self.method)
            out[..., c][hole] = filled[hole].astype(np.float32) / np.float32(_LEVELS)
        return out


class TeleaFill(_Diffused):
    """Telea, 2004: An image inpainting technique based on the fast marching method."""

    method = cv2.INPAINT_TELEA


class NavierStokesFill(_Diffused):
    """Bertalmio, Bertozzi and Sapiro, 2001: Navier–Stokes, fluid dynamics, and image and video inpainting."""

    method = cv2.INPAINT_NS
