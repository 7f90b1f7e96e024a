"""A plain scatter of shares against decibels, and a plain line plot, as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

WIDTH, HEIGHT = 860, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 240, 16, 48
COLOURS: Final = ("#4477aa", "#228833", "#ee6677", "#aa3377", "#ccbb44", "#66ccee")


@dataclass(frozen=True, slots=True)
class Series:
    """Points of one kind."""

    label: str
    points: Sequence[tuple[float, float, str]]
    """x, y, and what is said when the pointer rests on it."""
    joined: bool = True
    hollow: bool = False


@dataclass(frozen=True, slots=True)
class _Frame:
    low: tuple[float, float]
    high: tuple[float, float]

    def place(self, x: float, y: float) -> tuple[float, float]:
        across = (x - self.low[0]) / (self.high[0] - self.low[0])
        up = (y - self.low[1]) / (self.high[1] - self.low[1])
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)


def plot(series: Sequence[Series], x_label: str, y_label: str) -> str:
    """An SVG element."""
    frame = _frame(series)
    parts = [*_axes(frame, x_label, y_label)]
    for n, one in enumerate(series):
        parts += _drawn(frame, one, COLOURS[n % len(COLOURS)], n)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-family="system-ui, sans-serif" font-size="12">'
        f"{''.join(parts)}</svg>"
    )


def _frame(series: Sequence[Series]) -> _Frame:
    xs = [x for one in series for x, _, _ in one.points]
    ys = [y for one in series for _, y, _ in one.points]
    spare = (max(ys) - min(ys) or 1.0) * 0.08
    return _Frame((0.0, min(ys) - spare), (max(xs) * 1.04 or 1.0, max(ys) + spare))


def _axes(frame: _Frame, x_label: str, y_label: str) -> list[str]:
    (x0, y0), (x1, y1) = frame.place(*frame.low), frame.place(*frame.high)
    parts = [f'<path d="M{x0:.1f} {y1:.1f}V{y0:.1f}H{x1:.1f}" fill="none" stroke="#888"/>']
    for x in _ticks(frame.low[0], frame.high[0]):
        across, _ = frame.place(x, frame.low[1])
        parts.append(
            f'<text x="{across:.1f}" y="{y0 + 16:.1f}" text-anchor="middle" fill="#555">{x:g}</text>'
        )
    for y in _ticks(frame.low[1], frame.high[1]):
        _, up = frame.place(frame.low[0], y)
        parts.append(f'<text x="{x0 - 6:.1f}" y="{up + 4:.1f}" text-anchor="end" fill="#555">{y:g}</text>')
        parts.append(f'<path d="M{x0:.1f} {up:.1f}H{x1:.1f}" stroke="#eee"/>')
    parts.append(
        f'<text x="{(x0 + x1) / 2:.1f}" y="{HEIGHT - 10}" text-anchor="middle">{escape(x_label)}</text>'
    )
    middle = (y0 + y1) / 2
    parts.append(
        f'<text x="14" y="{middle:.1f}" text-anchor="middle" transform="rotate(-90 14 {middle:.1f})">{escape(y_label)}</text>'
    )
    return parts


def _ticks(low: float, high: float) -> list[float]:
    """Round values between the two, four to nine of them."""
    power = 10.0 ** math.floor(math.log10((high - low) / 4))
    step = next(power * k for k in (5, 2, 1) if (high - low) / (power * k) >= 4)
    return [round(n * step, 10) for n in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _drawn(frame: _Frame, one: Series, colour: str, n: int) -> list[str]:
    placed = [(*frame.place(x, y), said) for x, y, said in one.points]
    parts = []
    if one.joined:
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in placed)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
    inside = "white" if one.hollow else colour
    parts += [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{inside}" stroke="{colour}"><title>{escape(said)}</title></circle>'
        for x, y, said in placed
    ]
    y = TOP + 14 + 18 * n
    parts.append(f'<circle cx="{WIDTH - RIGHT + 18}" cy="{y}" r="4" fill="{inside}" stroke="{colour}"/>')
    parts.append(f'<text x="{WIDTH - RIGHT + 28}" y="{y + 4}">{escape(one.label)}</text>')
    return parts
