"""Bench `upscale`: ours and published ways against the truth; the ladder against the heavy network; speed, memory, guards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from flows.bench.page import Card
from flows.bench.setting import folder, tell
from flows.bench.upscale import against, curve, faults, hardest, memory, report, speed, table
from flows.bench.upscale.pictures import Pair
from flows.bench.upscale.protocol import colour_shift, consistency
from flows.bench.upscale.published import converted
from flows.bench.upscale.seams import Seams, seams
from flows.bench.upscale.sets import Asked, for_table, hard, shop
from flows.bench.upscale.ways import BASE, HEAVY, IN_BITS, MATLAB, PLAIN, SELECTIVE, TINY, Way, Ways
from tasks.enhancement.rungs import Target

HEAVY_SCALE: Final = 4
ROUNDS: Final = {True: 1, False: 4}
"""Of A-B-B-A: two runs of each."""
LABELS: Final = {
    "bicubic": MATLAB, "lanczos": "lanczos", "tiny": TINY + PLAIN, "base": BASE + PLAIN, "tiny_product": TINY,
    "base_product": BASE, "imdn": HEAVY, "imdn_int8": IN_BITS, "span": "span", "selective": SELECTIVE, "selective_bicubic": SELECTIVE + PLAIN,
}  # fmt: skip
"""Key of the summary to the way."""
ALLOWED: Final = {"catalogue": 0.02, "hard": 0.05}
"""dB that the ladder may lose against the heavy network everywhere, as it is asked."""
FEWER: Final = ("FSRCNN", "ESPCN", "LapSRN", "rfdn", "rlfn", "lsdir-compact", "bicubic (OpenCV)")
"""Left out on the larger sets: Set5 says what there is to know of them."""
SIDES: Final = {True: (250, 750), False: (500, 1000, 2500)}
"""Of the source whose output's memory is measured, px; four times that at the output: up to 100 megapixels."""
Found = tuple[list[dict[str, Any]], dict[str, Any]]


def measure(quick: bool, hr: Path | None = None, lr: Path | None = None, scale: int | None = None) -> Found:
    """Rows: every way on every set, speed, memory, and the curve. Summary: the figures that are claimed.

    hr, lr, scale: a folder of pictures in place of the sets; nothing but the table is measured then."""
    asked = Asked(hr, lr, scale)
    asked.check()
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        with converted() as published:
            ways = Ways(published)
            try:
                rows, summary = _table(ways, asked, quick)
                if hr is None:
                    more = _Whole(ways, quick).run(rows)
                    rows, summary = [*rows, *more.rows], summary | more.summary
                return _even(rows), summary | {"engines": {n: ways.card(n).ref for n in published}}
            finally:
                ways.close()
    finally:
        cv2.setNumThreads(threads)


def _table(ways: Ways, asked: Asked, quick: bool) -> Found:
    rows: list[dict[str, Any]] = []
    for one in for_table(asked, quick):
        tell(f"upscale: {one.name} ×{one.scale}, {len(one.pairs)} pictures")
        chosen = [
            w for w in ways.at(one.scale) if one.name not in ("kodak", "catalogue") or w.name not in FEWER
        ]
        rows += table.rows(one.name, one.scale, chosen, one.pairs)
    return rows, table.keys(rows, LABELS)


@dataclass
class _Whole:
    """What is measured besides the table, with its page."""

    ways: Ways
    quick: bool
    rows: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    points: list[curve.Point] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)

    def run(self, scores: Sequence[dict[str, Any]]) -> _Whole:
        """scores: the table's rows, shown on the page."""
        self._speed()
        kinds = self.ways.kinds(HEAVY_SCALE)
        if HEAVY in self.ways.published and kinds:
            for kind in kinds:
                self._against(kind)
            self._guards(kinds[0])
        else:
            self.summary["skipped"] = {
                "speedup": "the heavy network's weights or our own networks are not at hand"
            }
        self._memory()
        self._page(scores)
        return self

    def _speed(self) -> None:
        pair = hard(HEAVY_SCALE, quick=True)[0]
        for scale in (2, HEAVY_SCALE):
            ways = [w for w in self.ways.at(scale) if not w.name.startswith(SELECTIVE)]
            ways = [w for w in ways if w.name != "LapSRN"]  # minutes, and none asks for it
            self.rows += speed.seconds(ways, pair, scale, 3 if self.quick else 9)
            tell(f"upscale: speed ×{scale}")
        self.summary |= speed.keys([r for r in self.rows if r["set"] == "speed"])

    def _against(self, kind: str) -> None:
        """Both sets, by the product's ladder and then by that of benchmark tables."""
        heavy = against.everywhere(self.ways, HEAVY_SCALE)
        ending = kind.replace("-", "_")
        rounds = 1 if ending else ROUNDS[self.quick]
        targets = (0.0, 0.02, 0.1) if self.quick else curve.TARGETS
        for label, pairs in (
            ("catalogue", shop(HEAVY_SCALE, self.quick)),
            ("hard", hard(HEAVY_SCALE, self.quick)),
        ):
            if not pairs:
                continue
            ladder = self.ways.ladder(HEAVY_SCALE, kind, Target(loss_db=ALLOWED[label]))
            found = against.timed(ladder, heavy, pairs, rounds, every=4 if label == "hard" else 1)
            self.summary |= against.figures(found, label + ending)
            if not ending:
                self._in_bits(label, heavy, pairs)
                few = sorted(pairs, key=lambda p: p.truth.size)[:2] if label == "catalogue" else pairs[::4]
                self.points += curve.sweep(ladder, heavy, few, label, targets)
            tell(f"upscale: {label}{ending} {self.summary[label + ending + '_speedup']:.2f}×")
        self.rows += [] if ending else curve.rows(self.points)

    def _in_bits(self, label: str, heavy: against.Make, pairs: Sequence[Pair]) -> None:
        """The rung under the heavy network everywhere, unrouted and unguarded: what is due to it, and what to routing."""
        if IN_BITS in self.ways.published:
            alone = against.Alone(against.everywhere(self.ways, HEAVY_SCALE, IN_BITS), HEAVY_SCALE)
            found = against.timed(alone, heavy, pairs, 1, every=4 if label == "hard" else 1)
            self.summary |= against.figures(found, f"{label}_int8_everywhere")

    def _guards(self, kind: str) -> None:
        """Consistency, colour, seams and memory that runs out; crops of what loses most."""
        ladder, heavy = self.ways.ladder(HEAVY_SCALE, kind), against.everywhere(self.ways, HEAVY_SCALE)
        pairs = [*shop(HEAVY_SCALE, self.quick), *hard(HEAVY_SCALE, self.quick)]
        found, places = [], []
        for pair in pairs:
            enlarged = ladder.run(pair.small)
            made = np.asarray(enlarged.raster.pixels, np.uint8)
            at_borders = seams(made, pair.small, pair.truth, enlarged.routing, HEAVY_SCALE)
            found.append((consistency(made, pair.small), colour_shift(made, pair.small), at_borders))
            places += hardest.worst_places(pair, made, heavy(pair.small), 2)
        total = sum((f[2] for f in found), Seams(0, 0, 0))
        self.summary |= {
            "consistency_psnr_db": min(f[0] for f in found), "consistency_mean_db": float(np.mean([f[0] for f in found])),
            "colour_shift_levels": max(f[1] for f in found), "seams_found": total.found,
            "seams_borders": total.borders, "seams_found_elsewhere": total.elsewhere,
            **faults.out_of_memory(ladder, _little(hard(HEAVY_SCALE, quick=True)[0]), 4 if self.quick else 99),
        }  # fmt: skip
        ways = {w.name: w for w in self.ways.at(HEAVY_SCALE)}
        for place in hardest.hardest(places, 3 if self.quick else 10):
            self.cards.append(self._card(place, ways, kind))

    def _card(self, place: hardest.Hard, ways: dict[str, Way], kind: str) -> Card:
        wanted = (MATLAB, TINY + kind, BASE + kind, HEAVY, SELECTIVE + kind, "realesr-general")
        made = {name: ways[name].enlarge(place.pair.small) for name in wanted if name in ways}
        return hardest.card(place, made, self.ways.ladder(HEAVY_SCALE, kind).run(place.pair.small))

    def _memory(self) -> None:
        rows = memory.curve(HEAVY_SCALE, SIDES[self.quick])
        self.rows += rows
        last = rows[-1]
        self.summary |= {
            "memory_megapixels": last["megapixels"], "memory_peak_mb": last["peak_mb"],
            "memory_over_output_mb": last["over_output_mb"], "memory_seconds": last["seconds"],
        }  # fmt: skip

    def _page(self, scores: Sequence[dict[str, Any]]) -> None:
        page = folder("upscale") / "enlarging.html"
        plots = report.cost_plots(self.points)
        plots += report.memory_plot([r for r in self.rows if r["set"] == "memory"])
        tables = [report.lines("Scores", scores)]
        tables.append(report.lines("Speed", [r for r in self.rows if r["set"] == "speed"]))
        report.write(page, plots, tables, self.cards)
        tell(f"upscale: {page}")


def _little(pair: Pair) -> Pair:
    """Its middle, 4×4 cells of it: small enough for a run at every piece."""
    side = min(128, *pair.small.shape[:2])
    y, x = (pair.small.shape[0] - side) // 2, (pair.small.shape[1] - side) // 2
    small = np.ascontiguousarray(pair.small[y : y + side, x : x + side])
    s = pair.truth.shape[0] // pair.small.shape[0]
    return Pair(pair.name, pair.truth[y * s : (y + side) * s, x * s : (x + side) * s], small)


def _even(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every row with every column, so that they print as one table."""
    names = dict.fromkeys(name for row in rows for name in row)
    return [{name: row.get(name, "") for name in names} for row in rows]
