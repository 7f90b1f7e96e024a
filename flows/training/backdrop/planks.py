"""The grain of wooden planks: growth rings cut lengthwise, fibres, pores and the joints between planks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flows.training.backdrop.noise import Field, Rng, cells, cloud, grid


@dataclass(frozen=True, slots=True)
class Grain:
    """side×side each; planks run along x."""

    rings: Field
    """0–1, 1 = dense late wood."""
    fibres: Field
    """About deviation 1, long along the plank."""
    pores: Field
    """0–1."""
    tone: Field
    """One value a plank, about −1 to 1."""
    joints: Field
    """0–1, 1 between two planks."""


def plank_grain(side: int, rng: Rng) -> Grain:
    """Of one broad board, or of two to six planks."""
    count = int(rng.choice((1, 2, 3, 4, 5, 6), p=(0.3, 0.1, 0.2, 0.2, 0.1, 0.1)))
    x, y = grid(side, side)
    x, y = x / np.float32(side), y / np.float32(side)
    at = y * count + np.float32(rng.uniform(0, 1) if count > 1 else 0)
    which = np.floor(at).astype(np.int64)
    inside = (at - which - np.float32(0.5)) / np.float32(count)
    draws = rng.uniform(-1, 1, (4, count + 2)).astype(np.float32)[:, which]
    rings = _rings(side, rng, inside + 0.25 * draws[0] / count, x + draws[1], draws[2])
    fibres = cells(rng, side, side / 2.4, 5) + 0.8 * cells(rng, side, side / 5, 3)
    streaks = cells(rng, side, side / 2.2, 14)
    pores = np.clip((streaks - 1.1) * np.float32(1.2), 0, 1)
    edge = (np.float32(0.5 / count) - np.abs(inside)) * side
    joints = np.exp(-((edge / np.float32(1.1)) ** 2)) if count > 1 else np.zeros_like(edge)
    tone = draws[3] if count > 1 else np.zeros_like(edge)
    return Grain(rings, np.asarray(fibres / 1.2, np.float32), pores, tone, np.asarray(joints, np.float32))


def _rings(side: int, rng: Rng, across: Field, along: Field, lean: Field) -> Field:
    """Distance from a tilted pith, wavy, folded into rings that darken slowly and end sharply."""
    wave = 0.030 * cloud(rng, side, 5, 3, 0.5, stretch=5) + 0.05 * cloud(rng, side, 2, 2, 0.5, stretch=3)
    bow = float(rng.uniform(0.12, 0.45))
    distance = np.sqrt((across + 0.12 * lean * along + wave) ** 2 + (bow * along) ** 2 * 0.25 + 0.0004)
    turns = distance * np.float32(rng.uniform(9, 20))
    phase = turns - np.floor(turns)
    rise = np.clip(phase / np.float32(0.82), 0, 1) ** 2
    return np.asarray(np.where(phase < 0.82, rise, (1 - phase) / np.float32(0.18)), np.float32)
