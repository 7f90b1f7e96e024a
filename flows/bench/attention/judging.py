"""Whether a word's attention lies in its part of a picture, beside what chance and the other part's words would give."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from flows.bench.attention.cases import Case, Kind, Layout
from flows.observing.words import Map, lit, words_of
from model_registry.engines.observing import Observation

RESAMPLES: Final = 2000


@dataclass(frozen=True, slots=True)
class Judged:
    """One word of one case in one layer group."""

    case: int
    word: str
    kind: Kind
    group: str
    """Empty for all groups together."""
    share: float
    """Of the attention to the word on known ground, how much falls in its part."""
    area: float
    """How much of the known ground its part is: the share of attention that looks nowhere in particular."""
    hit: bool
    """Whether the most attended place is in its part."""

    @property
    def lift(self) -> float:
        """Share over area: 1 is chance."""
        return self.share / self.area

    def other(self) -> Judged:
        """The same map judged as if the word were about the other part: the control."""
        return Judged(
            self.case, self.word, self.kind, self.group, 1 - self.share, 1 - self.area, not self.hit
        )


def judged(where: Map, layout: Layout, part: int) -> tuple[float, float, bool]:
    """Share, area and hit of one map, h×w, on the ground that is known (`layout` ≥ 0)."""
    known, right = layout >= 0, layout == part
    total = float(where[known].sum())
    share = float(where[right].sum()) / total if total > 0 else float(right.sum() / known.sum())
    best = int(np.where(known, where, -np.inf).argmax())
    return share, float(right.sum() / known.sum()), bool(right.flat[best])


def judge(n: int, case: Case, one: Observation, layout: Callable[[tuple[int, int]], Layout]) -> list[Judged]:
    """Every word of the case that is about one part, in every layer group and in all together; none where no part of the
    layout is known."""
    found: list[Judged] = []
    on = layout((int(one.attention.shape[-2]), int(one.attention.shape[-1])))
    if not (on >= 0).any():
        return found
    for word in words_of(one):
        if word.text not in case.words:
            continue
        for group in ("", *one.groups):
            where = lit(one, word, group)
            if where is not None:
                result = judged(where, on, case.words[word.text])
                found.append(Judged(n, word.text, case.kind(word.text), group, *result))
    return found


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over cases, with its 95 % interval."""

    value: float
    low: float
    high: float


def mean_over_cases(all_judged: Sequence[Judged], value: Callable[[Judged], float]) -> Mean:
    """Mean of the cases' means; the interval is a percentile bootstrap over cases, whose words are not independent."""
    by_case: dict[int, list[float]] = {}
    for one in all_judged:
        by_case.setdefault(one.case, []).append(value(one))
    means = np.array([np.mean(values) for values in by_case.values()])
    return Mean(float(means.mean()), *interval(means))


def interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """Percentile bootstrap of the mean, 95 %; the same for the same values."""
    chosen = np.random.default_rng(1).integers(len(values), size=(RESAMPLES, len(values)))
    low, high = np.quantile(values[chosen].mean(axis=1), (0.025, 0.975))
    return float(low), float(high)


def of(found: Iterable[Judged], kind: Kind, group: str = "") -> list[Judged]:
    """Those of one kind of word, in one group."""
    return [one for one in found if one.kind == kind and one.group == group]
