"""Bench `seam`: our blend against plain and feathered paste, seamlessClone and multi-band, one imperfect fill for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from flows.bench.page import Card, enlarged_difference, write_page
from flows.bench.seam.blenders import OURS, Blend, blends
from flows.bench.seam.cases import COUNT, Case, cases
from flows.bench.seam.crops import crops
from flows.bench.seam.scores import leaked, seam_gradient
from flows.bench.seam.tables import Measured, rows, summary
from flows.bench.setting import folder, side, tell
from flows.demo.split import Side
from tasks.blending.zone import write_zone
from tasks.planner import DEFAULTS

WORST: Final = 20


def measure(quick: bool) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Rows: seam gradient by shape, fault and form. Summary: over all holes, the leak of strokes, where the page is."""
    chosen, count, compared = side(), COUNT[quick], blends()
    found = []
    for case in cases(count, chosen):
        found.append(measured(case, compared))
        if len(found) % 50 == 0:
            tell(f"seam: {len(found)} of {count}")
    page = folder("seam") / "worst-seams.html"
    worst = sorted(found, key=lambda m: (-m.grad[OURS], m.id))[:WORST]
    write_page(page, "The worst seams", _CHOSEN, _cards(worst, count, chosen, compared))
    tell(f"the worst seams: {page}")
    return rows(found), {**summary(found), "side": chosen}


_CHOSEN = (
    "Chosen by the gradient error along the seam against the known truth; every pixel repeated to be seen."
)


def measured(case: Case, compared: Mapping[str, Blend]) -> Measured:
    """Every blend of one hole, twice: over either object."""
    zone = write_zone(case.hole, int(DEFAULTS["blending"]["feather"]))
    grad, leak, leaking, outside = {}, {}, {}, 0
    for name, blend in compared.items():
        first, second = (blend(picture, case.fill, case.hole) for picture in case.pictures)
        grad[name] = seam_gradient(first, case.truth, case.hole)
        leak[name], leaking[name] = leaked((first, second), case.pictures, case.hole)
        if name == OURS:
            outside = int((first != case.pictures[0])[~zone].any(axis=1).sum())
    return Measured(case.id, case.shape, case.width, case.fault, case.form, grad, leak, leaking, outside)


def _cards(worst: Sequence[Measured], count: int, chosen: Side, compared: Mapping[str, Blend]) -> list[Card]:
    ids = {m.id for m in worst}
    kept = {case.id: case for case in cases(count, chosen) if case.id in ids}
    return [_card(m, kept[m.id], compared) for m in worst]


def _card(m: Measured, case: Case, compared: Mapping[str, Blend]) -> Card:
    made = {
        name: compared[name](case.pictures[0], case.fill, case.hole) for name in (OURS, "paste", "seamless")
    }
    label, off = enlarged_difference(made[OURS], case.truth)
    shown = {"before": case.pictures[0], **made, "truth": case.truth, label: np.asarray(off)}
    why = (
        f"{case.shape}, fill with fault “{case.fault}”, given as {case.form}: seam gradient error {m.grad[OURS]:.1f} levels, "
        f"paste {m.grad['paste']:.1f}, seamlessClone {m.grad['seamless']:.1f}."
    )
    return Card(m.id, (why, _reason(m)), crops(shown, case.hole))


def _reason(m: Measured) -> str:
    """Why it is among the worst, as far as the figures tell."""
    ours, pasted = m.grad[OURS], m.grad["paste"]
    if m.fault == "patches":
        return f"What was copied is other content: the blend takes off the cast ({1 - ours / pasted:.0%} of paste's error), not that."
    if ours > 0.7 * pasted:
        return "The step across the edge looks like the fill's own roughness here, so little of it was taken off."
    if m.fault in ("soft", "decoded"):
        return "What is left is detail: the fill is softer than its surroundings, which no shift of colours mends."
    return "Most of the step is gone; what is left varies faster along the edge than the blend follows."
