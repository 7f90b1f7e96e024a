"""What lies beneath an overlay, guessed from the pixels about it, and how far off such a guess is."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Pixels, Zone

Plane = NDArray[np.float32]
_NOISE = (1.5 / 255) ** 2
_NEAR = 5.0


def about(picture: Pixels, weight: Plane) -> Pixels:
    """H×W×C: mean of the 3×3 pixels by weight (H×W, 0–1); meaningless where there is none."""
    both = cv2.blur(np.dstack([picture * weight[..., None], weight]), (3, 3), borderType=cv2.BORDER_REFLECT)
    return np.asarray(both[..., :-1] / np.maximum(both[..., -1:], 1e-5), np.float32)


def beside(picture: Pixels, weight: Plane) -> Pixels:
    """H×W×C: each pixel guessed from the others about it by weight (H×W, 0–1), itself left out; from afar where none is near."""
    ring = cv2.getGaussianKernel(5, 1.0) @ cv2.getGaussianKernel(5, 1.0).T
    ring[2, 2] = 0
    both = np.dstack([picture * weight[..., None], weight]).astype(np.float32)
    near = cv2.filter2D(both, -1, ring.astype(np.float32), borderType=cv2.BORDER_REFLECT)
    out = near[..., :-1] / np.maximum(near[..., -1:], 1e-5)
    if float(near[..., -1].min()) < 0.05:
        trust = np.minimum(1, 8 * near[..., -1:])
        out = _from_afar(both) * (1 - trust) + out * trust
    return np.asarray(out, np.float32)


def _from_afar(both: Plane) -> Pixels:
    wide = blurred(both, 12.0)
    out = wide[..., :-1] / np.maximum(wide[..., -1:], 1e-5)
    near = blurred(both, 3.0)
    return np.asarray(
        out + np.minimum(1, 6 * near[..., -1:]) * (near[..., :-1] / np.maximum(near[..., -1:], 1e-5) - out)
    )


def roughness(stack: Pixels, weight: Plane) -> Plane:
    """K×H×W: local variance of a pixel from its neighbours, measured where weight is 1 and continued elsewhere."""
    return np.stack([_roughness(picture, weight) for picture in stack])


def distance_to(zone: Zone) -> Plane:
    """H×W: px to the nearest pixel of the zone; 0 inside it."""
    return np.asarray(cv2.distanceTransform((~zone).astype(np.uint8), cv2.DIST_L2, 5), np.float32)


def blurred(values: Plane, sigma: float) -> Plane:
    """Gaussian mean; two box means where sigma is wide."""
    if sigma < 2:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REFLECT), np.float32)
    side = 2 * max(round(1.22 * sigma), 1) + 1
    once = cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT)
    return np.asarray(cv2.blur(once, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)


def _roughness(picture: Pixels, weight: Plane) -> Plane:
    off = np.square(picture - beside(picture, weight)).mean(axis=2)
    whole = cv2.erode(weight, np.ones((3, 3), np.uint8))
    values = np.dstack([off * whole, whole])
    total = values.sum(axis=(0, 1), dtype=np.float64)
    out = np.full(weight.shape, total[0] / max(total[1], 1e-3), np.float32)
    for sigma in (4 * _NEAR, _NEAR):
        near = blurred(values, sigma)
        trust = np.minimum(1, 4 * near[..., 1])
        out = out + trust * (near[..., 0] / np.maximum(near[..., 1], 1e-4) - out)
    return np.asarray(out + _NOISE, np.float32)
