"""The thresholds a region can be held against: what there is to set, in a policy file or by a parameter."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from typing import Final, get_args

from tasks.contracts import RegionKind

KINDS: Final[tuple[RegionKind, ...]] = get_args(RegionKind)
SENTENCES: Final[Mapping[str, str]] = {
    "leak_max": "leak {:.1%} of the old content, allowed {:.1%}",
    "seam_step_max": "seam step {:.1f} levels, allowed {:.1f}",
    "outside_changed_max": "{:.0f} pixels changed outside the write zone, allowed {:.0f}",
    "low_frequency_delta_e_max": "colour shift ΔE {:.1f}, allowed {:.1f}",
    "residual_text_max": "text still read on {:.0%} of the hole, allowed {:.0%}",
    "grain_ratio_min": "grain {:.2f} of the surroundings', at least {:.2f} wanted",
    "grain_ratio_max": "grain {:.2f} of the surroundings', allowed {:.2f}",
    "sharpness_ratio_min": "sharpness {:.2f} of the surroundings', at least {:.2f} wanted",
    "sharpness_ratio_max": "sharpness {:.2f} of the surroundings', allowed {:.2f}",
    "repetition_max": "repetition: {:.0%} of the fill's detail stands there twice, allowed {:.0%}",
}
"""Each threshold there is (a score's name and the side it bounds), and what it says when it is not met."""


def fault(name: str, value: object) -> str:
    """What is wrong with a threshold, naming the nearest there is; empty when nothing is.

    name: one of SENTENCES, or of a kind of region: `text.leak_max`."""
    kind, dot, of_kind = name.partition(".")
    if dot and kind not in KINDS:
        return f"there is no kind of region {kind!r}; there is {', '.join(KINDS)}"
    plain = of_kind if dot else name
    if plain not in SENTENCES:
        near = difflib.get_close_matches(plain, SENTENCES, n=2) or sorted(SENTENCES)
        return f"there is no threshold {plain!r}; there is {', '.join(near)}"
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return f"{value!r} is not a number"
    return ""


def of_kind(thresholds: Mapping[str, float], kind: str) -> dict[str, float]:
    """Those that a region of this kind is held against: the general ones, with the kind's own over them."""
    general = {name: value for name, value in thresholds.items() if "." not in name}
    own = f"{kind}."
    return general | {
        name.removeprefix(own): value for name, value in thresholds.items() if name.startswith(own)
    }
