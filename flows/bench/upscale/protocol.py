"""Scores as the field's tables have them: luma as MATLAB's rgb2ycbcr gives it, a border of `scale` px left out."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.training.upscale_network.imresize import imresize

Levels = NDArray[np.uint8]
Real = NDArray[np.float64]
_LUMA: Final = np.array([65.481, 128.553, 24.966]) / 255
_WINDOW, _SIGMA = 11, 1.5
_STEADY: Final = ((0.01 * 255) ** 2, (0.03 * 255) ** 2)
EQUAL: Final = 99.0
"""dB given where two pictures are the same."""


def luma(picture: Levels) -> Real:
    """Y of H×W×3 levels by Rec. 601, 16–235, rounded to levels as MATLAB does with 8-bit pictures."""
    return np.floor(picture @ _LUMA + 16.5)


def psnr(made: Levels, truth: Levels, border: int) -> float:
    """dB of the luma; at most 99."""
    return decibels(_inner(luma(made), border) - _inner(luma(truth), border))


def decibels(off: NDArray[np.floating]) -> float:
    """PSNR of a difference in levels of 255; at most 99."""
    error = float(np.mean(np.square(off, dtype=np.float64)))
    return min(float(10 * np.log10(255**2 / error)), EQUAL) if error else EQUAL


def ssim(made: Levels, truth: Levels, border: int) -> float:
    """Structural similarity of the luma (Wang, Bovik, Sheikh and Simoncelli 2004): Gaussian windows of 11×11, sigma 1.5, those
    wholly inside alone. NaN for pictures smaller than one window."""
    a, b = _inner(luma(made), border), _inner(luma(truth), border)
    if min(a.shape) < _WINDOW:
        return float("nan")
    mean_a, mean_b = _windowed(a), _windowed(b)
    var_a, var_b = _windowed(a * a) - mean_a**2, _windowed(b * b) - mean_b**2
    both = _windowed(a * b) - mean_a * mean_b
    one, two = _STEADY
    above = (2 * mean_a * mean_b + one) * (2 * both + two)
    return float(np.mean(above / ((mean_a**2 + mean_b**2 + one) * (var_a + var_b + two))))


def consistency(made: Levels, source: Levels) -> float:
    """dB, all colours: the result scaled down again by antialiased bicubic, against the source; at most 99."""
    again = imresize(made, *source.shape[:2])
    return decibels(again.astype(np.float64) - source)


def colour_shift(made: Levels, source: Levels) -> float:
    """Levels: how far the mean of the worst channel has moved."""
    off = made.mean(axis=(0, 1), dtype=np.float64) - source.mean(axis=(0, 1), dtype=np.float64)
    return float(np.abs(off).max())


def _inner(field: Real, border: int) -> Real:
    return field[border : field.shape[0] - border, border : field.shape[1] - border]


def _windowed(field: Real) -> Real:
    blurred = cv2.GaussianBlur(field, (_WINDOW, _WINDOW), _SIGMA)
    return np.asarray(_inner(np.asarray(blurred, np.float64), _WINDOW // 2))
