"""The scores as a table for people and as a few figures for tracking."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING

from flows.demo.score import FAR, Score

if TYPE_CHECKING:
    from rich.table import Table


def table(scores: Sequence[Score], outcomes: Mapping[str, str]) -> Table:
    """One row an item; fits 110 columns. `outcomes`: item id to its outcome."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    made = Table(
        title="Scores against the known truth", caption=_CAPTION, caption_justify="left", box=SIMPLE_HEAD
    )
    made.add_column("id", no_wrap=True)
    made.add_column("what")
    made.add_column("outcome", no_wrap=True)
    for heading in ("\ninput", "boxes+\nTelea", "\nours", "\ngain", "px off\nzone", f"px >{FAR}\naway"):
        made.add_column(heading, justify="right", no_wrap=True)
    made.add_column("note", no_wrap=True)
    for one in scores:
        made.add_row(one.id, one.title, outcomes.get(one.id, "-"), *_cells(one), one.note)
    return made


def summary(scores: Sequence[Score]) -> dict[str, float]:
    """Mean PSNR and summed changes by side of the split and by intent: `score.remove_text.psnr`, `….gain`, …

    A mean runs over the items that have the figure; `….items` counts those with an output, `….of` all."""
    figures: dict[str, float] = {}
    groups = sorted({(one.split, one.intent) for one in scores if one.split is not None})
    for side, intent in groups:
        group = [one for one in scores if (one.split, one.intent) == (side, intent)]
        figures |= {f"{side}.{intent}.{name}": value for name, value in _figures(group).items()}
    return figures


def _figures(group: Sequence[Score]) -> dict[str, float]:
    figures: dict[str, float] = {
        "items": float(sum(one.psnr is not None for one in group)), "of": float(len(group))
    }  # fmt: skip
    for name, (read, reduce) in _READ.items():
        values = [value for one in group if (value := read(one)) is not None]
        if values:
            figures[name] = reduce(values)
    return figures


_CAPTION = (
    "PSNR in dB inside the true overlay or object; of the whole picture for upscaling (input = bicubic, then "
    "Lanczos) and cleaning (input, then non-local means). Gain: over boxes+Telea. Px off zone: changed "
    f"outside the reported write zones; px >{FAR} away: farther than {FAR} px from the true overlay and the "
    "given mask. By block: a JPEG, compared outside whole blocks with the untouched input encoded alike. "
    "A dash: cannot be told, or does not apply."
)
_Read = Callable[[Score], "float | None"]
_READ: dict[str, tuple[_Read, Callable[[list[float]], float]]] = {
    "input_psnr": (lambda one: one.input_psnr, fmean),
    "baseline_psnr": (lambda one: one.baseline_psnr, fmean),
    "psnr": (lambda one: one.psnr, fmean),
    "gain": (lambda one: one.gain, fmean),
    "changed_outside_zones": (lambda one: one.changed_outside_zones, lambda values: float(sum(values))),
    "changed_far": (lambda one: one.changed_far, lambda values: float(sum(values))),
}


def _cells(one: Score) -> list[str]:
    levels = [_decibels(value) for value in (one.input_psnr, one.baseline_psnr, one.psnr)]
    gain = "-" if one.gain is None else f"{one.gain:+.1f}"
    return [*levels, gain, _count(one.changed_outside_zones), _count(one.changed_far)]


def _decibels(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _count(value: int | None) -> str:
    return "-" if value is None else str(value)
