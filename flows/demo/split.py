"""Which photographs may be tuned on and which only score: by photograph, so that none does both."""

from __future__ import annotations

from typing import Final, Literal

Side = Literal["tune", "score"]

SPLIT: Final[dict[str, Side]] = {
    "astronaut": "score",
    "brick": "score",
    "camera": "tune",
    "chelsea": "score",
    "coffee": "score",
    "coins": "score",
    "grass": "score",
    "gravel": "tune",
    "hubble": "tune",
    "motorcycle": "tune",
    "retina": "score",
    "rocket": "score",
}
"""Fixed by hand before any score was seen. An object pasted on a photograph comes from the same side."""


def side(*photographs: str) -> Side:
    """The side of a picture made from these photographs. Raises ValueError if they are on both sides."""
    sides = {SPLIT[name] for name in photographs}
    if len(sides) != 1:
        raise ValueError(f"{', '.join(photographs)}: not one side of the split: {sorted(sides)}")
    return sides.pop()
