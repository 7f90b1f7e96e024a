"""What came of editing a case, by whatever way, in the form that every measure takes."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tasks.contracts import Zone

Levels = NDArray[np.uint8]


@dataclass(frozen=True)
class Edited:
    """A picture without its overlay, and how that came about."""

    pixels: Levels
    """H×W×3."""
    data: bytes
    """Its file."""
    holes: Zone
    """H×W: what was taken for overlay."""
    zones: Zone
    """H×W: all that the edit may have written to."""
    outcome: str
    reason: str = ""
    engines: tuple[str, ...] = ()
    """By region."""
    found: tuple[str, ...] = ()
    """How each region's mask was found."""


def opened(data: bytes) -> Levels:
    """H×W×3 of a picture file."""
    with Image.open(io.BytesIO(data)) as picture:
        return np.array(picture.convert("RGB"), np.uint8)
