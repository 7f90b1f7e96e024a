"""Rows by shape, fault and form of the fill, and the summary over all holes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from flows.bench.seam.blenders import OURS, RIVALS

Row = dict[str, Any]
_DRAWS: Final = 2000


@dataclass(frozen=True, slots=True)
class Measured:
    """One hole."""

    id: str
    shape: str
    width: int
    fault: str
    form: str
    grad: Mapping[str, float]
    """Blend to the seam's gradient error, levels of 255."""
    leak: Mapping[str, float]
    """Blend to the largest share of the object's colour left in a pixel."""
    leaking: Mapping[str, int]
    """Blend to the pixels of the hole that the object changes."""
    outside: int
    """Pixels that ours changed outside the write zone."""


def rows(found: Sequence[Measured]) -> list[Row]:
    """A row a shape, a fault and a form, and one for all."""
    groups: list[tuple[str, list[Measured]]] = []
    for name in ("shape", "fault", "form"):
        values = dict.fromkeys(getattr(m, name) for m in found)
        groups += [(f"{name} {v}", [m for m in found if getattr(m, name) == v]) for v in values]
    return [_row(name, group) for name, group in (*groups, ("all", list(found)))]


def _row(name: str, found: Sequence[Measured]) -> Row:
    return {
        "holes": name, "count": len(found),
        **{f"{blend}_grad": _mean(found, blend) for blend in (OURS, *RIVALS)},
        "below_paste": below(found, "paste"), "below_seamless": below(found, "seamless"),
        "below_feather": below(found, "feather"), "leak": max(m.leak[OURS] for m in found),
    }  # fmt: skip


def summary(found: Sequence[Measured]) -> Row:
    """Over all holes; leak over strokes, and over all."""
    strokes = [m for m in found if m.shape == "stroke"]
    return {
        "holes": len(found), "grad": _mean(found, OURS),
        **{f"grad_{blend}": _mean(found, blend) for blend in RIVALS},
        **{f"grad_below_{blend}": below(found, blend) for blend in RIVALS},
        **{f"grad_below_{blend}_95": interval(found, blend) for blend in RIVALS},
        "holes_worse_than_paste": sum(m.grad[OURS] > m.grad["paste"] for m in found),
        "leak": max(m.leak[OURS] for m in strokes), "leak_pixels": sum(m.leaking[OURS] for m in strokes),
        "leak_any_shape": max(m.leak[OURS] for m in found), "strokes": len(strokes),
        **{f"leak_{blend}": float(np.mean([m.leak[blend] for m in strokes])) for blend in RIVALS},
        "changed_outside": sum(m.outside for m in found),
    }  # fmt: skip


def below(found: Sequence[Measured], rival: str) -> float:
    """By what share ours is below a rival, means over holes."""
    return 1 - _mean(found, OURS) / _mean(found, rival)


def interval(found: Sequence[Measured], rival: str) -> list[float]:
    """95 % of `below` over holes drawn anew, with a fixed seed."""
    pairs = np.array([(m.grad[OURS], m.grad[rival]) for m in found])
    drawn = pairs[np.random.default_rng(0).integers(0, len(pairs), (_DRAWS, len(pairs)))].mean(axis=1)
    return [float(v) for v in np.quantile(1 - drawn[:, 0] / drawn[:, 1], (0.025, 0.975))]


def _mean(found: Sequence[Measured], blend: str) -> float:
    return float(np.mean([m.grad[blend] for m in found]))
