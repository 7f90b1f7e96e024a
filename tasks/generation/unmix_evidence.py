"""What each pixel alone says of how much of it the overlay covers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Pixels, Zone
from tasks.generation.unmix_background import Plane, Spread, interpolated

_SURE = 0.94
_WORST = 15.0


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
) -> Pixels:
    """B guessed in the hole. coverage: H×W from an earlier round, None at first."""
    weight = known.astype(np.float32)
    if coverage is None:
        return interpolated(pixels, weight)
    sure = hole & (np.abs(2 * coverage - 1) > 2 * _SURE - 1)
    weight = np.where(sure, np.float32(0.9), weight)
    clear = uncovered(pixels, np.where(hole, np.rint(coverage), 0).astype(np.float32), overlay)
    return interpolated(np.clip(clear, 0, 1), weight)


def measured_coverage(pixels: Pixels, hole: Zone, behind: Pixels, overlay: Overlay, spread: Spread) -> Plane:
    """H×W, 0–1, 0 outside the hole: how far each pixel lies on the way from what is behind it to the overlay's colour."""
    toward = spread.whitened(overlay.colour - behind)
    away = spread.whitened(pixels - behind)
    power = np.einsum("ijk,ijk->ij", toward, toward) + np.float32(1e-3)
    measured = np.einsum("ijk,ijk->ij", toward, away) / power / np.float32(max(overlay.opacity, 1e-3))
    return np.asarray(np.clip(measured, 0, 1) * hole, np.float32)


def roughness(pixels: Pixels, hole: Zone, overlay: Overlay, coverage: Plane, spread: Spread) -> float:
    """Steps between neighbours of what comes back in the hole, in standard deviations, each counted as `_WORST` at most."""
    clear = spread.whitened(np.clip(uncovered(pixels, coverage, overlay), -0.2, 1.2))
    total = 0.0
    for first, second in (
        ((slice(1, None), slice(None)), (slice(None, -1), slice(None))),
        ((slice(None), slice(1, None)), (slice(None), slice(None, -1))),
    ):
        step = np.sqrt(((clear[first] - clear[second]) ** 2).sum(axis=2))[hole[first] | hole[second]]
        total += float(np.minimum(step, _WORST).sum(dtype=np.float64))
    return total
