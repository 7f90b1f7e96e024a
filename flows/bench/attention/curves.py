"""When a picture settles under each scheduler, and by how much they differ: the same prompts and seeds for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from flows.comparing.statistics import Draws, bca_interval, holm, sign_flip_p
from model_registry.engines.observing import Observation

SCHEDULERS: Final = ("ddim", "euler-ancestral", "dpm++", "unipc")
MEASURES: Final = ("settled_low", "settled_high", "mean_low", "mean_high")
"""First step from which a part stays within 10 % of its end; and the mean over the steps of its distance to it."""
Values = NDArray[np.float64]
Row = dict[str, Any]


def measures(one: Observation) -> dict[str, float]:
    """Of one sampling, by name of MEASURES."""
    curve = one.settling
    return {
        "settled_low": float(curve["settled_low"][0]),
        "settled_high": float(curve["settled_high"][0]),
        "mean_low": float(curve["low"].mean()),
        "mean_high": float(curve["high"].mean()),
    }


def table(by_scheduler: Mapping[str, Sequence[Observation]]) -> dict[str, dict[str, Values]]:
    """Scheduler to measure to a value a sampling, in the order given: pairs are at the same place."""
    return {
        name: {key: np.array([measures(one)[key] for one in ones], np.float64) for key in MEASURES}
        for name, ones in by_scheduler.items()
    }


def differences(values: Mapping[str, Mapping[str, Values]]) -> list[Row]:
    """Every pair of schedulers by every measure: mean difference (second less first), BCa 95 % interval over the samplings
    (Efron, 1987), sign-flip p corrected by Holm over all pairs and measures, and whether that is under 0.05."""
    draws = Draws(seed=1)
    rows: list[Row] = []
    for first, second in combinations(values, 2):
        for key in MEASURES:
            off = values[second][key] - values[first][key]
            low, high = bca_interval(off, draws)
            p = sign_flip_p(off, draws)
            rows.append(
                {"first": first, "second": second, "measure": key, "n": len(off), "difference": float(off.mean()),
                 "low": low, "high": high, "p": p}
            )  # fmt: skip
    for row, corrected in zip(rows, holm([row["p"] for row in rows]), strict=True):
        row["p"] = corrected
        row["differs"] = corrected < 0.05
    return rows


def mean_curve(ones: Sequence[Observation], name: str) -> Values:
    """S: the mean over samplings of one curve."""
    return np.asarray(np.mean([one.settling[name] for one in ones], axis=0), np.float64)


def spread(values: Values) -> tuple[float, float]:
    """BCa 95 % interval of a mean."""
    return bca_interval(values, Draws(seed=1))
