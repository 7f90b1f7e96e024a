"""An observed sampling made ready for the template: pictures banked, curves as points of a drawing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from flows.sheet.model import SheetCurve, SheetObservation
from flows.sheet.pictures import Banked, PictureBank

LEFT, RIGHT, TOP, BOTTOM = 30, 350, 8, 118
"""The chart's field in its own units, of 360 × 140."""
NEAR = 0.1
"""Where a part counts as settled: a relative distance to its end."""
NAMES = ("distance", "low", "high")


@dataclass(frozen=True)
class Line:
    """One curve of the chart."""

    name: str
    words: str
    runs: tuple[str, ...]
    """Points `x,y x,y …`, a run for each stretch without a gap."""
    mark: tuple[float, float] | None
    """Where it settled."""
    settled: str
    """The same in words; empty where it is not known."""


@dataclass(frozen=True)
class Chart:
    """The settling curves."""

    lines: tuple[Line, ...]
    near: float
    """Height of the line below which a part counts as settled."""
    one: float
    """Height of 1."""
    said: str
    """All of it in words, for who cannot see it."""


@dataclass(frozen=True)
class ObservationView:
    """A sampling with its banked pictures and its chart."""

    observation: SheetObservation
    words: tuple[tuple[str, str, Banked], ...]
    strip: tuple[Banked, ...]
    chart: Chart | None


def observation_view(one: SheetObservation, bank: PictureBank) -> ObservationView:
    """Raises ValueError for a curve of a name that is none of ours: it becomes a class in the page."""
    for curve in one.curves:
        if curve.name not in NAMES:
            raise ValueError(f"{curve.name!r} is no curve that is drawn")
    words = tuple((text, most, bank.add(picture)) for text, most, picture in one.words)
    return ObservationView(one, words, tuple(bank.add(p) for p in one.strip), _chart(one))


def _chart(one: SheetObservation) -> Chart | None:
    if not one.curves:
        return None
    finite = [v for curve in one.curves for v in curve.values if math.isfinite(v)]
    top = max([1.0, *finite])
    lines = tuple(_line(curve, top, one.steps) for curve in one.curves)
    settled = [f"{line.words} {line.settled}" for line in lines if line.settled]
    said = f"Distance of the expected picture from the last one over {one.steps} steps. {'. '.join(settled)}"
    return Chart(lines, _height(NEAR, top), _height(1.0, top), said)


def _line(curve: SheetCurve, top: float, steps: int) -> Line:
    points = [_point(n, value, len(curve.values), top) for n, value in enumerate(curve.values)]
    mark = points[curve.settled] if curve.settled is not None and curve.settled < len(points) else None
    settled = f"settled from step {curve.settled + 1} of {steps}" if curve.settled is not None else ""
    return Line(curve.name, curve.words, tuple(_runs(points)), mark, settled)


def _point(n: int, value: float, count: int, top: float) -> tuple[float, float] | None:
    if not math.isfinite(value):
        return None
    return round(LEFT + (RIGHT - LEFT) * n / max(count - 1, 1), 1), _height(value, top)


def _height(value: float, top: float) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * value / top, 1)


def _runs(points: Sequence[tuple[float, float] | None]) -> list[str]:
    runs: list[list[str]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(f"{point[0]},{point[1]}")
    return [" ".join(run) for run in runs if run]
