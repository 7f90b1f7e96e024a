"""The page: curves, the table, and crops of the hardest cases side by side; it asks the network for nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from flows.bench.page import Card
from flows.bench.upscale.curve import PUBLISHED, Point
from flows.bench.upscale.plot import Series, plot


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawing and what it shows."""

    title: str
    said: str
    svg: str


@dataclass(frozen=True, slots=True)
class Lines:
    """A table."""

    title: str
    heads: Sequence[str]
    lines: Sequence[Sequence[str]]


def write(path: Path, plots: Sequence[Plot], tables: Sequence[Lines], cards: Sequence[Card]) -> None:
    """One file."""
    where = FileSystemLoader(Path(__file__).parent)
    environment = Environment(loader=where, undefined=StrictUndefined, autoescape=True)
    text = environment.get_template("report.html.j2").render(plots=plots, tables=tables, cards=cards)
    path.write_text(text, encoding="utf-8")


def cost_plots(points: Sequence[Point]) -> list[Plot]:
    """By work, beside what is published, and by processor time."""
    if not points:
        return []
    groups = {
        label: [p for p in points if p.label == label] for label in dict.fromkeys(p.label for p in points)
    }
    work = [Series(label, [(p.work, p.db, _said(p)) for p in found]) for label, found in groups.items()]
    for name in ("ClassSR", "ARM-S"):
        theirs = [(p.work, p.db, p.label) for p in PUBLISHED if p.label.startswith(name)]
        work.append(Series(f"{name} (published, FLOPs)", theirs, joined=False, hollow=True))
    clock = [
        Series(label, [(p.clock or 0.0, p.db, _said(p)) for p in found]) for label, found in groups.items()
    ]
    return [
        Plot(
            "Work against quality",
            "A point a target. Published points are on their authors' own sets and networks: the axes are the same, the pictures are not.",
            plot(work, "work, % of the heavy network everywhere", "dB against the heavy network everywhere"),
        ),
        Plot(
            "Processor time against quality",
            "The same points by processor seconds, in the same process, one thread each: guards, routing and joining included.",
            plot(
                clock, "seconds, % of the heavy network everywhere", "dB against the heavy network everywhere"
            ),
        ),
    ]


def memory_plot(rows: Sequence[dict[str, Any]]) -> list[Plot]:
    """Peak memory over sizes."""
    if not rows:
        return []
    series = [
        Series("peak of the process", [_at(r, "peak_mb") for r in rows]),
        Series("the output alone", [_at(r, "output_mb") for r in rows]),
        Series("over engines, input and output", [_at(r, "over_output_mb") for r in rows]),
    ]
    drawn = plot(series, "megapixels of output", "MB")
    return [Plot("Memory", "Each size in a process of its own.", drawn)]


def lines(title: str, rows: Sequence[dict[str, Any]]) -> Lines:
    """A table of rows with the same keys."""
    heads = list(rows[0]) if rows else []
    return Lines(title, heads, [[_text(r[name]) for name in heads] for r in rows])


def _at(row: dict[str, Any], key: str) -> tuple[float, float, str]:
    return row["megapixels"], row[key], f"{row['megapixels']:.0f} MP: {row[key]:.0f} MB"


def _said(point: Point) -> str:
    return f"asked {point.target} dB: {point.db:+.3f} dB at {point.work:.0f} % of the work, {point.clock or 0:.0f} % of the time"


def _text(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
