"""An observed sampling in figures: its curves, when it settled, and its prompt as vectors."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from model_registry.engines.observing import Observation

CURVES = ("distance", "low", "high")
"""The curves that are drawn: how far the predicted picture is from the last one, whole and by frequency."""
POOLED = ("pooled", "projected", "raw")
"""Where a prompt's one vector is taken from: the encoder's own, or the mean over the tokens."""
Vector = NDArray[np.float32]


def main_of(ones: Sequence[Observation]) -> Observation:
    """Of several samplings of one picture the one that laid it out: the first at the precision that held; what follows it only
    sharpens a larger copy."""
    return next(one for one in ones if one.dtype == ones[-1].dtype)


def settled_step(one: Observation, part: str) -> int | None:
    """The step, from 0, from which the `low` or `high` frequencies stay within 10 % of their end; None where they never do, or
    it is not known."""
    value = one.settling.get(f"settled_{part}")
    if value is None or not np.isfinite(value).all() or not len(value):
        return None
    step = int(value[0])
    return step if 0 <= step < _steps(one) else None


def settled_share(one: Observation, part: str) -> float | None:
    """The same as a share of the steps, 0–1, so that samplings of different lengths compare."""
    step = settled_step(one, part)
    return None if step is None else step / max(_steps(one) - 1, 1)


def settling_metrics(observations: Sequence[Observation]) -> dict[str, float]:
    """Means over what was observed of `settled_low` and `settled_high`, shares of the steps, and how many were observed and
    collapsed; empty where nothing was observed."""
    if not observations:
        return {}
    metrics = {"observed": float(len(observations))}
    for part in ("low", "high"):
        shares = [share for one in observations if (share := settled_share(one, part)) is not None]
        if shares:
            metrics[f"settled_{part}"] = float(np.mean(shares))
    metrics["collapsed"] = float(sum(_collapsed(one) for one in observations))
    return metrics


def curve(one: Observation, name: str) -> Vector:
    """A value a step; empty where it is not known."""
    found = np.asarray(one.settling.get(name, ()), np.float32)
    return found if len(found) == _steps(one) else np.zeros(0, np.float32)


def prompt_vector(one: Observation) -> Vector | None:
    """D: the prompt as one vector; None where no embedding was kept."""
    for name in POOLED:
        kept = one.embeddings.get(name)
        if kept is not None and kept.size:
            values = np.asarray(kept, np.float32)
            return values if values.ndim == 1 else values.mean(axis=0)
    return None


def prompts_npz(observed: Mapping[str, Observation]) -> bytes:
    """`ids`, `prompts`, `tokens` (joined by spaces) and `vectors` (N×D float16; zeros where a prompt has none, cut or padded
    to the longest where engines differ), `engines`, `schedulers`, `seeds`. No pickles."""
    vectors = [prompt_vector(one) for one in observed.values()]
    longest = max((v.size for v in vectors if v is not None), default=0)
    table = np.zeros((len(vectors), longest), np.float16)
    for row, vector in zip(table, vectors, strict=True):
        if vector is not None:
            row[: vector.size] = vector
    ones = list(observed.values())
    arrays = {
        "ids": _texts(observed), "prompts": _texts(one.prompt for one in ones),
        "tokens": _texts(" ".join(one.tokens) for one in ones), "vectors": table,
        "engines": _texts(one.engine for one in ones), "schedulers": _texts(one.scheduler for one in ones),
        "seeds": np.array([str(one.seed) for one in ones] or [""][:0], dtype=np.str_),
    }  # fmt: skip
    out = io.BytesIO()
    np.savez_compressed(out, allow_pickle=False, **arrays)
    return out.getvalue()


def _texts(values: object) -> NDArray[np.str_]:
    return np.array(list(values), dtype=np.str_)  # type: ignore[call-overload]


def _steps(one: Observation) -> int:
    return one.steps or len(one.timesteps)


def _collapsed(one: Observation) -> bool:
    value = one.settling.get("collapsed")
    return value is not None and bool(len(value)) and float(value[0]) > 0.5
