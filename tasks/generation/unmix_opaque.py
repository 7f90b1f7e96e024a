"""A cheap look before un-mixing: ink that keeps its colour while the ground around it changes lets nothing through."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Pixels, Zone

_BINS = 32
_NEAR = 5 / 255
"""Ink within this of its own colour is one ink, noise and coding allowed for."""
_SHARE = 0.2
"""Of the hole: less of one colour proves nothing."""
_APART = 12 / 255
"""From the ground beside it: less is ground that the hole holds besides."""
_VARIED = 14 / 255
"""Standard deviation of the ground beside the ink from which constant ink is proof: three tenths of it would show through."""


def plainly_opaque(pixels: Pixels, hole: Zone, known: Zone) -> bool:
    """Whether much of the hole is of one colour although what lies beside those pixels is not.

    pixels: H×W×C, 0–1; hole, known: H×W. False for text on even ground, of which this says nothing."""
    grey = pixels.mean(axis=2)
    beside = _nearest(grey, known)
    apart = hole & (np.abs(grey - beside) > _APART)
    if apart.sum() < _SHARE * hole.sum():
        return False
    colour = _commonest(pixels[apart])
    ink = apart & (np.abs(pixels - colour).max(axis=2) < _NEAR)
    return bool(ink.sum() > _SHARE * hole.sum() and beside[ink].std() > _VARIED)


def _commonest(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The median of the fullest bin of a coarse colour histogram."""
    bins = np.minimum((values * _BINS).astype(np.int64), _BINS - 1)
    codes = bins @ (_BINS ** np.arange(values.shape[1]))
    found, counts = np.unique(codes, return_counts=True)
    return np.asarray(np.median(values[codes == found[counts.argmax()]], axis=0), np.float32)


def _nearest(grey: NDArray[np.float32], known: Zone) -> NDArray[np.float32]:
    """The smoothed ground nearest to each pixel."""
    weight = known.astype(np.float32)
    ground = cv2.blur(grey * weight, (5, 5)) / np.maximum(cv2.blur(weight, (5, 5)), 1e-6)
    _, labels = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    values = np.zeros(int(labels.max()) + 1, np.float32)
    values[labels[known]] = ground[known]
    return np.asarray(values[labels], np.float32)
