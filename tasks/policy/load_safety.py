"""Reads what a policy file demands of generated pictures, with every fault in it."""

from __future__ import annotations

import math
from typing import Any

from tasks.policy.model import Safety

_FIELDS = ("engine", "block", "review")


def safety_of(given: object, problems: list[str]) -> Safety | None:
    """The demand of a `[safety]` table; None where there is no table, or a faulty one, whose faults go to `problems`."""
    if given is None:
        return None
    if not isinstance(given, dict):
        problems.append("safety: a table is wanted")
        return None
    faults = [f"safety.{name}: there is no such field" for name in sorted(set(given) - set(_FIELDS))]
    engine = given.get("engine")
    if not isinstance(engine, str) or not engine.strip():
        faults.append("safety.engine: the id of an engine of role `safety` is wanted")
    block, review = (_thresholds(name, given.get(name, {}), faults) for name in ("block", "review"))
    if not faults and not block and not review:
        faults.append(
            "safety: no label is named under `block` or `review`, so nothing would ever be withheld"
        )
    faults += [
        f"safety.review.{label}: {review[label]} is not below the {block[label]} that blocks"
        for label in sorted(set(block) & set(review)) if review[label] >= block[label]
    ]  # fmt: skip
    problems += faults
    return None if faults else Safety(str(engine), block, review)


def _thresholds(name: str, given: Any, faults: list[str]) -> dict[str, float]:
    """Label to score, sorted; what is wrong is left out and said."""
    if not isinstance(given, dict):
        faults.append(f"safety.{name}: a table of labels and scores is wanted")
        return {}
    wrong = [label for label, score in given.items() if not _is_score(score)]
    faults += [f"safety.{name}.{label}: a score over 0 and up to 1 is wanted" for label in sorted(wrong)]
    return {label: float(score) for label, score in sorted(given.items()) if label not in wrong}


def _is_score(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and 0 < value <= 1  # type: ignore[arg-type,operator]
