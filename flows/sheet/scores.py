"""Which scores fail, and which item looks worst: the order in which a reviewer wants to see them."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

from flows.sheet.model import SheetItem
from flows.sheet.text import words

HIGHER_IS_BETTER = {"psnr", "ssim", "agreement", "confidence", "iou", "similarity", "consistency"}
REASONS_SAY = {
    "outside_changed": "pixels changed outside",
    "low_frequency_delta_e": "colour shift",
    "residual_text": "text still read",
    "grain_ratio": "grain",
    "sharpness_ratio": "sharpness",
    "consistency_db": "scaled down again",
    "hallucination": "detail that the source does not explain",
}
"""How a reason names a score, where it does not use the score's own name."""


UNJUDGED = ("embedding_distance",)
"""Figures that are shown and sorted by, but are neither good nor bad."""


def failing(scores: Mapping[str, float], reasons: Iterable[str]) -> frozenset[str]:
    """The scores that a reason names.

    Where a reason fits two names, one within the other (`seam` and `seam_step`), the longer is meant.
    """
    found: set[str] = set()
    for reason in reasons:
        named = [name for name in scores if _names(reason, name)]
        found.update(name for name in named if not any(_within(name, other) for other in named))
    return frozenset(found)


def _names(reason: str, score: str) -> bool:
    phrases = (score, REASONS_SAY.get(score, score))
    return any(f" {words(phrase)} " in f" {words(reason)} " for phrase in phrases)


def _within(name: str, other: str) -> bool:
    return words(name) != words(other) and f" {words(name)} " in f" {words(other)} "


def badness(name: str, value: float) -> float:
    """How bad a value of this score is: larger is worse; comparable within one score only.

    A ratio is best at 1, similarities and PSNR are best high, everything else is best low. NaN is worst.
    """
    if math.isnan(value):
        return math.inf
    parts = set(words(name).split())
    if "ratio" in parts:
        return abs(math.log(value)) if value > 0 else math.inf
    return -value if parts & HIGHER_IS_BETTER else value


def item_scores(item: SheetItem) -> dict[str, float]:
    """The item's worst value of each score: its metrics, and its regions' scores."""
    worst = dict(item.metrics)
    for region in item.regions:
        for name, value in region.scores.items():
            if name not in worst or badness(name, value) > badness(name, worst[name]):
                worst[name] = value
    return worst


def worst_first(items: Sequence[SheetItem]) -> list[float]:
    """For each item a figure, larger is worse: the failing scores, then its worst standing within the run.

    The whole part counts failing scores. The fraction is the largest share, over the item's scores, of items in the
    run that do better: scores have no common scale, but standings have.
    """
    tables = [
        {name: value for name, value in item_scores(item).items() if name not in UNJUDGED} for item in items
    ]
    columns: dict[str, list[float]] = {}
    for table in tables:
        for name, value in table.items():
            columns.setdefault(name, []).append(badness(name, value))
    for column in columns.values():
        column.sort()
    return [_failures(i) + _standing(t, columns) for i, t in zip(items, tables, strict=True)]


def _failures(item: SheetItem) -> int:
    return sum(len(failing(region.scores, region.reasons)) for region in item.regions)


def _standing(table: Mapping[str, float], columns: Mapping[str, list[float]]) -> float:
    shares = (bisect_left(columns[n], badness(n, v)) / (len(columns[n]) + 1) for n, v in table.items())
    return max(shares, default=0.0)
