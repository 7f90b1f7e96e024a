"""The correction in a rectangle known on all four sides: closed form in the sine basis, one inverse transform.

Only the four sides are transformed, each by itself; the plane's spectrum is their outer products over the eigenvalues of the
five-point operator (Buzbee, Golub and Nielson 1970, with a right-hand side that is 0 but beside the border).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft  # type: ignore[import-untyped]

Field = NDArray[np.float32]

_WORKERS = 2
"""Fixed, never the machine's count: how lines are dealt to threads decides which are transformed together."""


def is_rectangle(part: NDArray[np.uint8]) -> bool:
    """Whether the zone (255 inside) is its whole box but for one pixel of ring on every side."""
    height, width = part.shape
    inside = (height - 2) * (width - 2)
    sides = part[0].any() or part[-1].any() or part[:, 0].any() or part[:, -1].any()
    return inside > 0 and not sides and cv2.countNonZero(part) == inside


def solve(top: Field, bottom: Field, left: Field, right: Field) -> Field:
    """The discrete harmonic field between sides given at one pixel's distance; exact up to rounding.

    top, bottom: CxW; left, right: CxH; float32. Returns CxHxW."""
    height, width = left.shape[1], top.shape[1]
    across, down = _basis(width), _basis(height)
    flat = [fft.dst(side, 1, norm="ortho") for side in (top, bottom, left, right)]
    # The last basis row is the first with alternating signs: opposite sides share one outer product each.
    odd_down, odd_across = _alternating(height), _alternating(width)
    spectrum = down[:, None] * flat[0][:, None] + (down * odd_down)[:, None] * flat[1][:, None]
    spectrum += flat[2][:, :, None] * across + flat[3][:, :, None] * (across * odd_across)
    spectrum /= _eigenvalues(height)[:, None] + _eigenvalues(width)
    found = fft.idstn(spectrum, 1, axes=(1, 2), norm="ortho", overwrite_x=True, workers=_WORKERS)
    return np.asarray(found, np.float32)


def _angles(size: int) -> NDArray[np.float64]:
    return np.pi * np.arange(1, size + 1) / (size + 1)


def _basis(size: int) -> Field:
    """The sine basis at its first point."""
    return np.asarray(np.sqrt(2 / (size + 1)) * np.sin(_angles(size)), np.float32)


def _alternating(size: int) -> Field:
    return np.where(np.arange(size) % 2, -1, 1).astype(np.float32)


def _eigenvalues(size: int) -> Field:
    return np.asarray(4 * np.sin(_angles(size) / 2) ** 2, np.float32)
