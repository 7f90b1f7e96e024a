"""Whether a value is one that a parameter can take."""

from __future__ import annotations

from tasks.errors import BadRequest
from tasks.plan import Value
from tasks.planner_upscale import UPSCALING_BOUNDS

BOUNDS: dict[tuple[str, str], tuple[float, float]] = {
    ("detection", "merge_gap"): (0, 10_000), ("detection", "grow"): (0, 64), ("generation", "attempts"): (1, 20),
    ("generation", "context"): (0, 4096), ("generation", "fusion"): (0, 8), ("blending", "feather"): (0, 256),
    ("export", "quality"): (0, 100),
} | UPSCALING_BOUNDS  # fmt: skip
"""Lowest and highest value of the stages' own numbers."""
KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}


def typed(stage: str, name: str, value: Value, default: Value) -> Value:
    """`value` as the default's type; a whole number is fine for a float. BadRequest otherwise."""
    if isinstance(default, bool) or isinstance(value, bool):
        good = isinstance(default, bool) and isinstance(value, bool)
    elif isinstance(default, float):
        good, value = isinstance(value, int | float), float(value) if not isinstance(value, str) else value
    else:
        good = isinstance(value, type(default))
    if not good:
        kind = KINDS[type(default)]
        raise BadRequest(f"{stage}.{name}={value!r} is not {kind}", cure=f"give {kind}, such as {default!r}")
    low, high = BOUNDS.get((stage, name), (None, None))
    if low is not None and high is not None and not low <= float(value) <= high:
        raise BadRequest(f"{stage}.{name}={value} is out of bounds", cure=f"give {low} to {high}")
    return value
