"""One region's verdict: every score, and which thresholds it misses."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from model_registry.engines.contract import TextLine
from tasks.contracts import Box, Pixels, Verdict, Zone
from tasks.errors import EngineFailed
from tasks.verification.colour import low_frequency_delta_e
from tasks.verification.grain import grain_ratio
from tasks.verification.leak import leak
from tasks.verification.outside import outside_changed
from tasks.verification.repetition import repetition
from tasks.verification.residual import residual_text
from tasks.verification.seam import seam_step
from tasks.verification.sharpness import sharpness_ratio
from tasks.verification.thresholds import check, failures

NO_RING = "the hole covers all there is: seam, grain, sharpness and colour could not be compared"


def verify(
    before: Pixels, filled: Pixels, after: Pixels, hole: Zone, zone: Zone, *, thresholds: Mapping[str, float],
    residual_lines: tuple[TextLine, ...] | None, text_box: Box | None = None,
) -> Verdict:  # fmt: skip
    """Measure an edited region on its crop with some context (24 px or more on each side are enough for every score).

    before: the picture; filled: the engine's fill; after: the result; each H×W×C float32 0–1, C = 1 or 3. hole: pixels
    whose old content had to go; zone: pixels that may change (hole included). residual_lines: text read again in the
    result, in the crop's pixels or, with `text_box`, in those of the frame that the crop is that box of; None when no
    text was looked for, which leaves the score out. thresholds: by the names in `tasks.thresholds.SENTENCES`; only these can fail a region.

    Reasons name each threshold missed, with the figures (`failed` the scores); without a ring around the hole, where seam and colour score 0 and
    grain and sharpness 1, they say so too. Raises ValueError for shapes that differ or an unknown threshold, EngineFailed when the
    result is not finite."""
    check(thresholds)
    _check_shapes(before, filled, after, hole, zone)
    if not (np.isfinite(filled).all() and np.isfinite(after).all()):
        raise EngineFailed("the edited region holds values that are not finite", stage="verification")
    scores = {
        "leak": leak(before, filled, after, hole),
        "seam_step": seam_step(after, hole),
        "outside_changed": float(outside_changed(before, after, zone)),
        "grain_ratio": grain_ratio(after, hole, zone),
        "sharpness_ratio": sharpness_ratio(after, hole, zone),
        "repetition": repetition(after, hole),
        "low_frequency_delta_e": low_frequency_delta_e(after, hole),
    }
    if residual_lines is not None:
        scores["residual_text"] = residual_text(residual_lines, hole, text_box)
    missed = failures(scores, thresholds)
    notes = (NO_RING,) if hole.all() else ()
    reasons = tuple(sentence for _, sentence in missed) + notes
    return Verdict(not missed, scores, reasons, tuple(score for score, _ in missed))


def _check_shapes(before: Pixels, filled: Pixels, after: Pixels, hole: Zone, zone: Zone) -> None:
    shapes = {"before": before.shape, "filled": filled.shape, "after": after.shape}
    if len(set(shapes.values())) > 1 or before.ndim != 3 or before.shape[2] not in (1, 3) or not before.size:
        raise ValueError(f"expected three arrays of one shape H×W×1 or H×W×3, got {shapes}")
    if hole.shape != before.shape[:2] or zone.shape != before.shape[:2]:
        raise ValueError(
            f"hole {hole.shape} and zone {zone.shape} must be of the crop's size {before.shape[:2]}"
        )
