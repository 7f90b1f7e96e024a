"""What each rung is expected to lose in each cell: a few coefficients, fitted by flows/training/upscale_gain."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tasks.enhancement.features import Features
from tasks.enhancement.grid import Cells

TABLE = Path(__file__).with_name("gain.toml")
FLOOR = 0.05
"""Added to energies (levels²) before their logarithm: under the noise of rounding."""


@dataclass(frozen=True, slots=True)
class Gains:
    """Of one scale. Energies are powers of the features: exp(c0) · (detail + FLOOR)^c1 · (edges + FLOOR)^c2 − FLOOR."""

    moved: tuple[float, float, float]
    """Coefficients of what the reference network takes away from bicubic's squared error."""
    rest: tuple[float, float, float]
    """Coefficients of the squared error that the reference network leaves."""
    shares: tuple[tuple[str, float], ...]
    """Engine id to the share of the reference's gain that it has; an engine that is not named counts as the reference."""
    probes: tuple[tuple[str, tuple[float, ...]], ...]
    """Engine id to coefficients of the reference's gain as a power of how far that engine moved the cell."""
    noises: tuple[tuple[str, float], ...] = ()
    """Engine id to the squared error (levels²) that it makes by itself, whatever is to be gained: 8-bit arithmetic rounds."""

    def share(self, ref: str) -> float:
        return dict(self.shares).get(ref.partition("@")[0], 1.0)

    def gain(self, seen: Features) -> Cells:
        """rows×cols, levels²: squared error that the reference is expected to take away, from the source alone."""
        return _power(self.moved, seen)

    def left(self, seen: Features) -> Cells:
        """rows×cols, levels²: squared error that the reference is expected to leave."""
        return _power(self.rest, seen)

    def gain_seen(self, moved: Cells, ref: str) -> Cells:
        """rows×cols, levels²: the same from how far the network `ref` moved each cell from bicubic (levels²)."""
        constant, power = dict(self.probes).get(ref.partition("@")[0], (0.0, 1.0))
        out: Cells = np.maximum(np.exp(constant + power * np.log(moved + FLOOR)) - FLOOR, 0)
        return out.astype(np.float32)

    def losses(self, gain: Cells, refs: Sequence[str]) -> NDArray[np.float32]:
        """rungs×rows×cols, levels²: squared error over the last rung's. gain: of the reference, per cell."""
        shares, noises = [self.share(ref) for ref in refs], [self.noise(ref) for ref in refs]
        lost = np.array([max(shares[-1] - share, 0.0) for share in shares[:-1]] + [0.0], np.float32)
        made = np.array([max(noise - noises[-1], 0.0) for noise in noises], np.float32)
        return lost[:, None, None] * gain[None] + made[:, None, None]

    def noise(self, ref: str) -> float:
        """levels²: what an engine adds to the error of each cell by itself."""
        return dict(self.noises).get(ref.partition("@")[0], 0.0)


@cache
def gains(scale: int) -> Gains:
    """The shipped coefficients of a scale; those of the nearest fitted one where it was not fitted."""
    tables = {int(name[1:]): t for name, t in tomllib.loads(TABLE.read_text("utf-8")).items()}
    table = tables[min(tables, key=lambda fitted: (abs(fitted - scale), fitted))]
    moved, rest = (_three(table[name]) for name in ("moved", "rest"))
    probes = tuple((name, tuple(values)) for name, values in sorted(table.get("probe", {}).items()))
    noises = tuple(sorted(table.get("noise", {}).items()))
    return Gains(moved, rest, tuple(sorted(table["share"].items())), probes, noises)


def _three(values: Sequence[float]) -> tuple[float, float, float]:
    a, b, c = values
    return float(a), float(b), float(c)


def _power(coefficients: tuple[float, float, float], seen: Features) -> Cells:
    constant, by_detail, by_edges = coefficients
    log = constant + by_detail * np.log(seen.detail + FLOOR) + by_edges * np.log(seen.edges + FLOOR)
    out: Cells = np.maximum(np.exp(log) - FLOOR, 0).astype(np.float32)
    return out
