"""Ramps in any direction and rings around a point: the values a drawing program rounded, found again exactly.

Each channel is a smooth function of the place, rounded. The function is fitted so that its largest error on the known
pixels is least (Chebyshev's criterion, by linear programming): when that is at most half a level, rounding explains all that
is known, and the same function rounded gives the rest. Whether a program rounds or truncates makes no difference, since half
a level more or less is part of the function.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog  # type: ignore[import-untyped]

Floats = NDArray[np.float64]

ROUNDING = 0.5 + 1e-6
"""The largest error, in levels, that rounding explains."""
_HOPELESS = 0.8
"""Levels: a least-squares fit farther off than this is not worth refining."""
_BINDING = 0.4
"""Levels: pixels that a fit explains better than this do not bind its next step."""
_SAMPLE = 400
_CUTS = 48
_ROUNDS = 12
_STEPS, _LEAST_STEPS = 4, 2
_NEARLY = 0.52
"""Levels: where the place of the centre is only nearly known, a few pixels in ten thousand round the other way."""
_TRIES = 25
_LEAP = np.array([200.0, 200.0, 0.3])


def straight_ramp(places: Floats, values: Floats, wanted: Floats) -> Floats | None:
    """Values at `wanted` of the rounded plane through each channel; None when rounding does not explain the known ones.

    places: N×2 (y, x); values: N×C whole levels; wanted: M×2. Returns M×C whole levels."""
    middle = places.mean(axis=0)
    basis, at = _plane(places - middle), _plane(wanted - middle)
    first = np.asarray(np.linalg.lstsq(basis, values, rcond=None)[0], np.float64)
    if np.abs(basis @ first - values).max() > _HOPELESS:
        return None
    made = []
    for channel in range(values.shape[1]):
        fit = chebyshev(basis, values[:, channel], first[:, channel])
        if np.abs(basis @ fit - values[:, channel]).max() > ROUNDING:
            return None
        made.append(np.rint(at @ fit))
    return np.stack(made, axis=1)


def _plane(places: Floats) -> Floats:
    return np.column_stack([np.ones(len(places)), places])


def chebyshev(basis: Floats, values: Floats, start: Floats, rounds: int = _ROUNDS) -> Floats:
    """The coefficients with the least largest error, by cutting planes from `start`; N×K, N, K."""
    fit = start
    chosen = np.zeros(len(values), np.bool_)
    for _ in range(rounds):
        off = np.abs(basis @ fit - values)
        if chosen.any() and off.max() <= off[chosen].max() + 1e-7:
            break
        fresh = np.argpartition(-np.where(chosen, -1, off), min(_CUTS, len(off) - 1))[:_CUTS]
        chosen[fresh] = True
        solved = _least_largest(basis[chosen], values[chosen] - basis[chosen] @ start)
        if solved is None:
            break
        fit = start + solved
    return fit


def _least_largest(basis: Floats, values: Floats) -> Floats | None:
    size = np.maximum(np.abs(basis).max(axis=0), 1e-12)
    ones = np.ones((len(values), 1))
    rows = np.vstack([np.hstack([basis / size, -ones]), np.hstack([-basis / size, -ones])])
    cost = np.zeros(basis.shape[1] + 1)
    cost[-1] = 1
    bounds = [(None, None)] * basis.shape[1] + [(0, None)]
    found = linprog(cost, A_ub=rows, b_ub=np.concatenate([values, -values]), bounds=bounds, method="highs")
    return np.asarray(found.x[:-1] / size, np.float64) if found.status == 0 else None


def round_ramp(places: Floats, values: Floats, wanted: Floats) -> Floats | None:
    """As `straight_ramp`, for values that change evenly with the distance from a point, which all channels share.

    Circles, and ellipses along the axes, as style sheets draw them; the point may lie outside the picture."""
    geometry = _centre(places, values)
    if geometry is None:
        return None
    slopes, off = _fitted(places, values, geometry)
    for step in range(_STEPS):
        worst = float(np.abs(off).max())
        needed = worst > ROUNDING or step < _LEAST_STEPS
        moved = _moved(places, values, geometry, slopes, worst) if needed else None
        if moved is None:
            break
        geometry, slopes = moved
        off = values - _rings(places, geometry) @ slopes
    if np.abs(off).max() > _NEARLY:
        return None
    return np.asarray(np.rint(_rings(wanted, geometry) @ slopes))


def _rings(places: Floats, geometry: Floats) -> Floats:
    """N×2: one, and the distance from the centre (y, x), the vertical counted `exp(third)` times."""
    dy, dx = (places[:, 0] - geometry[0]) * np.exp(geometry[2]), places[:, 1] - geometry[1]
    return np.column_stack([np.ones(len(places)), np.hypot(dy, dx)])


def _centre(places: Floats, values: Floats) -> Floats | None:
    """The best centre of a coarse grid, refined by Gauss and Newton's steps; None when no centre comes near."""
    few = np.linspace(0, len(places) - 1, min(_SAMPLE, len(places))).astype(np.intp)
    at, seen = places[few], values[few] - values[few].mean(axis=0)
    low, high = places.min(axis=0), places.max(axis=0)
    span = float((high - low).max()) + 1
    steps = np.array([-3, -2, -1.5, -1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3])
    middle = (low + high) / 2
    best, found = np.inf, None
    for squash in (0.0, 0.6, -0.6, 1.2, -1.2):
        ys, xs = np.meshgrid(middle[0] + steps * span, middle[1] + steps * span, indexing="ij")
        dy = (at[None, :, 0] - ys.reshape(-1, 1)) * np.exp(squash)
        far = np.hypot(dy, at[None, :, 1] - xs.reshape(-1, 1))
        far -= far.mean(axis=1, keepdims=True)
        power = (far * far).sum(axis=1) + 1e-9
        rest = (seen * seen).sum() - ((far @ seen) ** 2).sum(axis=1) / power
        place = int(rest.argmin())
        if rest[place] < best:
            best, found = float(rest[place]), np.array([ys.flat[place], xs.flat[place], squash])
    assert found is not None
    found = _refined(at, values[few], found)
    if np.abs(_fitted(at, values[few], found)[1]).max() > _HOPELESS:
        return None
    more = np.linspace(0, len(places) - 1, min(10 * _SAMPLE, len(places))).astype(np.intp)
    return _refined(places[more], values[more], found)


def _refined(places: Floats, values: Floats, geometry: Floats) -> Floats:
    """Least squares from a near guess (Levenberg 1944), the slopes solved for within each step."""
    damping, size = 1e-3, float((_fitted(places, values, geometry)[1] ** 2).sum())
    for _ in range(_TRIES):
        if damping > 1e3:
            break
        slopes, off = _fitted(places, values, geometry)
        jacobian = _projected(places, geometry, slopes)
        normal = jacobian.T @ jacobian
        bent = normal + damping * np.diag(np.diag(normal))
        step = np.linalg.lstsq(bent, jacobian.T @ off.ravel(), rcond=None)[0]
        trial = geometry + np.clip(step, -_LEAP, _LEAP)
        smaller = float((_fitted(places, values, trial)[1] ** 2).sum())
        if smaller >= size * (1 - 1e-7):
            damping *= 10
            continue
        geometry, size, damping = trial, smaller, damping / 4
    return geometry


def _fitted(places: Floats, values: Floats, geometry: Floats) -> tuple[Floats, Floats]:
    basis = _rings(places, geometry)
    slopes = np.asarray(np.linalg.lstsq(basis, values, rcond=None)[0], np.float64)
    return slopes, values - basis @ slopes


def _projected(places: Floats, geometry: Floats, slopes: Floats) -> Floats:
    """(N·C)×3: how the channels change with the geometry, less what their own slopes can follow."""
    basis = _rings(places, geometry)
    raw = _turning(places, geometry)
    parts = np.stack([raw * slope for slope in slopes[1]], axis=1)
    flat = parts.reshape(len(places), -1)
    flat = flat - basis @ np.linalg.lstsq(basis, flat, rcond=None)[0]
    return np.asarray(flat.reshape(-1, 3))


def _turning(places: Floats, geometry: Floats) -> Floats:
    """N×3: the distance's derivative by the geometry."""
    squash = np.exp(geometry[2])
    dy, dx = (places[:, 0] - geometry[0]) * squash, places[:, 1] - geometry[1]
    far = np.maximum(np.hypot(dy, dx), 1e-6)
    return np.column_stack([-dy * squash / far, -dx / far, dy * dy / far])


def _moved(
    places: Floats, values: Floats, geometry: Floats, slopes: Floats, worst: float
) -> tuple[Floats, Floats] | None:
    """One step towards the least largest error of all channels together; None when it brings nothing."""
    channels = values.shape[1]
    basis, turning = _rings(places, geometry), _turning(places, geometry)
    rows = np.zeros((len(places), channels, 2 * channels + 3))
    for c in range(channels):
        rows[:, c, 2 * c : 2 * c + 2] = basis
        rows[:, c, -3:] = turning * slopes[1, c]
    off = (values - basis @ slopes).ravel()
    tight = np.abs(off) >= min(_BINDING, worst)
    step = chebyshev(rows.reshape(len(off), -1)[tight], off[tight], np.zeros(2 * channels + 3), rounds=3)
    for share in (1.0, 0.5, 0.25):
        moved = geometry + share * step[-3:]
        bent = slopes + share * step[:-3].reshape(channels, 2).T
        if np.abs(_rings(places, moved) @ bent - values).max() < worst - 1e-6:
            return moved, bent
    return None
