"""Fills holes with a membrane stretched over their edges: the smoothest surface through the pixels around them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.classical.poisson import harmonic_correction
from model_registry.engines.contract import Hole, Params, Pixels

Floats = NDArray[np.float32]


class MembraneFill:
    """Laplace's equation in the hole with the pixels around it as values, as in Perez, Gangnet and Blake, 2003: Poisson image
    editing, where nothing is pasted. The values are means over the nearest known pixels, so that grain does not run inwards.
    Thread-safe: keeps no state."""

    def fill(self, image: Pixels, hole: Hole, *, seed: int, prompt: str, params: Params) -> Pixels:
        """Returns H×W×3, equal to `image` outside the hole; a hole that is the whole picture is left as it is.

        What `image` holds inside the hole is never read. params: `smooth`, sigma of the means in px, 0 for the bare pixels.
        seed and prompt are not used."""
        out = image.copy()
        if hole.all() or not hole.any():
            return out
        sigma = float(params["smooth"])
        window = _window(hole, 2 + int(3 * sigma))
        inside = hole[window]
        edge = _known_means(image[window], ~inside, sigma)
        made = harmonic_correction(edge, inside)
        out[window][inside] = np.clip(made[inside], 0, 1)
        return out


def _window(hole: Hole, margin: int) -> tuple[slice, slice]:
    """The hole's box, grown by `margin` px and cut to the picture."""
    x, y, w, h = cv2.boundingRect(hole.astype(np.uint8))
    return slice(max(y - margin, 0), y + h + margin), slice(max(x - margin, 0), x + w + margin)


def _known_means(image: Pixels, known: Hole, sigma: float) -> Floats:
    """Every known pixel as the Gaussian mean of the known ones around it; the others as they come out."""
    if sigma <= 0:
        return np.asarray(image, np.float32)
    weights = known.astype(np.float32)
    total = cv2.GaussianBlur(np.where(known[..., None], image, 0).astype(np.float32), (0, 0), sigma)
    share = cv2.GaussianBlur(weights, (0, 0), sigma)
    return np.asarray(np.atleast_3d(total) / np.maximum(share, 1e-6)[..., None], np.float32)
