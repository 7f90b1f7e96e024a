"""Where the structure of a sampling settles, or collapses: curves over its steps, of the predicted clean latent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Latents = NDArray[np.float32]
"""S×C×h×w: one predicted clean latent a step."""
Curve = NDArray[np.float32]

LOW = 0.125
"""Cycles a cell up to which a frequency is low: structures of eight cells and more."""
SETTLED = 0.1
"""Relative distance to the last step's latent within which a part counts as settled."""
FLAT = 0.02
"""Spread of a latent, against the largest one of the run, below which it has collapsed."""


def settling(latents: Latents) -> dict[str, Curve]:
    """The curves and scalars of `Observation.settling`; a step that is not finite is NaN in its curves.

    Distances are of Euclidean norms; low and high by the radius of the 2-D Fourier transform (the mean is low). A last step
    that is not finite leaves no distance, and nothing settled: `settled_*` is then S."""
    steps = len(latents)
    finite = np.asarray(np.isfinite(latents.reshape(steps, -1)).all(axis=1))
    safe = np.where(finite[:, None, None, None], latents, 0).astype(np.float32)
    low, high = _split(safe)
    spread = _spread(safe)
    curves = {
        "distance": _to_last(safe),
        "low": _to_last(low),
        "high": _to_last(high),
        "change": _change(safe),
        "low_share": _share(low, high),
        "spread": spread,
    }
    gone = ~finite
    for name, curve in curves.items():
        known = finite if name in ("low_share", "spread") else finite & finite[-1]
        if name == "change":
            known = finite & np.concatenate(([True], finite[:-1]))
        curves[name] = np.where(known, curve, np.nan).astype(np.float32)
    at = _collapse(gone | (spread < FLAT * max(float(spread.max()), 1e-6)))
    scalars = {
        "settled_low": settled(curves["low"]),
        "settled_high": settled(curves["high"]),
        "collapsed": int(at < steps),
        "collapsed_at": at if at < steps else -1,
    }
    return curves | {name: np.array([value], np.float32) for name, value in scalars.items()}


def settled(curve: Curve) -> int:
    """The first step from which a curve of distances stays at or below SETTLED; its length where none does."""
    beyond = np.flatnonzero(~(curve <= SETTLED))
    return int(beyond[-1]) + 1 if len(beyond) else 0


def _split(latents: Latents) -> tuple[NDArray[np.complex64], NDArray[np.complex64]]:
    """Fourier coefficients of low and of high radius, zero elsewhere; norms are those of the pictures (orthonormal)."""
    spectrum = np.fft.fft2(latents, norm="ortho").astype(np.complex64)
    rows, columns = np.fft.fftfreq(latents.shape[2]), np.fft.fftfreq(latents.shape[3])
    near = np.hypot(rows[:, None], columns[None]) <= LOW
    return np.where(near, spectrum, 0), np.where(near, 0, spectrum)


def _norms(values: NDArray[np.float32] | NDArray[np.complex64]) -> NDArray[np.float64]:
    flat = np.abs(values.reshape(len(values), int(np.prod(values.shape[1:]))).astype(np.complex128))
    return np.asarray(np.sqrt((flat**2).sum(axis=1)), np.float64)


def _to_last(values: NDArray[np.float32] | NDArray[np.complex64]) -> Curve:
    size = max(float(_norms(values[-1:])[0]), 1e-12)
    return np.asarray(_norms(np.subtract(values, values[-1:])) / size, np.float32)


def _change(latents: Latents) -> Curve:
    """The first step's is 1: there is nothing before it."""
    size = np.maximum(_norms(latents), 1e-12)
    later = _norms(np.diff(latents, axis=0)) / size[1:]
    return np.concatenate(([1.0], later)).astype(np.float32)


def _share(low: NDArray[np.complex64], high: NDArray[np.complex64]) -> Curve:
    below, above = _norms(low) ** 2, _norms(high) ** 2
    return np.asarray(below / np.maximum(below + above, 1e-12), np.float32)


def _spread(latents: Latents) -> Curve:
    """Standard deviation about each channel's own mean: what is left when there is no picture in it is 0."""
    return np.asarray(np.sqrt(latents.astype(np.float64).var(axis=(2, 3)).mean(axis=1)), np.float32)


def _collapse(flat: NDArray[np.bool_]) -> int:
    """First step of the flat stretch that the run ends in; the number of steps where it does not end in one."""
    kept = np.flatnonzero(~flat)
    return int(kept[-1]) + 1 if len(kept) else 0
