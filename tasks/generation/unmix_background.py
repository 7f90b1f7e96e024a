"""What lies under an overlay, guessed from the pixels around it, and how far such a guess is off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Pixels, Zone

Plane = NDArray[np.float32]
"""H×W."""

_SIGMAS = (0.7, 1.4, 2.8, 5.6, 11.2, 22.4)
_LOCAL = 10.0


@dataclass(frozen=True, slots=True)
class Spread:
    """Covariance of a guess from near pixels: the same colour axes everywhere, a scale that varies over the picture."""

    axes: NDArray[np.float32]
    """C×C, one axis a column."""
    share: NDArray[np.float32]
    """C: variance along each axis at scale 1."""
    scale: Plane
    """H×W: local variance, squared units of the pixels."""
    floor: float
    """Variance of quantisation and noise."""

    def whitened(self, change: Pixels) -> Pixels:
        """H×W×C differences in standard deviations along the axes."""
        variance = self.scale[..., None] * self.share + np.float32(self.floor)
        return np.asarray((change @ self.axes) / np.sqrt(variance), np.float32)


def interpolated(pixels: Pixels, weight: Plane) -> Pixels:
    """`pixels` spread from where `weight` (0–1) is high to where it is 0: bell-shaped means, the narrowest that hold enough."""
    channels = pixels.shape[2]
    weighted = np.concatenate([pixels * weight[..., None], weight[..., None]], axis=2)
    total = weighted.sum(axis=(0, 1), dtype=np.float64)
    out = np.broadcast_to((total[:channels] / max(total[channels], 1e-6)).astype(np.float32), pixels.shape)
    for sigma in reversed(_SIGMAS):
        blurred = _blurred(weighted, sigma)
        count = blurred[..., channels:]
        trust = np.minimum(1, 6 * count) ** 2
        out = out + trust * (blurred[..., :channels] / np.maximum(count, 1e-6) - out)
    return np.asarray(out, np.float32)


def spread_around(pixels: Pixels, known: Zone, levels: int, noise: float = 0.0) -> Spread:
    """Measured where a known pixel can be compared with the mean of its neighbours. noise: standard deviation, 0–1."""
    weight = known.astype(np.float32)
    ring = np.array([[1, 2, 1], [2, 0, 2], [1, 2, 1]], np.float32) / 12
    whole = cv2.erode(weight, np.ones((3, 3), np.uint8)) > 0
    change = (pixels - cv2.filter2D(pixels, -1, ring).reshape(pixels.shape))[whole].astype(np.float64)
    channels = pixels.shape[2]
    floor = max(1 / levels, 1e-4) ** 2 / 6 + noise**2
    covariance = change.T @ change / max(len(change), 1) + floor * np.eye(channels)
    values, axes = np.linalg.eigh(covariance)
    energy = np.zeros(known.shape, np.float32)
    energy[whole] = (change**2).mean(axis=1)
    near = _blurred(np.stack([energy, whole.astype(np.float32)], axis=2), _LOCAL)
    overall = float(values.mean())
    scale = (near[..., 0] + 0.02 * overall) / (near[..., 1] + 0.02)
    share = (values / values.mean()).astype(np.float32)
    return Spread(axes.astype(np.float32), share, scale.astype(np.float32), floor)


def noise_of_tables(tables: Sequence[Sequence[int]] | None) -> float:
    """Standard deviation, 0–1, of a JPEG file's error in a pixel; 0 for none. tables: quantisation tables, luma first.

    A step q leaves an error of q/√12; of the mean step about half counts, as most fine coefficients are nearly nothing."""
    if not tables:
        return 0.0
    return 0.45 * sum(tables[0]) / max(len(tables[0]), 1) / 12**0.5 / 255


def _blurred(values: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    if sigma < 2:
        blurred = cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    else:
        side = 2 * max(round(1.22 * sigma), 1) + 1
        once = cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT)
        blurred = cv2.blur(once, (side, side), borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred, np.float32).reshape(values.shape)
