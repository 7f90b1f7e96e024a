"""How light falls on a flat scene: its falloff across the picture, its tint, and how a surface's relief catches it."""

from __future__ import annotations

from typing import Final

import numpy as np

from flows.training.backdrop.materials import Pixels
from flows.training.backdrop.noise import Field, Rng, grid, smoothstep
from flows.training.backdrop.scene import Light, Warmth

TINTS: Final[dict[Warmth, tuple[float, float, float]]] = {
    "warm": (1.05, 0.985, 0.85), "neutral": (1.0, 1.0, 1.0), "cool": (0.89, 0.98, 1.07),
}  # fmt: skip
"""Gain of red, green and blue."""
_RELIEF: Final = {"soft": 0.22, "hard": 0.5}


def falloff(side: int, light: Light, rng: Rng) -> Field:
    """side×side, a gain about 1: brightest where the light comes from. Soft light fades slowly, hard light ends in a slanting shadow."""
    x, y = grid(side, side)
    x, y = x / np.float32(side - 1) - np.float32(0.5), y / np.float32(side - 1) - np.float32(0.5)
    strength, wander = float(rng.uniform(0.85, 1.15)), rng.uniform(-0.08, 0.08, 2)
    if light.side == "front":
        return _pool(x - np.float32(wander[0]), y - np.float32(wander[1]), light, strength)
    if light.side == "top":
        along, across = y, x
    else:
        along, across = (x if light.side == "left" else -x), y
    if light.quality == "soft":
        fade = smoothstep(along + np.float32(0.15 * wander[0]), -0.75, 0.75)
        return np.asarray(1.06 - 0.48 * strength * fade, np.float32)
    slant = np.float32(rng.uniform(-0.5, 0.5) if light.side == "top" else rng.uniform(0.15, 0.6))
    edge = along + slant * across - np.float32(wander[0])
    width = float(rng.uniform(0.10, 0.22))
    shadow = smoothstep(edge, 0.08 - width, 0.08 + width)
    return np.asarray(1.08 - 0.10 * (along + 0.5) - 0.5 * strength * shadow, np.float32)


def _pool(x: Field, y: Field, light: Light, strength: float) -> Field:
    far = np.sqrt(x * x + y * y)
    if light.quality == "soft":
        return np.asarray(1.03 - 0.42 * strength * far**2, np.float32)
    return np.asarray(1.07 - 0.52 * strength * smoothstep(far, 0.22, 0.62), np.float32)


def relief(height: Field, light: Light) -> Field:
    """Gain from the slopes: those that face the light are brighter."""
    down, across = np.gradient(height)
    slope = {"left": across, "right": -across, "top": down}.get(light.side)
    if slope is None:
        slope = np.float32(0.35) * (down + across)
    return np.asarray(np.clip(1 + _RELIEF[light.quality] * slope, 0.55, 1.5), np.float32)


def tinted(pixels: Pixels, warmth: Warmth) -> Pixels:
    """Under warm, neutral or cool light."""
    return np.asarray(pixels * np.asarray(TINTS[warmth], np.float32), np.float32)
