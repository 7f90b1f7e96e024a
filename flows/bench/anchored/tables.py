"""The ablation table: what each variant scores, and what each ingredient is worth on the same holes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from flows.bench.anchored.variants import BLURRED, DEFAULT, FUSED

Row = dict[str, Any]
Floats = NDArray[np.floating[Any]]
SCORES: Final = ("psnr", "ssim", "perceptual", "edges")
_DRAWS: Final = 2000


@dataclass(frozen=True, slots=True)
class Score:
    """One fill of one hole; None where a score cannot be had."""

    psnr: float
    ssim: float
    perceptual: float | None
    edges: float | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Measured:
    """One hole."""

    id: str
    hole_kind: str
    scores: Mapping[str, Score]


def rows(found: Sequence[Measured]) -> list[Row]:
    """A row a variant: means over all holes, by kind of hole, and the difference to the anchored fill as it comes."""
    kinds = list(dict.fromkeys(m.hole_kind for m in found))
    return [_row(name, found, kinds) for name in found[0].scores]


def _row(name: str, found: Sequence[Measured], kinds: Sequence[str]) -> Row:
    row: Row = {"variant": name, "holes": len(found)}
    row |= {score: mean(found, name, score) for score in SCORES}
    row["seconds"] = float(np.mean([m.scores[name].seconds for m in found]))
    for kind in kinds:
        these = [m for m in found if m.hole_kind == kind]
        row |= {f"{kind}_{score}": mean(these, name, score) for score in ("psnr", "perceptual", "edges")}
    for score in SCORES:
        row[f"{score}_against_default"], row[f"{score}_95"] = difference(found, name, DEFAULT, score)
    return row


def mean(found: Sequence[Measured], name: str, score: str) -> float | None:
    """Over the holes where the score could be had; None without any."""
    values = [v for m in found if (v := getattr(m.scores[name], score)) is not None]
    return float(np.mean(values)) if values else None


def difference(
    found: Sequence[Measured], mine: str, other: str, score: str
) -> tuple[float | None, list[float] | None]:
    """Mean over holes of mine − other, and its 95 % over holes drawn anew with a fixed seed."""
    pairs = [(getattr(m.scores[mine], score), getattr(m.scores[other], score)) for m in found]
    apart = np.array([a - b for a, b in pairs if a is not None and b is not None])
    return _interval(apart, np.mean) if len(apart) else (None, None)


def _interval(values: Floats, of: Callable[[Floats], Any]) -> tuple[float, list[float]]:
    drawn = np.random.default_rng(0).integers(0, len(values), (_DRAWS, len(values)))
    low, high = np.quantile([float(of(values[draw])) for draw in drawn], (0.025, 0.975))
    return float(of(values)), [float(low), float(high)]


def summary(found: Sequence[Measured]) -> Row:
    """The anchored fill against the exemplar fill, and fusion over a fill that is right but blurred."""
    out: Row = {"holes": len(found)}
    for score in SCORES:
        value, interval = difference(found, DEFAULT, "exemplar", score)
        out |= {f"{score}_over_exemplar": value, f"{score}_over_exemplar_95": interval}
    out["perceptual_ratio_exemplar"] = ratio(found, DEFAULT, "exemplar")
    out["perceptual_ratio_fusion"] = ratio(found, FUSED, BLURRED)
    out["psnr_fusion_db"] = difference(found, FUSED, BLURRED, "psnr")[0]
    return out


def ratio(found: Sequence[Measured], mine: str, other: str) -> float | None:
    """Mean perceptual distance in the other's; None where it was not measured."""
    a, b = mean(found, mine, "perceptual"), mean(found, other, "perceptual")
    return a / b if a is not None and b else None
