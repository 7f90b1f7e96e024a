"""Upscalers whose work is known at a glance: sharper than Lanczos, full of stripes that are not there, or broken."""

from __future__ import annotations

import cv2
import numpy as np

from model_registry.engines.contract import Params, Pixels


def lanczos(image: Pixels, scale: int) -> Pixels:
    size = (image.shape[1] * scale, image.shape[0] * scale)
    return np.clip(cv2.resize(image, size, interpolation=cv2.INTER_LANCZOS4), 0, 1).astype(np.float32)


class Sharp:
    """Lanczos, and then the detail of the last pixels stronger: looks 12 px of the source around."""

    def upscale(self, image: Pixels, scale: int, *, params: Params) -> Pixels:
        large = lanczos(image, scale)
        soft = cv2.GaussianBlur(large, (0, 0), 1.0)
        return np.asarray(np.clip(large + 0.3 * (large - soft), 0, 1), np.float32)


class Dreams:
    """Stripes of one pixel over everything: fine detail that no source explains."""

    def upscale(self, image: Pixels, scale: int, *, params: Params) -> Pixels:
        large = lanczos(image, scale)
        stripes = np.where(np.arange(large.shape[1]) % 2 == 0, np.float32(0.04), np.float32(-0.04))
        return np.asarray(np.clip(large + stripes[None, :, None], 0, 1), np.float32)


class NeverMade:
    """Cannot be loaded."""

    def __init__(self) -> None:
        raise RuntimeError("its library is not here")


class Breaks:
    """Breaks at its first piece."""

    def upscale(self, image: Pixels, scale: int, *, params: Params) -> Pixels:
        raise ZeroDivisionError("division by zero")


class NoMemory:
    """Never has enough."""

    def upscale(self, image: Pixels, scale: int, *, params: Params) -> Pixels:
        raise MemoryError
