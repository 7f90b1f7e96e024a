"""The rows and the summary of bench `masks`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np

from flows.bench.masks.pointing import Pointed

T = TypeVar("T")
FROM: Final = 2
"""Masks that are off by less, px, are not expected to be found out: an object's edge is itself a pixel or two wide."""
SOUND: Final = ("exact", "no object", "exact with shadow")
"""Masks that must stay as they are."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One mask."""

    fault: str
    by: int
    """px."""
    surface: str
    state: str
    """What its rim said; `off` is put right, `doubtful` reported."""
    before: float
    """Intersection over union with the object, as given …"""
    after: float
    """… and as put right."""
    psnr: tuple[float, float]
    """Of the removal with either, dB; 0 where it was not made."""


def rows(judged: Sequence[Judged], outlines: Sequence[Pointed]) -> list[dict[str, Any]]:
    """A row a fault, and one a way of pointing."""
    kinds = dict.fromkeys((one.fault, one.by) for one in judged)
    found = [_row(f"{fault} {by} px" if by else fault, [j for j in judged if (j.fault, j.by) == (fault, by)])
             for fault, by in kinds]  # fmt: skip
    for way in dict.fromkeys(one.way for one in outlines):
        mine = [one for one in outlines if one.way == way]
        found.append(_row(f"outlined from a {way}", []) | {
            "masks": len(mine), "iou_after": _mean(mine, lambda p: p.iou),
            "reported": _mean(mine, lambda p: float(p.refused)),
        })  # fmt: skip
    return found


def _row(name: str, mine: Sequence[Judged]) -> dict[str, Any]:
    filled = [one for one in mine if one.psnr[0]]
    return {
        "mask": name, "masks": len(mine), "put_right": _mean(mine, lambda j: float(j.state == "off")),
        "reported": _mean(mine, lambda j: float(j.state == "doubtful")),
        "iou_before": _mean(mine, lambda j: j.before), "iou_after": _mean(mine, lambda j: j.after),
        "psnr_before_db": _mean(filled, lambda j: j.psnr[0]), "psnr_after_db": _mean(filled, lambda j: j.psnr[1]),
    }  # fmt: skip


def summary(judged: Sequence[Judged], outlines: Sequence[Pointed]) -> dict[str, Any]:
    """Rates over all masks that are off by FROM px and more, false ones over those that are not, and what pointing gives."""
    off = [one for one in judged if one.fault not in SOUND and one.by >= FROM]
    sound = [one for one in judged if one.fault in SOUND]
    filled = [one for one in off if one.psnr[0]]
    boxes, clicks = ([one for one in outlines if one.way == way] for way in ("box", "click"))
    return {
        "caught": _mean(off, lambda j: float(j.state in ("off", "doubtful"))),
        "put_right": _mean(off, lambda j: float(j.state == "off")),
        "made_worse": _mean(off, lambda j: float(j.after < j.before - 0.005)),
        "iou_before": _mean(off, lambda j: j.before), "iou_after": _mean(off, lambda j: j.after),
        "psnr_before_db": _mean(filled, lambda j: j.psnr[0]), "psnr_after_db": _mean(filled, lambda j: j.psnr[1]),
        "false_corrections": _mean(sound, lambda j: float(j.state == "off")),
        "false_reports": _mean(sound, lambda j: float(j.state == "doubtful")),
        "box_iou": _mean(boxes, lambda p: p.iou), "box_iou_median": _median(boxes),
        "click_iou": _mean(clicks, lambda p: p.iou), "click_iou_median": _median(clicks),
        "outline_seconds": _mean(outlines, lambda p: p.seconds),
    }  # fmt: skip


def _mean(items: Sequence[T], value: Callable[[T], float]) -> float:
    return float(np.mean([value(one) for one in items])) if items else 0.0


def _median(outlines: Sequence[Pointed]) -> float:
    return float(np.median([one.iou for one in outlines])) if outlines else 0.0
