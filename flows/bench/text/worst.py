"""The ten worst cases as a page: before, after, truth, the difference, and a sentence on why, from the facts alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flows.bench.page import Card, data_uri, enlarged_difference
from flows.bench.page import write_page as write_worst
from flows.bench.text.case import Case
from flows.bench.text.edited import opened
from flows.bench.text.measured import Measured
from flows.sheet.render import thumbnail

Levels = NDArray[np.uint8]
_SIDE = 520
_CHOSEN = (
    "Chosen by loss against rapidocr's boxes with Telea, text that can still be seen, and print of the picture's own that was "
    "lost."
)
_LINE, _PRINT = 6.0, 6.0
"""dB that a line still there, or a box of print lost, weighs as much as."""


def badness(m: Measured) -> float:
    """The higher the worse: dB lost against the baseline, and what is left or lost that should not be."""
    loss = -m.gain if m.lines else 0.0
    left = _LINE * (m.residual or 0) / m.lines if m.lines else 0.0
    lost = _PRINT * (m.scene - m.kept) / m.scene if m.scene else 0.0
    return loss + left + lost


def worst(found: Sequence[Measured], count: int = 10) -> list[Measured]:
    """The worst, worst first."""
    return sorted(found, key=lambda m: (-badness(m), m.id))[:count]


def why(m: Measured) -> str:
    """One sentence of facts."""
    parts = [_mask(m), _pixels(m), _left(m), _print(m)]
    if m.outcome in ("needs-review", "blocked", "failed", "rejected"):
        parts.append(f"it ended as {m.outcome}: {m.reason.split(';')[0][:120]}")
    if m.far:
        parts.append(f"{m.far} px changed far from the overlay")
    return "; ".join(part for part in parts if part) + "."


def _mask(m: Measured) -> str:
    if not m.lines:
        return ""
    if m.coverage < 0.02:
        return "The overlay was not found at all"
    if m.found < m.lines:
        return f"The masks hold only {m.coverage:.0%} of the overlay ({', '.join(dict.fromkeys(m.masks)) or 'no region'})"
    return f"The overlay was found whole ({', '.join(dict.fromkeys(m.masks))})"


def _pixels(m: Measured) -> str:
    if not m.lines:
        return ""
    who = ", ".join(dict.fromkeys(m.engines)) or "nothing"
    if m.gain < 0:
        return f"what {who} put there is {-m.gain:.1f} dB worse than Telea in boxes"
    return f"what {who} put there is {m.gain:.1f} dB better than Telea in boxes"


def _left(m: Measured) -> str:
    if m.read_again:
        return f"{m.read_again} of {m.lines} lines can still be seen, {m.ghost:.0%} of the overlay's contrast is left"
    return f"{m.ghost:.0%} of the overlay's contrast is left" if m.lines and m.ghost > 0.1 else ""


def _print(m: Measured) -> str:
    return (
        f"{m.scene - m.kept} of {m.scene} boxes of the picture's own print were touched"
        if m.kept < m.scene
        else ""
    )


def write_page(
    found: Sequence[Measured], case_of: Callable[[str], Case], output_of: Callable[[str], bytes], path: Path
) -> None:
    """The page as one file that asks the network for nothing. found: worst first."""
    cards = [_card(m, case_of(m.id), opened(output_of(m.id))) for m in found]
    write_worst(path, f"Overlay text removal: the {len(cards)} worst cases", _CHOSEN, cards)


def _card(m: Measured, case: Case, after: Levels) -> Card:
    label, off = enlarged_difference(after, case.truth)
    shown = {"before": case.edited, "after": after, "truth": case.truth, label: off}
    return Card(m.id, (why(m), *_figures(m)), tuple((name, _inlined(p, name)) for name, p in shown.items()))


def _figures(m: Measured) -> tuple[str, ...]:
    if not m.lines:
        return ()
    return (
        f"Inside the strokes: {m.input_db:.1f} dB untouched, {m.baseline_db:.1f} dB baseline, {m.ours_db:.1f} dB here. "
        f"Outcome: {m.outcome}.",
    )


def _inlined(picture: Levels, label: str) -> str:
    small = thumbnail(picture, _SIDE, label)
    return data_uri(small.data, small.media_type)
