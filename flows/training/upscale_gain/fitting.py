"""Powers of the features that give the right sums: what an engine takes away, and what it leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.training.upscale_gain.table import Table
from tasks.enhancement.gain import FLOOR

Column = NDArray[np.float64]
_ROUNDS = 80
_MOST_OFF = 4.0
"""Ratios over it count as it: a few blank pictures do not rule the fit."""
_BLANK = ("lanczos", "bicubic")
"""Engines whose share of the gain is nothing, as routing counts it."""


@dataclass(frozen=True, slots=True)
class Fit:
    """The coefficients of one scale, as tasks/enhancement/gain.py reads them."""

    moved: tuple[float, ...]
    rest: tuple[float, ...]
    share: Mapping[str, float]
    probe: Mapping[str, tuple[float, ...]]


def fitted(table: Table, reference: str, plain: str = "lanczos") -> Fit:
    """reference: the engine that is best everywhere; plain: the one its gain is counted from."""
    gain = table.error[plain] - table.error[reference]
    source = [table.seen.detail, table.seen.edges]
    rest = _levelled(table, power(table.error[reference], source, table.area), reference)
    others = [name for name in table.error if name not in (reference, *_BLANK)]
    probe = {name: power(gain, [table.moved[name]], table.area) for name in others}
    share = {
        name: _share(
            table, predicted(probe[name], [table.moved[name]]), predicted(rest, source), name, reference
        )
        for name in others
    }
    return Fit(power(gain, source, table.area), rest, share, probe)


def power(wanted: Column, features: Sequence[NDArray[Any]], weight: Column) -> tuple[float, ...]:
    """c of exp(c0) · Π (feature + FLOOR)^c − FLOOR ≈ wanted, by reweighted least squares with the variance a power of 1.5
    of the mean: between Poisson, which large cells rule, and Gamma, where each cell counts alike (McCullagh and Nelder)."""
    columns = [np.ones_like(wanted)] + [np.log(np.asarray(f, np.float64) + FLOOR) for f in features]
    design, target = np.stack(columns, axis=1), wanted + FLOOR
    root = np.sqrt(weight)
    found = np.linalg.lstsq(design * root[:, None], np.log(np.maximum(target, FLOOR)) * root, rcond=None)[0]
    for _ in range(_ROUNDS):
        mean = np.exp(np.clip(design @ found, -12, 12))
        root = np.sqrt(weight * np.sqrt(mean))
        step = np.linalg.lstsq(
            design * root[:, None], (design @ found + (target - mean) / mean) * root, rcond=None
        )[0]
        found = 0.5 * found + 0.5 * step
    return tuple(float(c) for c in found)


def predicted(coefficients: tuple[float, ...], features: Sequence[NDArray[Any]]) -> Column:
    """What `power` fitted, never under 0."""
    log = coefficients[0] + sum(
        c * np.log(np.asarray(f, np.float64) + FLOOR) for c, f in zip(coefficients[1:], features, strict=True)
    )
    out: Column = np.maximum(np.exp(log) - FLOOR, 0)
    return out


def _levelled(table: Table, rest: tuple[float, ...], reference: str) -> tuple[float, ...]:
    """The constant moved so that the mean over pictures of guess over truth is 1: what is promised in dB is a ratio to it, so
    guesses that are too high cost more than those too low."""
    guess = _sums(predicted(rest, [table.seen.detail, table.seen.edges]), table)
    ratio = np.minimum(guess / _sums(table.error[reference], table), _MOST_OFF)
    return (rest[0] - float(np.log(ratio.mean())), *rest[1:])


def _share(table: Table, gain: Column, rest: Column, name: str, reference: str) -> float:
    """The share of the guessed gain at which the guessed dB that `name` loses everywhere are, on average, the true ones."""
    truth = _sums(table.error[name], table) / _sums(table.error[reference], table)
    wanted = float(np.mean(10 * np.log10(np.minimum(truth, _MOST_OFF))))
    most = _sums(gain, table) / _sums(rest, table)
    low, high = 0.0, 1.0
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        guess = float(np.mean(10 * np.log10(1 + (1 - middle) * most)))
        low, high = (middle, high) if guess > wanted else (low, middle)
    return (low + high) / 2


def _sums(values: Column, table: Table) -> Column:
    """Of each picture."""
    sums = np.bincount(table.picture, values * table.area)
    out: Column = np.maximum(sums, 1e-3 * np.bincount(table.picture, table.area))
    return out
