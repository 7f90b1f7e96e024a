"""Bench `masks`: masks that miss their object by up to 6 px, put right on their rim; and objects outlined from a box or a click.

Objects of known outline over photographs. Of each inexact mask: whether it is found out, whether it is put right, and what the
removal of the object is worth with the mask as given and as put right."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from flows.bench.cuttings import Zone
from flows.bench.fill.fillers import Fillers
from flows.bench.masks.cases import FAULTS, OBJECTS, Object, faulty, objects, with_shadow
from flows.bench.masks.pointing import Pointed, pointed
from flows.bench.masks.tables import Judged, rows, summary
from flows.bench.setting import side, tell
from tasks.contracts import Raster
from tasks.detection.mask_refine import refined
from tasks.triage.facts import measure as facts_of

FILLED: Final = {True: 5, False: 2}
"""Every how-manieth object is also removed with each mask, quick and in full."""


def measure(quick: bool) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Rows: by fault and pixels, and by way of pointing. Summary: rates over all."""
    chosen, count, fillers = side(), OBJECTS[quick], Fillers()
    judged: list[Judged] = []
    outlines: list[Pointed] = []
    for n, one in enumerate(objects(count, chosen)):
        judged += _of_object(one, fillers if n % FILLED[quick] == 0 else None)
        outlines += pointed(one, fillers)
        if (n + 1) % 10 == 0:
            tell(f"masks: {n + 1} of {count} objects")
    return rows(judged, outlines), {**summary(judged, outlines), "side": chosen}


def _of_object(one: Object, fillers: Fillers | None) -> list[Judged]:
    found = [_judged(one, fault, by, faulty(one.exact, fault, by, one.turn), fillers) for fault, by in FAULTS]
    found.append(_judged(one, "no object", 0, one.exact, None, there=False))
    if one.surface == "shadowed":
        found.append(_judged(one, "exact with shadow", 0, with_shadow(one), None))
    return found


def _judged(
    one: Object, fault: str, by: int, mask: Zone, fillers: Fillers | None, there: bool = True
) -> Judged:
    picture = one.picture if there else one.truth
    raster = Raster(picture)
    made, rims = refined(mask.astype(np.float32), raster, facts_of(raster).noise)
    state = rims[0].fit.state if rims else "unclear"
    after = made > 0
    psnr = (0.0, 0.0) if fillers is None else (_removed(fillers, one, mask), _removed(fillers, one, after))
    return Judged(fault, by, one.surface, state, _iou(mask, one.exact), _iou(after, one.exact), psnr)


def _removed(fillers: Fillers, one: Object, mask: Zone) -> float:
    """PSNR, dB, of the picture without the object in and around where it stood; the same area whatever the mask."""
    done = fillers.finished(one.picture, mask).pixels
    around = faulty(one.exact, "big", 8, 0.0)
    error = np.square(done[around].astype(np.float64) - one.truth[around]).mean()
    return float(10 * np.log10(255**2 / max(error, 1e-3)))


def _iou(a: Zone, b: Zone) -> float:
    return float((a & b).sum() / max((a | b).sum(), 1))
