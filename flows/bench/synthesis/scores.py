"""How far prompts are followed, against the same pictures held against other prompts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from flows.bench.synthesis.features import Pixels
from flows.bench.synthesis.judge import Judge
from flows.bench.synthesis.prompts import ATTRIBUTES, Prompt

_DRAWS: Final = 2000
_SHIFTS: Final = (1, 5, 11, 17)
"""How far prompts are moved on for the control; each picture meets as many other prompts."""
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Followed:
    """What of each prompt its picture shows, and what of other prompts."""

    own: Sequence[Mapping[str, bool]]
    control: Sequence[Sequence[Mapping[str, bool]]]
    """For each picture, of several other prompts."""


def followed(judge: Judge, pictures: Sequence[Pixels], prompts: Sequence[Prompt]) -> Followed:
    """pictures: one a prompt, in the same order."""
    own = [judge.follows(picture, prompt) for picture, prompt in zip(pictures, prompts, strict=True)]
    shifts = [shift for shift in _SHIFTS if shift < len(prompts)]
    others = [[prompts[(n + shift) % len(prompts)] for shift in shifts] for n in range(len(prompts))]
    control = [
        [judge.follows(picture, other) for other in met]
        for picture, met in zip(pictures, others, strict=True)
    ]
    return Followed(own, control)


def share(seen: Mapping[str, bool]) -> float:
    """Of what was said, how much is shown."""
    return float(np.mean(list(seen.values())))


def rates(own: Sequence[Mapping[str, bool]]) -> dict[str, float | None]:
    """By attribute, over the prompts that say something of it; None where none does."""
    by = {name: [seen[name] for seen in own if name in seen] for name in ATTRIBUTES}
    return {name: float(np.mean(found)) if found else None for name, found in by.items()}


def following(found: Followed) -> dict[str, Any]:
    """Mean share of what is shown, of the control, and of their difference with 95 % intervals over prompts."""
    own = np.array([share(seen) for seen in found.own])
    control = np.array([np.mean([share(seen) for seen in met]) for met in found.control])
    return {
        "following": float(own.mean()), "following_95": interval(own), "following_control": float(control.mean()),
        "following_control_95": interval(control), "over_control": float((own - control).mean()),
        "over_control_95": interval(own - control),
    }  # fmt: skip


def interval(values: NDArray[Any]) -> list[float]:
    """95 % of the mean over values drawn anew, with a fixed seed."""
    drawn = np.random.default_rng(0).integers(0, len(values), (_DRAWS, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1), (0.025, 0.975))
    return [float(low), float(high)]


def row(group: str, found: Followed, seconds: float | None) -> Row:
    """One line of the table."""
    figures = following(found)
    return {
        "group": group, "prompts": len(found.own), "following": figures["following"],
        "control": figures["following_control"], **rates(found.own), "seconds": seconds,
    }  # fmt: skip
