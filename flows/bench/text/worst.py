"""The ten worst cases as a page: before, after, truth, the difference, and a sentence on why, from the facts alone."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from numpy.typing import NDArray

from flows.bench.text.case import Case
from flows.bench.text.edited import opened
from flows.bench.text.measured import Measured
from flows.sheet.render import thumbnail

Levels = NDArray[np.uint8]
_SIDE, _ENLARGED = 520, 4
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
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, autoescape=True
    )
    path.write_text(environment.get_template("worst.html.j2").render(cards=cards), encoding="utf-8")


def _card(m: Measured, case: Case, after: Levels) -> dict[str, object]:
    off = np.abs(after.astype(np.int16) - case.truth) * _ENLARGED
    shown = {
        "before": case.edited, "after": after, "truth": case.truth,
        f"difference × {_ENLARGED}": np.minimum(off, 255).astype(np.uint8),
    }  # fmt: skip
    return {"m": m, "why": why(m), "pictures": [(label, _inlined(p, label)) for label, p in shown.items()]}


def _inlined(picture: Levels, label: str) -> str:
    small = thumbnail(picture, _SIDE, label)
    return f"data:{small.media_type};base64,{base64.b64encode(small.data).decode()}"
