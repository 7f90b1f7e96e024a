"""Scale down by a whole factor with antialiased bicubic, and its transpose-like way back: what consistency is measured by."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from tasks.contracts import Pixels

SUPPORT = 2
"""Px of the smaller picture on each side that a pixel depends on."""


def smaller(pixels: Pixels, scale: int) -> Pixels:
    """h×w×c from (h·scale)×(w·scale)×c float32: cubic convolution stretched by `scale` (Keys 1981, a = -0.5), as the
    field's protocols scale down; at the edges by the pixels there are. scale 1: a copy."""
    if scale == 1:
        return pixels.copy()
    rows = _rows(pixels, scale)
    return np.ascontiguousarray(_rows(np.ascontiguousarray(rows.swapaxes(0, 1)), scale).swapaxes(0, 1))


def larger(pixels: Pixels, scale: int) -> Pixels:
    """(h·scale)×(w·scale)×c by bicubic interpolation."""
    if scale == 1:
        return pixels.copy()
    size = (pixels.shape[1] * scale, pixels.shape[0] * scale)
    out = cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC)
    return (out if out.ndim == 3 else out[..., None]).astype(np.float32, copy=False)


def _rows(pixels: Pixels, scale: int) -> Pixels:
    """Along the first axis: each run of `scale` rows takes part in four results, so it is weighted four ways at once."""
    lead = -(-3 * scale // 2)
    count = pixels.shape[0] // scale
    padded = np.zeros(((count + 3) * scale, *pixels.shape[1:]), np.float32)
    padded[lead : lead + count * scale] = pixels[: count * scale]
    runs = padded.reshape(count + 3, scale, -1)
    parts = np.matmul(_weights(scale), runs)
    out = sum(parts[n : n + count, n] for n in range(4)) / _present(scale, count)[:, None]
    return np.asarray(out, np.float32).reshape(count, *pixels.shape[1:])


@cache
def _present(scale: int, count: int) -> Pixels:
    """The share of the kernel that lies inside the picture, for each result."""
    lead = -(-3 * scale // 2)
    inside = np.zeros((count + 3) * scale, np.float32)
    inside[lead : lead + count * scale] = 1
    parts = inside.reshape(count + 3, scale) @ _weights(scale).T
    return np.asarray(sum(parts[n : n + count, n] for n in range(4)), np.float32)


@cache
def _weights(scale: int) -> Pixels:
    """4×scale: the kernel at the pixels of the four runs that a result is made of."""
    lead = -(-3 * scale // 2)
    at = np.abs(np.arange(4 * scale) - lead - (scale - 1) / 2) / scale
    near = 1.5 * at**3 - 2.5 * at**2 + 1
    far = -0.5 * at**3 + 2.5 * at**2 - 4 * at + 2
    weights = np.where(at <= 1, near, np.where(at < 2, far, 0))
    out: Pixels = (weights / weights.sum()).reshape(4, scale).astype(np.float32)
    return out
