"""The page of `bench attention`: words over the pictures they lit, the pictures on the way, and the settling curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from flows.bench.attention.cases import HORIZONS, Case
from flows.bench.attention.curves import mean_curve
from flows.bench.attention.judging import Judged
from flows.bench.attention.sampling import Seen
from flows.bench.page import Card, data_uri, png_uri, write_page
from flows.observing.drawing import overlay, step_names
from flows.observing.words import lit, words_of
from flows.training.backdrop.render import WALL
from model_registry.engines.observing import Observation

_COLOURS: Final = ("#1b6ca8", "#c8442b", "#2f8f4e", "#8a4fbf")
_WIDE, _TALL, _EDGE = 420, 240, 34
_EXPECTED: Final = f"known ground is above {HORIZONS[0]:.0%} (wall) and below {HORIZONS[1]:.0%} (floor)."
_MOST: Final = 12
"""Cases shown of each way of making pictures, worst and best in turn."""


def write(
    path: Path,
    chosen: Sequence[Case],
    seen: Mapping[str, Sequence[Seen]],
    judged: Mapping[str, Sequence[Judged]],
    settled: Mapping[str, Sequence[Observation]],
) -> None:
    """The settling curves, then cases by how far their words' attention falls in the right part, worst first."""
    cards = [_settling(settled)]
    for name, pictures in seen.items():
        order = sorted(range(len(chosen)), key=lambda n: _lift(judged[name], n))
        middle = max(len(order) - _MOST, 0)
        shown = order[: _MOST // 2] + order[_MOST // 2 + middle :]
        cards += [
            _case(name, chosen[n], pictures[n], [j for j in judged[name] if j.case == n]) for n in shown
        ]
    said = "Settling curves; then, for pictures made from nothing and from rendered ones, the worst cases and the best."
    write_page(path, "Where words light, and when pictures settle", said, cards)


def _lift(judged: Sequence[Judged], case: int) -> float:
    return float(np.mean([j.lift for j in judged if j.case == case and j.kind == "surface" and not j.group]))


def _case(name: str, case: Case, seen: Seen, judged: Sequence[Judged]) -> Card:
    picture = np.rint(seen.picture * 255).astype(np.uint8)
    pictures = [("the picture", png_uri(picture))]
    for word in words_of(seen.observation):
        where = lit(seen.observation, word)
        if where is None or word.text not in case.words:
            continue
        part = "wall" if case.words[word.text] == WALL else "floor"
        result = next(j for j in judged if j.word == word.text and not j.group)  # every word was judged
        hit = "hit" if result.hit else "miss"
        label = f"{word.text} ({part}): {hit}, {result.share:.0%} on {result.area:.0%} of the known ground"
        pictures.append((label, png_uri(overlay(picture, where))))
    steps = zip(step_names(seen.observation), seen.observation.pictures, strict=True)
    pictures += [(f"expected at {name}", png_uri(on_the_way)) for name, on_the_way in steps]
    horizon = f"The rendered scene's horizon is at {case.scene.horizon:.0%} of the height; "
    horizon += "known ground is all but the row it cuts." if name == "rendered" else _EXPECTED
    return Card(f"{name}: {case.caption}", (horizon,), tuple(pictures))


def _settling(settled: Mapping[str, Sequence[Observation]]) -> Card:
    charts = []
    for key, label in (
        ("low", "low frequencies"),
        ("high", "high frequencies"),
        ("change", "change from step to step"),
    ):
        lines = {name: mean_curve(ones, key) for name, ones in settled.items()}
        charts.append((label, data_uri(_chart(lines, label).encode(), "image/svg+xml")))
    count = len(next(iter(settled.values())))
    said = (
        f"Relative distance of the predicted clean latent to the last step's, mean of {count} samplings each."
    )
    return Card("settling curves", (said,), tuple(charts))


def _chart(lines: Mapping[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]], label: str) -> str:
    """An SVG on its own: a line a scheduler, 0 at the bottom, the dashed line at 10 %."""
    most = max(float(np.nanmax(line)) for line in lines.values())
    steps = max(len(line) for line in lines.values())
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {_TALL}" font-family="sans-serif" font-size="11">'
    ]
    for value in (0.0, 0.1, most):
        y = _y(value, most)
        dash = ' stroke-dasharray="4 3"' if value == 0.1 else ""
        parts.append(
            f'<path d="M{_EDGE} {y:.1f}H{_WIDE - 8}" stroke="#bbb"{dash}/><text x="2" y="{y + 4:.1f}">{value:.2f}</text>'
        )
    for n, (name, line) in enumerate(lines.items()):
        points = " ".join(f"{_x(i, steps):.1f},{_y(float(v), most):.1f}" for i, v in enumerate(line))
        colour = _COLOURS[n % len(_COLOURS)]
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.8"/>')
        parts.append(f'<text x="{_WIDE - 120}" y="{24 + 15 * n}" fill="{colour}">{name}</text>')
    parts.append(f'<text x="{_EDGE}" y="{_TALL - 4}">step 1 to {steps}: {label}</text></svg>')
    return "".join(parts)


def _x(step: int, steps: int) -> float:
    return _EDGE + step * (_WIDE - 8 - _EDGE) / max(steps - 1, 1)


def _y(value: float, most: float) -> float:
    return _TALL - 20 - value / max(most, 0.1) * (_TALL - 32)
