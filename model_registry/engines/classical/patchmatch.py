"""Fills holes with patches copied from the rest of the picture, found by PatchMatch."""

from __future__ import annotations

import threading

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import Hole, Params, Pixels

_one_at_a_time = threading.Lock()
"""The library keeps its seed, and so its random numbers, in one place for all threads."""


class PatchMatchFill:
    """Barnes, Shechtman, Finkelstein and Goldman, 2009: PatchMatch, through PyPatchMatch. Works in 8 bits.

    On narrow pictures the library leaves part of a hole at exactly (0, 0, 0). Known pixels are kept at 1 or above while it
    works, so that such a pixel cannot be mistaken for black; what was left is then filled by diffusion."""

    def fill(self, image: Pixels, hole: Hole, *, seed: int, prompt: str, params: Params) -> Pixels:
        """Returns H×W×3, equal to `image` outside the hole; a hole that is the whole picture is left as it is.

        params: `patch_size`, radius of the compared patches in px. prompt is not used."""
        import patchmatch

        out = image.copy()
        if hole.all() or not hole.any():
            return out
        levels = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
        with _one_at_a_time:
            patchmatch.set_random_seed(seed % 2**32)
            made = patchmatch.inpaint(np.maximum(levels, 1), hole, patch_size=int(params["patch_size"]))
        made = _completed(made, hole)
        if (levels[~hole] == 0).any():
            made = np.where(made == 1, 0, made)
        out[hole] = made[hole].astype(np.float32) / np.float32(255)
        return out


def _completed(made: NDArray[np.uint8], hole: Hole) -> NDArray[np.uint8]:
    """Pixels of the hole that were left empty, filled from those around them (Telea, 2004)."""
    empty = hole & ~made.any(axis=2)
    if not empty.any():
        return made
    return np.asarray(
        cv2.inpaint(np.ascontiguousarray(made), empty.astype(np.uint8), 3, cv2.INPAINT_TELEA), np.uint8
    )
