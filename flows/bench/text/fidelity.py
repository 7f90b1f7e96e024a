"""How near the edited picture is to the clean one: PSNR inside the strokes, and a ghost of the overlay's shape."""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.bench.text.case import Case
from flows.demo.measures import near
from tasks.contracts import Pixels, Zone

Levels = NDArray[np.uint8]
CAP: Final = 50.0
"""dB. Above it no eye sees a difference, and a mean would be ruled by the easiest picture."""
_WIDE: Final = 4.0
"""px: what is coarser than this is the picture's, not the lettering's."""
_AROUND: Final = 4


def psnr(picture: Levels | Pixels, truth: Levels, zone: Zone) -> float:
    """dB inside `zone`, peak 1.0, at most CAP; bytes count as levels of 255. NaN for an empty zone."""
    if not zone.any():
        return math.nan
    mean = float(((_unit(picture)[zone] - _unit(truth)[zone]) ** 2).mean())
    return CAP if mean <= 10 ** (-CAP / 10) else -10 * math.log10(mean)


def ghost(picture: Levels, case: Case) -> tuple[float, float]:
    """What of the overlay's contrast is left, and how alike in shape: (share, correlation), each 0 for no trace at all.

    The share: the error's part along the overlay's known shape, over that of the untouched picture; 1 is all of it. The
    shape is what the overlay would add to the clean picture's mean colour, without its coarse part: texture that a fill
    has lost does not resemble it."""
    zone = near(case.strokes, _AROUND)
    shape = _shape(case)[zone]
    power = float((shape**2).sum())
    if power == 0:
        return 0.0, 0.0
    left = _fine(_unit(picture) - _unit(case.truth))[zone]
    there = _fine(_unit(case.edited) - _unit(case.truth))[zone]
    along, whole = float((left * shape).sum()), float((there * shape).sum())
    size = math.sqrt(float((left**2).sum()) * power)
    return abs(along) / max(abs(whole), 1e-9), abs(along) / size if size > 1e-6 else 0.0


def _shape(case: Case) -> NDArray[np.float64]:
    mean = _unit(case.truth)[case.strokes].mean(axis=0)
    return _fine(case.paint.astype(np.float64) - case.alpha[..., None] * mean)


def _fine(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    return plane - cv2.GaussianBlur(plane, (0, 0), _WIDE)


def _unit(picture: Levels | Pixels) -> NDArray[np.float64]:
    return picture.astype(np.float64) / 255 if picture.dtype == np.uint8 else picture.astype(np.float64)
