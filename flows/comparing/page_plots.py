"""The drawings of a comparison's page: intervals as a forest plot, and quality beside cost. Geometry only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from flows.comparing.model import Comparison, Metric, PairedInterval
from flows.sheet.text import number

LABEL, PLOT, FIGURES, ROW = 210, 400, 310, 26
"""px of a forest plot: names, intervals, figures, and a row's height."""
WIDTH = LABEL + PLOT + FIGURES
SIDE, EDGE, NAME = 360, 54, 14
"""px of the drawing of quality beside cost, and the height of a name in it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One pair: where its interval lies, and its figures."""

    y: float
    label: str
    low: float
    middle: float
    high: float
    says: str
    """`first`, `second`, `same` or `open`: what it is drawn as."""
    figures: str


@dataclass(frozen=True, slots=True)
class Forest:
    """All pairs on one metric."""

    metric: Metric
    better: str
    """Which way is better, in words."""
    height: float
    zero: float
    band: tuple[float, float]
    """Left edge and width of the differences too small to matter."""
    ticks: tuple[tuple[float, str], ...]
    lines: tuple[Line, ...]


def forests(comparison: Comparison) -> list[Forest]:
    """One a metric, in the comparison's order."""
    return [
        _forest(metric, [one for one in comparison.intervals if one.metric == metric.name])
        for metric in comparison.metrics
    ]


def _forest(metric: Metric, pairs: Sequence[PairedInterval]) -> Forest:
    """The scale holds every interval, zero, and the band of differences too small to matter."""
    reach = max([abs(v) for one in pairs for v in (one.low, one.high)] + [metric.least * 1.5]) * 1.08
    unit = f" {metric.unit}" if metric.unit else ""

    def x(value: float) -> float:
        return round(LABEL + PLOT / 2 * (1 + value / reach), 1)

    lines = tuple(
        Line(
            30 + ROW * n, f"{one.b} − {one.a}", x(one.low), x(one.difference), x(one.high), _says(one, metric),
            f"{one.difference:+.3g} ({one.low:+.3g} to {one.high:+.3g}){unit}, p {_p(one.corrected)}",
        )
        for n, one in enumerate(pairs)
    )  # fmt: skip
    step = _step(reach)
    marks = [k * step for k in range(-int(reach / step), int(reach / step) + 1)]
    return Forest(
        metric, "right is better for the first named" if metric.direction == "higher" else "left is better for the first named",
        30 + ROW * len(pairs) + 24, x(0.0), (x(-metric.least), round(x(metric.least) - x(-metric.least), 1)),
        tuple((x(mark), f"{mark:+.3g}" if mark else "0") for mark in marks), lines,
    )  # fmt: skip


def _says(one: PairedInterval, metric: Metric) -> str:
    if one.says in ("a", "b"):
        return "second" if one.says == "a" else "first"
    return "same" if one.says == "same" else "open"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _step(reach: float) -> float:
    """A round distance between ticks, three or so on each side."""
    raw = reach / 3
    power = 10 ** math.floor(math.log10(raw)) if raw > 0 else 1.0
    return float(next((m * power for m in (1, 2, 5) if m * power >= raw), 10 * power))


@dataclass(frozen=True, slots=True)
class Dot:
    """One variant."""

    x: float
    y: float
    name: str
    said: str
    left: bool
    """Whether its name stands left of it, for want of room."""
    name_y: float
    """Where its name stands: beside it, or lower where another's is."""


def _free(y: float, others: Sequence[Dot]) -> float:
    """The nearest place from y down at which no other name stands."""
    taken = sorted(dot.name_y for dot in others)
    for at in taken:
        if abs(at - y) < NAME:
            y = at + NAME
    return y


@dataclass(frozen=True, slots=True)
class Scatter:
    """Quality (up is better) beside seconds a picture (left is better)."""

    title: str
    dots: tuple[Dot, ...]
    x_ends: tuple[str, str]
    y_ends: tuple[str, str]


def quality_beside_cost(comparison: Comparison) -> Scatter | None:
    """On the first deciding metric; None where no variant was timed or has a mean."""
    metric = next((m for m in comparison.metrics if m.deciding), None)
    known = [
        (v, v.cost.median, v.means[metric.name])
        for v in comparison.variants
        if metric and v.cost.median is not None and metric.name in v.means
    ]
    if metric is None or len(known) < 2:
        return None
    xs, ys = [k[1] for k in known], [k[2] for k in known]
    up = metric.direction == "higher"

    def place(value: float, low: float, high: float) -> float:
        return (value - low) / (high - low) if high > low else 0.5

    dots: list[Dot] = []
    for variant, x, y in known:
        right = place(x, min(xs), max(xs))
        top = place(y, min(ys), max(ys)) if up else 1 - place(y, min(ys), max(ys))
        down = round(20 + (1 - top) * (SIDE - EDGE - 50), 1)
        dots.append(Dot(
            round(EDGE + 20 + right * (SIDE - EDGE - 50), 1), down, variant.name,
            f"{number(y)} {metric.unit}".strip() + f" at {number(x)} s", right > 0.55, _free(down, dots),
        ))  # fmt: skip
    ends = (min(ys), max(ys)) if up else (max(ys), min(ys))
    return Scatter(
        metric.title, tuple(dots), (f"{number(min(xs))} s", f"{number(max(xs))} s"), (number(ends[0]), number(ends[1]))
    )  # fmt: skip
