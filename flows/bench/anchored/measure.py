"""Bench `anchored`: holes across the edges of structured photographs; each ingredient of the anchored fill off and on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from flows.bench.anchored.cases import COUNT, cases
from flows.bench.anchored.edges import edge_continuity
from flows.bench.anchored.tables import Measured, Score, rows, summary
from flows.bench.anchored.variants import DEFAULT, Made, Variants
from flows.bench.fill.cases import Case
from flows.bench.fill.scores import perceptual, psnr, ssim, why_no_perceptual
from flows.bench.page import Card, enlarged_difference, write_page
from flows.bench.seam.crops import crops
from flows.bench.setting import folder, side, tell

WORST: Final = 20


def measure(quick: bool) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Rows: a variant each, with what it is worth. Summary: against the exemplar fill, and fusion on its own."""
    chosen, variants = side(), Variants()
    found: list[Measured] = []
    shown: list[tuple[Case, dict[str, Made]]] = []
    for turn, case in enumerate(cases(COUNT[quick], chosen)):
        made = variants.all_of(case, turn)
        found.append(Measured(case.id, case.hole_kind, {name: _score(m, case) for name, m in made.items()}))
        shown.append((case, {name: made[name] for name in ("exemplar", DEFAULT)}))
        if len(found) % 15 == 0:
            tell(f"anchored: {len(found)} of {COUNT[quick]}")
    page = folder("anchored") / "worst-anchored.html"
    write_page(page, "Where anchoring does harm", _CHOSEN, _worst(found, shown))
    tell(f"where anchoring does harm: {page}")
    reason = why_no_perceptual()
    skipped = {"perceptual": reason} if reason else {}
    return rows(found), {**summary(found), "side": chosen, "skipped": skipped}


_CHOSEN = "Chosen by dB lost against the exemplar fill on the same hole."


def _score(made: Made, case: Case) -> Score:
    """Of one fill, inside its hole."""
    truth, hole = case.truth, case.hole
    near = perceptual(made.pixels, truth, hole)
    edges = edge_continuity(made.pixels, truth, hole)
    return Score(psnr(made.pixels, truth, hole), ssim(made.pixels, truth, hole), near, edges, made.seconds)


def _worst(found: Sequence[Measured], shown: Sequence[tuple[Case, dict[str, Made]]]) -> list[Card]:
    lost = [m.scores[DEFAULT].psnr - m.scores["exemplar"].psnr for m in found]
    order = sorted(range(len(found)), key=lambda i: (lost[i], found[i].id))[:WORST]
    return [_card(*shown[i], lost[i]) for i in order]


def _card(case: Case, made: dict[str, Made], gained: float) -> Card:
    hidden = case.truth.copy()
    hidden[case.hole] = 128
    label, off = enlarged_difference(made[DEFAULT].pixels, case.truth)
    pictures = {
        "hole": hidden,
        **{name: m.pixels for name, m in made.items()},
        "truth": case.truth,
        label: off,
    }
    why = f"A {case.hole_kind}: {gained:+.1f} dB against the exemplar fill."
    return Card(case.id, (why,), crops(pictures, case.hole))
