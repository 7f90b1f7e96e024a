"""Everything that is measured of one case."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flows.bench.text.case import Case
from flows.bench.text.detector import detect
from flows.bench.text.edited import Edited
from flows.bench.text.fidelity import ghost, psnr
from flows.bench.text.lettering import Polygon
from flows.bench.text.traces import changed, coverage, found, kept, still_there

Levels = NDArray[np.uint8]
_AROUND = 64
"""px about the overlay that the detector is shown."""
UNSEEN = ("needs-review", "blocked", "failed", "rejected")
"""Outcomes that leave a picture to a person: its overlay counts as still there."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Of one case. PSNR in dB inside the strokes, NaN without an overlay."""

    id: str
    kind: str
    outcome: str
    reason: str
    engines: tuple[str, ...]
    masks: tuple[str, ...]
    input_db: float
    baseline_db: float
    ours_db: float
    unmixed_db: float
    """Un-mixed with the true matte."""
    ghost: float
    ghost_shape: float
    baseline_ghost: float
    lines: int
    found: int
    coverage: float
    residual: int | None
    """Lines still there; None where there is no detector."""
    read_again: int | None
    """The same, a picture left to a person not counted for that alone."""
    baseline_residual: int | None
    seen: int | None
    """Lines that the detector sees before anything is done."""
    scene: int
    kept: int
    outside: int
    far: int

    @property
    def gain(self) -> float:
        """dB over the baseline."""
        return self.ours_db - self.baseline_db


def measured(case: Case, ours: Edited, plain: Edited) -> Measured:
    """The case's figures."""
    shape = (case.truth.shape[0], case.truth.shape[1])
    strokes = case.strokes
    seen, left, by_plain = _residuals(case, ours, plain, shape)
    share, likeness = ghost(ours.pixels, case)
    outside, far = changed(case, ours)
    given_up = ours.outcome in UNSEEN
    return Measured(
        id=case.id, kind=case.kind, outcome=ours.outcome, reason=ours.reason, engines=ours.engines, masks=ours.found,
        input_db=psnr(case.edited, case.truth, strokes), baseline_db=psnr(plain.pixels, case.truth, strokes),
        ours_db=psnr(ours.pixels, case.truth, strokes), unmixed_db=psnr(case.unmixed(), case.truth, strokes),
        ghost=share, ghost_shape=likeness, baseline_ghost=ghost(plain.pixels, case)[0], lines=len(case.lines),
        found=sum(found(line, ours, case.visible) for line in case.lines), coverage=coverage(case, ours),
        residual=len(case.lines) if given_up and left is not None else left, read_again=left,
        baseline_residual=by_plain, seen=seen, scene=len(case.scene), kept=sum(kept(case, ours)), outside=outside, far=far,
    )  # fmt: skip


def _residuals(
    case: Case, ours: Edited, plain: Edited, shape: tuple[int, int]
) -> tuple[int | None, int | None, int | None]:
    """Lines that the detector sees before, after ours and after the baseline; None each where it is not at hand."""
    if not case.lines:
        return 0, 0, 0
    truly = _seen(case, case.truth)
    counts: list[int | None] = []
    for picture in (case.edited, ours.pixels, plain.pixels):
        outlines = _seen(case, picture)
        if truly is None or outlines is None:
            counts.append(None)
        else:
            counts.append(sum(still_there(line, outlines, truly, shape) for line in case.lines))
    return counts[0], counts[1], counts[2]


def _seen(case: Case, picture: Levels) -> list[Polygon] | None:
    """Outlines of text about the overlay, looked for at the picture's own size and at twice that."""
    corners = np.concatenate([line.polygon for line in case.lines])
    x0, y0 = np.maximum(corners.min(axis=0).astype(int) - _AROUND, 0)
    x1, y1 = corners.max(axis=0).astype(int) + _AROUND
    crop = np.ascontiguousarray(picture[y0:y1, x0:x1])
    found = [detect(crop), detect(crop, 2.0)]
    known = [outlines for outlines in found if outlines is not None]
    return [outline + np.array([x0, y0]) for outlines in known for outline in outlines] if known else None
