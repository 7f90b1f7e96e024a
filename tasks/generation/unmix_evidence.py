"""What each pixel alone says of how much of it the overlay covers: the input of the coverage network."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Pixels, Zone
from tasks.generation.unmix_background import Plane, Spread, interpolated

FEATURES = 6
_SURE = 0.94


@dataclass(frozen=True, slots=True)
class Overlay:
    """One colour at one opacity."""

    opacity: float
    colour: NDArray[np.float32]
    """C, 0–1."""


def uncovered(pixels: Pixels, coverage: Plane, overlay: Overlay) -> Pixels:
    """I = (1 − α)·B + α·c solved for B, not clipped."""
    alpha = (np.float32(overlay.opacity) * coverage)[..., None]
    return np.asarray((pixels - alpha * overlay.colour) / np.maximum(1 - alpha, 1e-3), np.float32)


def behind_overlay(
    pixels: Pixels, hole: Zone, known: Zone, overlay: Overlay, coverage: Plane | None
) -> tuple[Pixels, Plane]:
    """B guessed in the hole, and the weights it was guessed from. coverage: H×W from an earlier round, None at first."""
    weight = known.astype(np.float32)
    if coverage is None:
        return interpolated(pixels, weight), weight
    sure = hole & (np.abs(2 * coverage - 1) > 2 * _SURE - 1)
    weight = np.where(sure, np.float32(0.9), weight)
    clear = uncovered(pixels, np.where(hole, np.rint(coverage), 0).astype(np.float32), overlay)
    return interpolated(np.clip(clear, 0, 1), weight), weight


def evidence(
    pixels: Pixels,
    hole: Zone,
    behind: Pixels,
    weight: Plane,
    overlay: Overlay,
    spread: Spread,
    coverage: Plane | None,
) -> NDArray[np.float32]:
    """H×W×FEATURES, 0 outside the hole: coverage by projection, its precision, support, last coverage, inside, depth."""
    toward = spread.whitened(overlay.colour - behind)
    away = spread.whitened(pixels - behind)
    power = np.einsum("ijk,ijk->ij", toward, toward) + np.float32(1e-3)
    measured = np.einsum("ijk,ijk->ij", toward, away) / power / np.float32(max(overlay.opacity, 1e-3))
    precision = np.log1p(np.float32(overlay.opacity) * np.sqrt(power)) / 2
    support = cv2.GaussianBlur(weight, (0, 0), 1.0)
    depth = np.minimum(cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 3) / 6, 2)
    last = np.full(hole.shape, 0.5, np.float32) if coverage is None else coverage
    planes = [np.clip(measured, -1, 2), precision, support, last, np.ones_like(last), depth]
    return np.asarray(np.stack(planes, axis=2) * hole[..., None], np.float32)
