"""From scores to a verdict: every pair on every metric, corrected, and what that comes to. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from flows.comparing.model import Kind, Method, Metric, PairedInterval, Says, Verdict
from flows.comparing.sentences import sentence
from flows.comparing.statistics import (
    Draws,
    Floats,
    bca_interval,
    enough_permutations,
    fewest_pairs,
    holm,
    sign_flip_p,
)

Table = Mapping[str, Floats]
"""Metric to variants × pictures, NaN where a picture has no such score."""
Relation = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Decided:
    """What the scores come to."""

    intervals: tuple[PairedInterval, ...]
    verdict: Verdict
    method: Method


def decide(
    names: Sequence[str], metrics: Sequence[Metric], table: Table, *, seed: int = 0,
    failures: Mapping[str, int] | None = None, alpha: float = 0.05,
) -> Decided:  # fmt: skip
    """Intervals of every pair on every metric, and the verdict on the deciding ones.

    table: a row a variant in the order of `names`, a column a picture. failures: how many pictures a variant alone failed on:
    one that failed more often is never called better. Same input, same output."""
    tests = sum(
        _tested(table[metric.name][j] - table[metric.name][i])
        for metric in metrics
        for i, j in combinations(range(len(names)), 2)
        if metric.deciding
    )
    method = Method(
        seed=seed, alpha=alpha, fewest=fewest_pairs(tests, alpha), permutations=enough_permutations(tests, alpha)
    )  # fmt: skip
    draws = Draws(seed, method.resamples, method.permutations)
    found = [
        _paired(metric, (names[i], names[j]), table[metric.name][j] - table[metric.name][i], draws, method)
        for metric in metrics
        for i, j in combinations(range(len(names)), 2)
    ]
    intervals = _corrected(found, {metric.name: metric for metric in metrics}, alpha)
    verdict = _verdict(names, metrics, intervals, failures or {}, method)
    return Decided(intervals, verdict, method)


def _tested(differences: Floats) -> bool:
    """Whether there is anything to test: some picture on which the two differ.

    The test looks at the differences' signs given their sizes, so that leaving out what has no size keeps it valid (Tarone
    1990), and does not blunt the others."""
    return bool((np.isfinite(differences) & (differences != 0)).any())


def _paired(
    metric: Metric, pair: Relation, differences: Floats, draws: Draws, method: Method
) -> PairedInterval:
    """One pair on one metric, b minus a, over the pictures that both have it of."""
    known = differences[np.isfinite(differences)]
    if not len(known):
        mean, low, high, p = 0.0, 0.0, 0.0, 1.0
    else:
        mean, p = float(known.mean()), sign_flip_p(known, draws)
        low, high = bca_interval(known, draws, method.level)
    gain = known if metric.direction == "higher" else -known
    return PairedInterval(
        metric=metric.name, a=pair[0], b=pair[1], pictures=len(known), difference=mean, low=low, high=high, p=p,
        corrected=p, better_a=int((gain < 0).sum()), better_b=int((gain > 0).sum()),
        says="not shown",
    )  # fmt: skip


def _corrected(
    found: Sequence[PairedInterval], metrics: Mapping[str, Metric], alpha: float
) -> tuple[PairedInterval, ...]:
    """With p corrected, the deciding metrics among themselves and the others among themselves, and with what each says."""
    done = list(found)
    for deciding in (True, False):
        places = [i for i, one in enumerate(found) if metrics[one.metric].deciding == deciding]
        tested = [i for i in places if found[i].better_a or found[i].better_b]
        corrected = dict(zip(tested, holm([found[i].p for i in tested]), strict=True))
        for i in places:
            moved = found[i].model_copy(update={"corrected": corrected.get(i, 1.0)})
            done[i] = moved.model_copy(update={"says": _says(moved, metrics[moved.metric], alpha)})
    return tuple(done)


def _says(one: PairedInterval, metric: Metric, alpha: float) -> Says:
    """A difference is named when it is no chance, its interval leaves nothing out, and it is large enough to matter."""
    if not one.pictures:
        return "not shown"
    clear = one.low > 0 or one.high < 0
    if one.corrected < alpha and clear and abs(one.difference) >= metric.least:
        return "b" if (one.difference > 0) == (metric.direction == "higher") else "a"
    small = -metric.least < one.low and one.high < metric.least
    return "same" if small and one.pictures > 1 else "not shown"


def _verdict(
    names: Sequence[str], metrics: Sequence[Metric], intervals: Sequence[PairedInterval], failures: Mapping[str, int],
    method: Method,
) -> Verdict:  # fmt: skip
    deciding = {metric.name for metric in metrics if metric.deciding}
    asked = [one for one in intervals if one.metric in deciding]
    beaten, mixed = _relations(names, asked, failures)
    winner = next((n for n in names if all((n, other) in beaten for other in names if other != n)), "")
    leading = _leading(names, beaten)
    few = not asked or max((one.pictures for one in asked), default=0) < method.fewest
    kind: Kind = "winner" if winner else "no difference"
    if few:
        kind, winner, beaten, leading = "not enough pictures", "", [], tuple(names)
    elif not winner and any(set(pair) <= set(leading) for pair in mixed):
        kind = "mixed"
    said = sentence(kind, winner, leading, beaten, asked, metrics, method)
    return Verdict(kind=kind, winner=winner, leading=leading, beaten=tuple(beaten), sentence=said)


def _relations(
    names: Sequence[str], asked: Sequence[PairedInterval], failures: Mapping[str, int]
) -> tuple[list[Relation], list[Relation]]:
    """(better, worse) pairs, and pairs of which each is better in its own way."""
    beaten, mixed = [], []
    for a, b in combinations(names, 2):
        said = {one.says for one in asked if (one.a, one.b) == (a, b)}
        for better, worse, mine, theirs in ((a, b, "a", "b"), (b, a, "b", "a")):
            if mine not in said:
                continue
            if theirs in said or failures.get(better, 0) > failures.get(worse, 0):
                mixed.append((a, b))
            else:
                beaten.append((better, worse))
    return beaten, list(dict.fromkeys(mixed))


def _leading(names: Sequence[str], beaten: Sequence[Relation]) -> tuple[str, ...]:
    """The variants that none is better than; where only one is left, with those that it is not better than."""
    worse = {pair[1] for pair in beaten}
    first = [name for name in names if name not in worse] or list(names)
    if len(first) == 1:
        level = [name for name in names if name not in first and (first[0], name) not in beaten]
        first = [name for name in names if name in (*first, *level)]
    return tuple(first)
