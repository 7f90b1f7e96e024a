"""How much of what a rung adds is its own: fine detail that neither the source nor the cheap network accounts for."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Box, Pixels, Raster
from tasks.enhancement.features import luma
from tasks.enhancement.grid import Cells, means

FLOOR = 4.0
"""Energy (levels²) of detail that is never held against a rung: what rounding and faint grain amount to."""
_KNOWN = 0.25
"""Share of the source's own finest energy that counts as explained beside what the cheap network adds."""

Plane = NDArray[np.float32]


def invention(
    raster: Raster, detail: Cells, made: Pixels, cheap: Pixels | None, box: Box, cell: int, scale: int
) -> Cells:
    """rows×cols of the cells of `box` (px of the input, cut at cells): unexplained energy over explained energy.

    detail: `Features.detail` of these cells; made, cheap: (h·scale)×(w·scale)×c of `box`, by the rung and by the cheap
    network. Without the latter all that bicubic does not show is unexplained, and the source's finest energy explains it."""
    size = (made.shape[1], made.shape[0])
    plain = luma(raster.crop(box))
    grown = cv2.resize(plain, size, interpolation=cv2.INTER_CUBIC) if scale > 1 else plain
    known = grown if cheap is None else luma(cheap)
    own = means(np.square(_fine(luma(made) - known, scale)), cell * scale)
    if cheap is None:
        return np.asarray(own / (detail + FLOOR), np.float32)
    added = means(np.square(_fine(known - grown, scale)), cell * scale)
    return np.asarray(own / (added + _KNOWN * detail + FLOOR), np.float32)


def _fine(plane: Plane, scale: int) -> Plane:
    """What scaling down again would not show."""
    blurred = cv2.GaussianBlur(plane, (0, 0), max(scale / 2, 1.0), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(plane - blurred, np.float32)
