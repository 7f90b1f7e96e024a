"""Bench `fill`: what the ladder puts into 300 holes, against Telea, Navier-Stokes and PyPatchMatch, and how long it takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from flows.bench.fill.cases import COUNT, Case, cases
from flows.bench.fill.fillers import RIVALS, Fillers, Made
from flows.bench.fill.scores import perceptual, psnr, ssim, why_no_perceptual
from flows.bench.fill.tables import FINISHED, OURS, Measured, Score, rows, summary
from flows.bench.fill.timing import figures, timed
from flows.bench.page import Card, enlarged_difference, write_page
from flows.bench.seam.crops import crops
from flows.bench.setting import folder, side, tell
from flows.demo.split import Side

WORST: Final = 20
TIMED: Final = {True: 6, False: 18}
"""Whole pictures for the clock, quick and in full."""
TIMED_SIDES: Final = (512, 768, 1024)
"""Of those pictures, px, so that kinds of hole and sizes do not go together."""


def measure(quick: bool) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Rows: likeness of every engine by kind of hole and ground. Summary: against the best single one, and the clock."""
    chosen, fillers = side(), Fillers()
    found: list[Measured] = []
    for case in cases(COUNT[quick], chosen):
        found.append(measured(fillers, case))
        if len(found) % 30 == 0:
            tell(f"fill: {len(found)} of {COUNT[quick]}")
    clock = figures(timed(fillers, _whole_pictures(TIMED[quick], chosen), 1 if quick else 2))
    page = folder("fill") / "worst-fills.html"
    worst = sorted(found, key=_lost)[:WORST]
    write_page(page, "The worst fills", _CHOSEN, _cards(fillers, worst, cases(COUNT[quick], chosen)))
    tell(f"the worst fills: {page}")
    reason = why_no_perceptual()
    skipped = {"perceptual_ratio": reason} if reason else {}
    return rows(found), {
        **summary(found),
        **clock,
        "ladder": list(fillers.ladder),
        "side": chosen,
        "skipped": skipped,
    }


_CHOSEN = "Chosen by dB lost against the best of Telea, Navier-Stokes and PyPatchMatch on the same hole."


def _whole_pictures(count: int, chosen: Side) -> list[Case]:
    every = [list(cases(count, chosen, size)) for size in TIMED_SIDES]
    return [every[(n + n // 3) % len(every)][n] for n in range(count)]


def measured(fillers: Fillers, case: Case) -> Measured:
    """Every engine's fill of one hole, and ours, judged. The old content is never seen: engines are fed through the wrapper."""
    picture, hole = case.truth, case.hole
    ours = fillers.ours(picture, hole)
    singles = dict.fromkeys((*RIVALS, *fillers.ladder))
    made = {OURS: ours, FINISHED: fillers.finished(picture, hole)}
    made |= {name: fillers.single(name, picture, hole) for name in singles}
    return Measured(
        case.id, case.hole_kind, case.ground, ours.engine,
        {name: _score(m, case) for name, m in made.items()},
    )  # fmt: skip


def _score(made: Made, case: Case) -> Score:
    near = perceptual(made.pixels, case.truth, case.hole) if case.hole_kind != "thin" else None
    return Score(psnr(made.pixels, case.truth, case.hole), ssim(made.pixels, case.truth, case.hole), near)


def _lost(m: Measured) -> tuple[float, str]:
    return m.scores[OURS].psnr - max(m.scores[name].psnr for name in RIVALS), m.id


def _cards(fillers: Fillers, worst: Sequence[Measured], every: Any) -> list[Card]:
    ids = {m.id for m in worst}
    kept = {case.id: case for case in every if case.id in ids}
    return [_card(fillers, m, kept[m.id]) for m in worst]


def _card(fillers: Fillers, m: Measured, case: Case) -> Card:
    hidden = case.truth.copy()
    hidden[case.hole] = 128
    best = max(RIVALS, key=lambda name: m.scores[name].psnr)
    ours = fillers.ours(case.truth, case.hole).pixels
    label, off = enlarged_difference(ours, case.truth)
    shown = {
        "hole": hidden, m.engine: ours, "finished": fillers.finished(case.truth, case.hole).pixels,
        best: fillers.single(best, case.truth, case.hole).pixels, "truth": case.truth, label: off,
    }  # fmt: skip
    why = (
        f"A {m.hole_kind} hole on {m.ground} ground. {m.engine}: {m.scores[OURS].psnr:.1f} dB, "
        f"SSIM {m.scores[OURS].ssim:.2f}; {best}: {m.scores[best].psnr:.1f} dB, SSIM {m.scores[best].ssim:.2f}."
    )
    return Card(m.id, (why,), crops(shown, case.hole))
