"""Which of GrabCut's two colour mixtures a colour belongs to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
PARTS = 5
"""Gaussians of a mixture, as cv2.grabCut lays them out: weights, means of 3, covariances of 3×3."""


def likelier(colours: Floats, thing: Floats, surroundings: Floats) -> Floats:
    """Log of how much likelier each of N×3 colours (levels of 255) is under `thing` than under `surroundings`; N values."""
    return _log_density(colours, thing) - _log_density(colours, surroundings)


def _log_density(colours: Floats, mixture: Floats) -> Floats:
    flat = mixture.ravel()
    weights, means = flat[:PARTS], flat[PARTS : 4 * PARTS].reshape(PARTS, 3)
    spreads = flat[4 * PARTS :].reshape(PARTS, 3, 3)
    density = np.zeros(len(colours))
    for weight, mean, spread in zip(weights, means, spreads, strict=True):
        if weight <= 0:
            continue
        spread = spread + np.eye(3)  # a level of noise: a flat colour has no spread of its own
        away = colours - mean
        squared = np.einsum("ni,ij,nj->n", away, np.linalg.inv(spread), away)
        density += weight * np.exp(-0.5 * np.minimum(squared, 1400)) / np.sqrt(np.linalg.det(spread))
    return np.asarray(np.log(np.maximum(density, 1e-300)), np.float64)
