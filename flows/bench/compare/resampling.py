"""How often the verdict is right: the whole procedure on the stored scores of pictures drawn anew, again and again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flows.comparing.measuring import table_of
from flows.comparing.model import Comparison, Metric
from flows.comparing.statistics import Floats
from flows.comparing.verdict import decide

RESAMPLES = 400
Table = dict[str, Floats]


def rates(
    comparison: Comparison, planted: str, equal: tuple[str, str], resamples: int = RESAMPLES
) -> dict[str, float]:
    """Shares of the resamples, each as many pictures as there are, drawn with replacement, judged by the whole procedure.

    `planted_found_rate`: the planted one is the winner. `false_difference_rate`: one of the equal ones is called better than
    the other. Drawn with replacement, what differs by chance in the pictures at hand differs in most draws, so that this is
    harder than new pictures would be. `false_difference_rate_swapped`: the same where instead the results of the equal ones are
    swapped on a random half of the pictures and no difference is too small to name: what the corrected tests alone let through."""
    names = [one.name for one in comparison.variants]
    metrics = [metric for metric in comparison.metrics if metric.deciding]
    table = stored(comparison, metrics)
    rng = np.random.default_rng(2026)
    found, false, swapped = 0, 0, 0
    for seed in range(resamples):
        drawn = rng.integers(0, len(comparison.pictures), len(comparison.pictures))
        verdict = decide(
            names, metrics, {name: rows[:, drawn] for name, rows in table.items()}, seed=seed
        ).verdict
        found += verdict.winner == planted
        false += _called_better(verdict.beaten, equal)
        turned = _swapped(table, [names.index(name) for name in equal], rng)
        every = [metric.model_copy(update={"least": 1e-9}) for metric in metrics]
        swapped += _called_better(decide(names, every, turned, seed=seed).verdict.beaten, equal)
    return {
        "planted_found_rate": found / resamples, "false_difference_rate": false / resamples,
        "false_difference_rate_swapped": swapped / resamples,
    }  # fmt: skip


def stored(comparison: Comparison, metrics: Sequence[Metric]) -> Table:
    """The per-picture scores of the document, metric to variants × pictures."""
    scores = {p.id: {name: made.scores for name, made in p.made.items()} for p in comparison.pictures}
    names = [one.name for one in comparison.variants]
    return table_of([metric.name for metric in metrics], names, list(scores), scores)


def _called_better(beaten: Sequence[tuple[str, str]], pair: tuple[str, str]) -> bool:
    return pair in beaten or pair[::-1] in beaten


def _swapped(table: Table, rows: Sequence[int], rng: np.random.Generator) -> Table:
    """Two variants' results exchanged on a random half of the pictures: on all metrics of a picture, or on none."""
    count = next(iter(table.values())).shape[1]
    turn = rng.integers(0, 2, count).astype(bool)
    made = {}
    for name, scores in table.items():
        scores = scores.copy()
        first, second = scores[rows[0]].copy(), scores[rows[1]].copy()
        scores[rows[0]], scores[rows[1]] = np.where(turn, second, first), np.where(turn, first, second)
        made[name] = scores
    return made
