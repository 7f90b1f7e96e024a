"""Scores of one picture that need no truth: from what verification measured, how it ended, and the prompt's colours."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.results import Enlargement, ItemResult, RegionResult
from tasks.thresholds import of_kind

GRADES = {"done": 1.0, "degraded": 0.7, "needs-review": 0.3}
OCTAVE = 1.0
"""Grain or sharpness half or twice the surroundings' counts as at its bound: the policy has none by default."""
FAITHFUL, FAITHLESS = 50.0, 35.0
"""dB of agreement with the source: no fault, and at the bound."""
SHIFT, HALLUCINATION = 0.6, 1.0
"""Colour shift (levels of 255) and unexplained detail of an enlarged picture that count as at the bound."""
PLAIN = {
    "residual_text": "residual_text", "leak": "leak", "seam_step": "seam_step", "repetition": "repetition",
    "low_frequency_delta_e": "colour_shift",
}  # fmt: skip
"""Scores of verification that are shown as they are, by the names they are shown under."""
RATIOS = {"grain_ratio": "grain_off", "sharpness_ratio": "sharpness_off"}
COLOURS = {
    "black": "#141414", "white": "#f5f5f5", "grey": "#808080", "gray": "#808080", "silver": "#c0c0c0", "red": "#c8281e",
    "orange": "#e87d1e", "yellow": "#f0d228", "green": "#3c9646", "olive": "#80803c", "turquoise": "#40b8b0",
    "teal": "#1e7878", "blue": "#2850b4", "navy": "#1e2850", "purple": "#783ca0", "violet": "#8c50c8", "pink": "#f0a0b4",
    "magenta": "#c828a0", "brown": "#6e4628", "beige": "#dcc8a5", "cream": "#f5ebd2", "gold": "#c8a03c", "tan": "#c8a078",
}  # fmt: skip
"""Colour words and what they stand for here, sRGB."""
NEAREST = 10
"""Percent of the picture that must have a colour, for it to be there."""
_SIDE = 96


def reference_free(item: ItemResult, thresholds: Mapping[str, float]) -> dict[str, float]:
    """Metric to score; what cannot be had is left out. thresholds: the policy's, as `tasks.thresholds` names them."""
    found = {"outcome": GRADES[item.outcome]} if item.outcome in GRADES else {}
    made = item.enlargement
    if made:
        found |= {"consistency": made.consistency_db, "soundness": _soundness(_enlarging_faults(made))}
    regions = [region for region in item.regions if region.scores]
    if not regions or made:
        return found
    worst = [_soundness(_faults(region, of_kind(thresholds, region.kind))) for region in regions]
    return found | {"soundness": min(worst)} | _shown(regions)


def _shown(regions: Sequence[RegionResult]) -> dict[str, float]:
    """The single scores of the worst region each."""
    found: dict[str, float] = {}
    for name, shown in PLAIN.items():
        values = [region.scores[name] for region in regions if name in region.scores]
        found |= {shown: max(values)} if values else {}
    for name, shown in RATIOS.items():
        off = [_octaves(region.scores[name]) for region in regions if name in region.scores]
        found |= {shown: max(off)} if off else {}
    return found


def _faults(region: RegionResult, thresholds: Mapping[str, float]) -> list[float]:
    """Each fault in parts of what is allowed."""
    faults = []
    for name, value in region.scores.items():
        bound = thresholds.get(f"{name}_max")
        if name in RATIOS:
            faults.append(_octaves(value) / OCTAVE)
        elif bound:
            faults.append(max(value, 0.0) / bound)
        elif bound is not None:  # nothing at all is allowed
            faults.append(2.0 * (value > 0))
    return faults


def _enlarging_faults(made: Enlargement) -> list[float]:
    unfaithful = (FAITHFUL - made.consistency_db) / (FAITHFUL - FAITHLESS)
    return [max(unfaithful, 0.0), made.colour_shift / SHIFT, made.hallucination / HALLUCINATION]


def _soundness(faults: Sequence[float]) -> float:
    """1 less half the root mean square of the faults, each at most twice what is allowed."""
    if not faults:
        return 1.0
    return 1 - math.sqrt(sum(min(fault, 2.0) ** 2 for fault in faults) / len(faults)) / 2


def _octaves(ratio: float) -> float:
    return abs(math.log2(max(ratio, 1e-3)))


def prompt_colour(prompt: str, picture: NDArray[np.uint8]) -> float | None:
    """How far a picture, H×W×3 RGB, is from the colours that its prompt names, ΔE; None where it names none."""
    words = [word for word in re.findall(r"[a-z]+", prompt.lower()) if word in COLOURS]
    if not words:
        return None
    small = cv2.resize(picture, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    seen = _lab(np.asarray(small, np.uint8).reshape(-1, 3))
    asked = _lab(np.array([_rgb(COLOURS[word]) for word in dict.fromkeys(words)], dtype=np.uint8))
    far = np.linalg.norm(seen[None] - asked[:, None], axis=2)
    return float(np.percentile(far, NEAREST, axis=1).mean())


def _rgb(code: str) -> list[int]:
    return [int(code[i : i + 2], 16) for i in (1, 3, 5)]


def _lab(colours: NDArray[np.uint8]) -> NDArray[np.float32]:
    """n×3 sRGB to CIE Lab."""
    lab = cv2.cvtColor(colours[None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0]
    return np.asarray(lab, np.float32)
