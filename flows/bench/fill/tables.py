"""Rows by kind of hole and ground, and the summary: ours against the best single engine of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from flows.bench.fill.fillers import RIVALS

Row = dict[str, Any]
OURS, FINISHED = "ours", "finished"
_DRAWS: Final = 2000


@dataclass(frozen=True, slots=True)
class Score:
    """One fill of one hole."""

    psnr: float
    ssim: float
    perceptual: float | None


@dataclass(frozen=True, slots=True)
class Measured:
    """One hole."""

    id: str
    hole_kind: str
    ground: str
    engine: str
    """The rung that was picked."""
    scores: Mapping[str, Score]
    """`ours`, `finished` (blended, with grain), and every single engine."""


def rows(found: Sequence[Measured]) -> list[Row]:
    """A row a kind of hole and ground, in the order they come."""
    cells = dict.fromkeys((m.hole_kind, m.ground) for m in found)
    return [_row(*cell, [m for m in found if (m.hole_kind, m.ground) == cell]) for cell in cells]


def _row(kind: str, ground: str, found: Sequence[Measured]) -> Row:
    picked = [m.engine for m in found]
    return {
        "hole": kind, "ground": ground, "count": len(found),
        "picked": ", ".join(f"{name} {picked.count(name)}" for name in dict.fromkeys(sorted(picked))),
        **{f"{name}_psnr": mean(found, name, "psnr") for name in found[0].scores},
        **{f"{name}_ssim": mean(found, name, "ssim") for name in found[0].scores},
        **{f"{name}_perceptual": mean(found, name, "perceptual") for name in found[0].scores},
    }  # fmt: skip


def summary(found: Sequence[Measured]) -> Row:
    """Fidelity is judged on thin holes and flat grounds, cell by cell; likeness to the eye on blobs and large holes of textured
    ground, and on all large holes. The worst cell and the worse of the two count."""
    faithful = [cell for cell in _cells(found) if cell[0].hole_kind == "thin" or cell[0].ground == "flat"]
    textured = [m for m in found if m.ground == "textured" and m.hole_kind != "thin"]
    large = [m for m in found if m.hole_kind == "large"]
    singles = tuple(name for name in found[0].scores if name not in (OURS, FINISHED))
    return {
        "holes": len(found),
        "psnr_vs_best_classical_db": min(_lead(cell, "psnr", OURS, RIVALS) for cell in faithful),
        "ssim_vs_best_classical": min(_lead(cell, "ssim", OURS, RIVALS) for cell in faithful),
        "psnr_vs_best_single_db": min(_lead(cell, "psnr", OURS, singles) for cell in faithful),
        "ssim_vs_best_single": min(_lead(cell, "ssim", OURS, singles) for cell in faithful),
        "psnr_finished_vs_best_classical_db": min(_lead(cell, "psnr", FINISHED, RIVALS) for cell in faithful),
        **_worse("perceptual_ratio", OURS, (textured, large)),
        **_worse("perceptual_ratio_finished", FINISHED, (textured, large)),
        "perceptual_ratio_textured": ratio(textured, OURS), "perceptual_ratio_large": ratio(large, OURS),
    }  # fmt: skip


def _cells(found: Sequence[Measured]) -> list[list[Measured]]:
    cells = dict.fromkeys((m.hole_kind, m.ground) for m in found)
    return [[m for m in found if (m.hole_kind, m.ground) == cell] for cell in cells]


def mean(found: Sequence[Measured], name: str, score: str) -> float | None:
    """Over holes; None where it was not measured."""
    values = [getattr(m.scores[name], score) for m in found]
    return None if None in values or not values else float(np.mean(values))


def _lead(found: Sequence[Measured], score: str, mine: str, rivals: Iterable[str]) -> float:
    """By how much the mean is above the best rival's mean."""
    own, best = mean(found, mine, score), [mean(found, name, score) for name in rivals]
    assert own is not None
    return own - max(value for value in best if value is not None)


def ratio(found: Sequence[Measured], mine: str) -> float | None:
    """Mean perceptual distance over the best rival's; None where it was not measured."""
    own, theirs = mean(found, mine, "perceptual"), [mean(found, name, "perceptual") for name in RIVALS]
    known = [value for value in theirs if value is not None]
    if own is None or not known:
        return None
    if min(known) == 0:  # as where every hole lies in one colour
        return 1.0 if own == 0 else float("inf")
    return own / min(known)


def _worse(key: str, mine: str, groups: Sequence[Sequence[Measured]]) -> Row:
    """The greater ratio of the groups, and its 95 % over holes drawn anew, with a fixed seed."""
    values = [(value, group) for group in groups if (value := ratio(group, mine)) is not None]
    if not values:
        return {key: None, f"{key}_95": None}
    value, group = max(values, key=lambda pair: pair[0])
    return {key: value, f"{key}_95": _interval(group, lambda drawn: ratio(drawn, mine))}


def _interval(found: Sequence[Measured], of: Callable[[Sequence[Measured]], float | None]) -> list[float]:
    rng = np.random.default_rng(0)
    drawn = [of([found[i] for i in rng.integers(0, len(found), len(found))]) for _ in range(_DRAWS)]
    low, high = np.quantile([value for value in drawn if value is not None], (0.025, 0.975))
    return [float(low), float(high)]
