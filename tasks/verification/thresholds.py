"""Which thresholds a region misses, in words."""

from __future__ import annotations

from collections.abc import Mapping

from tasks.thresholds import SENTENCES, fault


def check(thresholds: Mapping[str, float]) -> None:
    """ValueError for a threshold that does not exist, naming the nearest, or that is no number."""
    wrong = [found for name, value in thresholds.items() if (found := fault(name, value))]
    if wrong:
        raise ValueError("; ".join(wrong))


def failures(scores: Mapping[str, float], thresholds: Mapping[str, float]) -> tuple[tuple[str, str], ...]:
    """Each score that misses a threshold, with a sentence that says so, sorted by threshold.

    A score that was not measured cannot fail."""
    missed = []
    for name in sorted(thresholds):
        score, side = name.rsplit("_", 1)
        if score not in scores:
            continue
        value, bound = scores[score], thresholds[name]
        if not (value <= bound if side == "max" else value >= bound):
            missed.append((score, SENTENCES[name].format(value, bound)))
    return tuple(missed)
