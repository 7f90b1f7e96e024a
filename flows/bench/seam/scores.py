"""What a blend is judged by: gradients along the seam against the truth, and how much of the object's colour is left."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Levels = NDArray[np.uint8]
Zone = NDArray[np.bool_]


def seam_gradient(made: Levels, truth: Levels, hole: Zone) -> float:
    """ASUKA's Grad (Wang, Cao and others, 2025, `eval/cal_grad.py`): the mean size of the difference of Sobel gradients on
    the mask's outline as Canny sees it, over channels; levels of 255, lower is better."""
    outline = cv2.Canny(hole.astype(np.uint8) * np.uint8(255), 100, 200) > 0
    off = made.astype(np.float64) - truth
    across, down = (np.asarray(cv2.Sobel(off, cv2.CV_64F, *order, ksize=3)) for order in ((1, 0), (0, 1)))
    return float(np.hypot(across, down)[outline].mean())


def leaked(made: tuple[Levels, Levels], over: tuple[Levels, Levels], hole: Zone) -> tuple[float, int]:
    """Largest share of the object's colour left in a pixel of the hole, and in how many pixels any is left.

    made: the same blend of the same fill into two pictures `over` that differ in the object alone: what is not equal has leaked.
    Pixels where the objects hardly differ (under 32 levels) say nothing of the share."""
    difference = np.abs(over[0][hole].astype(np.int16) - over[1][hole]).max(axis=1)
    left = np.abs(made[0][hole].astype(np.int16) - made[1][hole]).max(axis=1)
    telling = difference >= 32
    share = float((left[telling] / difference[telling]).max(initial=0))
    return share, int(np.count_nonzero(left))
