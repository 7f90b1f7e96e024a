"""Score `low_frequency_delta_e`: the shift in colour between the hole's rim and the ring around it."""

from __future__ import annotations

import numpy as np

from tasks.contracts import Pixels, Zone
from tasks.verification.contour import steps

WIDTH, REACH = 3, 12
"""Bands of 3 px on either side of the edge, averaged over 25 px along it."""

_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]],
    np.float32,
)  # linear sRGB to XYZ, D65 (IEC 61966-2-1)
_WHITE = _XYZ.sum(axis=1)


def low_frequency_delta_e(after: Pixels, hole: Zone) -> float:
    """Colour difference ΔE*ab (CIE 1976) between local means of the rim inside and the ring outside, averaged along the
    edge, less what the surroundings show at the same spacing.

    0 or more; 0 for a hole without a ring. Pixels are read as sRGB whatever the picture's profile."""
    return steps(_lab(after), hole, width=WIDTH, reach=REACH).excess


def _lab(image: Pixels) -> Pixels:
    """CIE L*a*b* of sRGB, H×W×3. OpenCV's own float conversion interpolates in a table: 0.2 ΔE off on small shifts."""
    encoded = np.clip(np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image, 0, 1)
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    relative = (linear.astype(np.float32) @ _XYZ.T) / _WHITE
    cubic = np.where(relative > (6 / 29) ** 3, np.cbrt(relative), relative * (841 / 108) + 4 / 29)
    x, y, z = np.moveaxis(cubic, 2, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=2).astype(np.float32)
