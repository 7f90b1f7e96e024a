"""Rows by kind, and the summary over the fixed mix."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from flows.bench.text.measured import Measured

Row = dict[str, Any]
SEMI, SEMI_JPEG = "semi-transparent", "semi-transparent jpeg"
REAL = "(real)"


def rows(found: Sequence[Measured]) -> list[Row]:
    """One row a kind, in the order of the cases."""
    return [row(kind, [m for m in found if m.kind == kind]) for kind in dict.fromkeys(m.kind for m in found)]


def row(kind: str, found: Sequence[Measured]) -> Row:
    """The figures of one kind."""
    lines = sum(m.lines for m in found)
    return {
        "kind": kind, "cases": len(found), "input_db": _mean(m.input_db for m in found),
        "baseline_db": _mean(m.baseline_db for m in found), "ours_db": _mean(m.ours_db for m in found),
        "gain_db": _mean(m.gain for m in found), "worst_gain_db": min((m.gain for m in found if m.lines), default=None),
        "found": _share((m.found for m in found), lines), "residual_rate": _share((m.residual for m in found), lines),
        "read_again": _share((m.read_again for m in found), lines),
        "baseline_residual": _share((m.baseline_residual for m in found), lines),
        "detector_sees": _share((m.seen for m in found), lines), "ghost": _mean(m.ghost for m in found if m.lines),
        "baseline_ghost": _mean(m.baseline_ghost for m in found if m.lines),
        "scene_kept": _share((m.kept for m in found), sum(m.scene for m in found)),
        "unchanged": sum(m.outcome == "unchanged" for m in found), "review": sum(m.outcome == "needs-review" for m in found),
    }  # fmt: skip


def summary(found: Sequence[Measured]) -> Row:
    """Over the fixed mix: kinds weigh the same, however many cases they have; shares are over all lines."""
    mix = [m for m in found if REAL not in m.kind]
    table = [r for r in rows(mix) if r["gain_db"] is not None]
    lines = sum(m.lines for m in mix)
    semi_jpeg = [m for m in mix if m.kind == SEMI_JPEG]
    return {
        "cases": len(mix), "kinds": len(table), "psnr_gain_db": _mean(r["gain_db"] for r in table),
        "ours_db": _mean(r["ours_db"] for r in table), "baseline_db": _mean(r["baseline_db"] for r in table),
        "semi_transparent_lossless_db": _mean(m.ours_db for m in mix if m.kind == SEMI),
        "semi_transparent_jpeg_gap_db": _mean(m.unmixed_db - m.ours_db for m in semi_jpeg),
        "repeated_db": _mean(m.ours_db for m in mix if m.kind.startswith("repeated")),
        "repeated_4_db": _mean(m.ours_db for m in mix if m.kind == "repeated over 4"),
        "repeated_8_db": _mean(m.ours_db for m in mix if m.kind == "repeated over 8"),
        "residual_rate": _share((m.residual for m in mix), lines),
        "residual_read_again": _share((m.read_again for m in mix), lines),
        "residual_baseline": _share((m.baseline_residual for m in mix), lines),
        "detector_sees": _share((m.seen for m in mix), lines),
        "ghost": _mean(m.ghost for m in mix if m.lines), "ghost_baseline": _mean(m.baseline_ghost for m in mix if m.lines),
        "overlay_found": _share((m.found for m in mix), lines),
        "scene_text_kept": _share((m.kept for m in found), sum(m.scene for m in found)),
        "scene_text_kept_rendered": _share((m.kept for m in mix), sum(m.scene for m in mix)),
        "changed_outside_zones": sum(m.outside for m in found), "changed_far": sum(m.far for m in mix if m.lines),
        "cases_changed_far": sum(m.far > 0 for m in mix if m.lines),
    }  # fmt: skip


def _mean(values: Iterable[float | None]) -> float | None:
    known = [v for v in values if v is not None and not math.isnan(v)]
    return float(np.mean(known)) if known else None


def _share(counts: Iterable[int | None], of: int) -> float | None:
    known = list(counts)
    if not of or any(count is None for count in known):
        return None
    return sum(count or 0 for count in known) / of
