"""Thresholds: which there are, the default ones, and what it says when one is not met."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from typing import Final

DEFAULT_THRESHOLDS: Final[Mapping[str, float]] = {
    "leak_max": 0.04,
    "seam_step_max": 6.0,
    "outside_changed_max": 0.0,
    "low_frequency_delta_e_max": 7.0,
    "residual_text_max": 0.2,
}
"""What a region has to keep to when a plan says nothing else.

Measured on lettering removed from photographs (scikit-image's), largest of the good results (the truth itself, Telea,
Navier-Stokes, each also with grain, a ramp, or denoised) against planted faults: leak 0.02, and 0.05 with 5 % of the old
content mixed in; seam step 4.4 (7.5 once in 180 untouched crops), and 9.7 in the middle with 12 levels added; ΔE 6.1, and
7.1 to 15 with a red cast of 20 levels; residual text 0.13, and 0.80 with nothing removed. Grain has no default: cv2's
fills are smooth (0.1 to 0.3 of the surroundings), and whether that is a fault depends on the enhancement that follows."""

_WORDS: Final[Mapping[str, str]] = {
    "leak_max": "leak {:.1%} of the old content, allowed {:.1%}",
    "seam_step_max": "seam step {:.1f} levels, allowed {:.1f}",
    "outside_changed_max": "{:.0f} pixels changed outside the write zone, allowed {:.0f}",
    "low_frequency_delta_e_max": "colour shift ΔE {:.1f}, allowed {:.1f}",
    "residual_text_max": "text still read on {:.0%} of the hole, allowed {:.0%}",
    "grain_ratio_min": "grain {:.2f} of the surroundings', at least {:.2f} wanted",
    "grain_ratio_max": "grain {:.2f} of the surroundings', allowed {:.2f}",
}
"""Each threshold there is: a score's name and the side it bounds."""


def check_names(thresholds: Mapping[str, float]) -> None:
    """ValueError for a threshold that does not exist, naming the nearest, or that is NaN."""
    for name, value in thresholds.items():
        if name not in _WORDS:
            near = difflib.get_close_matches(name, _WORDS, n=2) or sorted(_WORDS)
            raise ValueError(f"there is no threshold {name!r}; there is {', '.join(near)}")
        if math.isnan(value):
            raise ValueError(f"the threshold {name} is not a number")


def failures(scores: Mapping[str, float], thresholds: Mapping[str, float]) -> tuple[tuple[str, str], ...]:
    """Each score that misses a threshold, with a sentence that says so, sorted by threshold.

    A score that was not measured cannot fail."""
    missed = []
    for name in sorted(thresholds):
        score, side = name.rsplit("_", 1)
        if score not in scores:
            continue
        value, bound = scores[score], thresholds[name]
        if not (value <= bound if side == "max" else value >= bound):
            missed.append((score, _WORDS[name].format(value, bound)))
    return tuple(missed)
