"""How busy a picture is around each pixel: what a patch must be like beside its colours and form.

Patches are compared by smooth coefficients, and the average of many of them is smooth itself, so that a search by colour alone
ends in the smoothest patches there are. Newson, Almansa, Fradet, Gousseau and Pérez (Video inpainting of complex scenes, 2014)
compare mean absolute derivatives too. Here those of the hole are not voted on but continued from its edge, once."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import Hole

Floats = NDArray[np.float32]

_SIDE = 9
"""Of the square that derivatives are averaged over, px."""


def texture(brightness: Floats, known: Hole) -> tuple[Floats, Hole]:
    """H×W×2: mean absolute derivatives across and down over the known pixels nearby, and where there are any.

    brightness: H×W, read where it is known alone."""
    planes = [_busyness(brightness, known, axis) for axis in (1, 0)]
    return np.dstack([plane for plane, _ in planes]), np.asarray(planes[0][1] & planes[1][1])


def _busyness(brightness: Floats, known: Hole, axis: int) -> tuple[Floats, Hole]:
    last = np.take(brightness, [-1], axis)
    both = known & np.roll(known, -1, axis)
    np.moveaxis(both, axis, 0)[-1] = False
    steps = np.where(both, np.abs(np.diff(brightness, axis=axis, append=last)), 0).astype(np.float32)
    total, count = (_summed(plane) for plane in (steps, both.astype(np.float32)))
    return total / np.maximum(count, 1), count > 0.5


def _summed(plane: Floats) -> Floats:
    summed = cv2.boxFilter(
        plane, cv2.CV_32F, (_SIDE, _SIDE), normalize=False, borderType=cv2.BORDER_REFLECT_101
    )
    return np.asarray(summed, np.float32)
