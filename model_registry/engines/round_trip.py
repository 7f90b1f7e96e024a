"""What an engine that makes the whole picture anew does to the part that is known, taken off the part that is not.

A network that works through an autoencoder, or at a size of its own, gives back the surroundings of a hole a little off in
colour and light, and the fill likewise. Around the hole that error is known exactly.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import Hole, Pixels
from model_registry.engines.diffusion_pixels import smooth_under

SIGMA = 3.0
"""Of the Gaussian whose mean of the error counts, px: detail that the engine moved averages out, a cast does not."""
REACH = 24
"""How far around the hole the error is looked at, px."""
BOUND = 0.1
"""Errors larger than this share of the range are other content, not a bias."""


def without_bias(made: Pixels, image: Pixels, hole: Hole) -> Pixels:
    """`made` with the low-frequency part of its error around the hole taken off inside it. A new HxWxC float32.

    made: the engine's own whole picture, HxWxC 0-1; image: the one it was given, of which the hole is never read. Where the
    engine gave the surroundings back bit by bit, or there are none, `made` comes back unchanged."""
    ring = cv2.dilate(hole.astype(np.uint8), np.ones((2 * REACH + 1,) * 2, np.uint8)).astype(bool) & ~hole
    if not ring.any() or np.array_equal(made[ring], image[ring]):
        return made
    x, y, w, h = cv2.boundingRect(hole.astype(np.uint8))
    box = slice(max(y - REACH, 0), y + h + REACH), slice(max(x - REACH, 0), x + w + REACH)
    error = np.where(ring[box][..., None], np.clip(made[box] - image[box], -BOUND, BOUND), 0)
    known = ring[box].astype(np.float32)
    weight = np.asarray(cv2.GaussianBlur(known, (0, 0), SIGMA), np.float32)[..., None]
    mean = cv2.GaussianBlur(error.astype(np.float32), (0, 0), SIGMA).reshape(error.shape) / np.maximum(
        weight, 1e-6
    )
    bias = smooth_under(np.asarray(mean, np.float32), ~ring[box])
    out = made.copy()
    inside: NDArray[np.bool_] = hole[box][..., None]
    np.copyto(out[box], np.clip(made[box] - bias, 0, 1), where=inside)
    return out
