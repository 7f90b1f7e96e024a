"""Draws materials seen flat and evenly lit: wood, marble, fabric, paper, plaster, concrete, a studio's plain backdrop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.training.backdrop.noise import Field, Rng, blurred, cells, cloud, grid, smoothstep, warped
from flows.training.backdrop.planks import plank_grain

Pixels = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Texture:
    """A surface before any light falls on it."""

    albedo: Pixels
    """side×side×3, sRGB 0–1."""
    height: Field
    """side×side; its slopes catch the light. About 0.1 a px is strong."""


def texture(material: str, colour: NDArray[np.float32], side: int, rng: Rng) -> Texture:
    """A square of the material. colour: 3 values, 0–1; the middle of what is drawn is close to it."""
    return _DRAW[material](colour, side, rng)


def _toned(colour: NDArray[np.float32], tone: Field) -> Pixels:
    """The colour made lighter or darker: tone 0 = as it is, 0.1 = a tenth lighter. Dark colours move more, as they are seen."""
    step = (0.05 + colour)[None, None] * tone[..., None]
    return np.asarray(colour + step, np.float32)


def _mixed(one: Pixels, other: NDArray[np.float32], share: Field) -> Pixels:
    return np.asarray(one + (other - one) * share[..., None], np.float32)


def _studio(colour: NDArray[np.float32], side: int, rng: Rng) -> Texture:
    """Nothing but slow changes of tone."""
    tone = np.float32(0.025) * cloud(rng, side, 1, 1)
    return Texture(_toned(colour, tone), np.zeros((side, side), np.float32))


def _plaster(colour: NDArray[np.float32], side: int, rng: Rng) -> Texture:
    """Mottled, with the strokes of a trowel."""
    amount = float(rng.uniform(0.6, 1.3))
    bend = [cloud(rng, side, 3, 2) * np.float32(side * 0.05) for _ in range(2)]
    strokes = warped(cloud(rng, side, 9, 3, 0.6, stretch=2.5), *bend)
    blotches = cloud(rng, side, 3, 4, 0.65)
    tone = np.asarray(amount * (0.055 * blotches + 0.03 * strokes), np.float32)
    height = amount * (0.34 * strokes + 0.24 * cells(rng, side, 44, 44))
    return Texture(_toned(colour, tone), np.asarray(height, np.float32))


def _paper(colour: NDArray[np.float32], side: int, rng: Rng) -> Texture:
    """A fine even tooth, and fibres here and there."""
    tooth = cells(rng, side, 60, 60) + 0.7 * cells(rng, side, 34, 34)
    fibres = np.zeros((side, side), np.float32)
    for _ in range(int(rng.integers(20, 70))):
        at, angle = rng.uniform(0, side, 2), rng.uniform(0, 2 * np.pi)
        bend, reach = rng.uniform(-0.6, 0.6), side * rng.uniform(0.02, 0.06)
        turn = angle + bend * np.linspace(0, 1, 6)
        walk = at + np.cumsum(np.stack([np.cos(turn), np.sin(turn)], 1) * reach / 5, axis=0)
        level = float(rng.uniform(-1, 1))
        cv2.polylines(fibres, [np.rint(walk * 8).astype(np.int32)], False, (level,), 1, cv2.LINE_AA, 3)
    tone = 0.012 * tooth + 0.09 * blurred(fibres, 0.6) + 0.02 * cloud(rng, side, 2, 3)
    return Texture(_toned(colour, tone), np.asarray(0.28 * tooth, np.float32))


def _fabric(colour: NDArray[np.float32], side: int, rng: Rng) -> Texture:
    """Plain weave: warp over weft and under in turn, yarns of uneven thickness, laid in slow folds."""
    x, y = grid(side, side)
    drift = [cloud(rng, side, 2, 2) * np.float32(side * 0.012) for _ in range(2)]
    pitch = float(rng.uniform(5.0, 8.0))
    u, v = (x + drift[0]) / pitch, (y + drift[1]) / pitch
    over = np.float32(0.5) * (1 + np.sin(np.pi * u) * np.sin(np.pi * v))
    warp, weft = np.abs(np.sin(np.pi * u)), np.abs(np.sin(np.pi * v))
    slub_warp = cells(rng, side, 6, side / pitch)
    slub_weft = cells(rng, side, side / pitch, 6)
    across = over * (weft + 0.25 * slub_weft) + (1 - over) * (warp + 0.25 * slub_warp)
    folds = cloud(rng, side, 2, 2, 0.4, stretch=float(rng.choice((0.4, 1.0, 2.5))))
    tone = 0.34 * (across - 0.72) + 0.05 * folds
    height = np.asarray(0.45 * across + 4.0 * folds * side / 256, np.float32)
    return Texture(_toned(colour, np.asarray(tone, np.float32)), height)


def _concrete(colour: NDArray[np.float32], side: int, rng: Rng) -> Texture:
    """Clouded and speckled, with pores; now and then the joint of two panels."""
    stains = cloud(rng, side, 3, 5, 0.7)
    speckle = cells(rng, side, 90, 90)
    pores = np.zeros((side, side), np.float32)
    for _ in range(int(rng.integers(15, 60))):
        at = tuple(int(n) for n in rng.integers(0, side * 8, 2))
        cv2.circle(pores, at, int(rng.uniform(0.5, 2.2) * 8 * side / 256), (1.0,), -1, cv2.LINE_AA, 3)
    if rng.random() < 0.35:
        x, y = grid(side, side)
        across = (x if rng.random() < 0.5 else y) - np.float32(rng.uniform(0.2, 0.8) * side)
        pores = np.maximum(pores, np.exp(-((across / 1.3) ** 2)))
    tone = 0.075 * stains + 0.02 * speckle - 0.32 * pores
    height = np.asarray(0.25 * cells(rng, side, 40, 40) - 0.8 * pores, np.float32)
    return Texture(_toned(colour, np.asarray(tone, np.float32)), height)


def _marble(colour: NDArray[np.float32], side: int, rng: Rng) -> Texture:
    """Veins where turbulence crosses nought (Perlin 1985), broad ones and fine ones, over slow clouds."""
    dark = float(colour.mean()) < 0.4
    vein = np.asarray(0.55 * colour + 0.42 if dark else 0.42 * colour, np.float32)
    slant = float(rng.uniform(0.6, 2.2))
    made = _toned(colour, 0.05 * cloud(rng, side, 2, 4, 0.6))
    for size, width, strength in ((1.2, 0.09, 0.85), (2.4, 0.055, 0.65), (4.5, 0.045, 0.4)):
        bend = [cloud(rng, side, 3, 4, 0.55) * np.float32(side * 0.06) for _ in range(2)]
        field = warped(cloud(rng, side, size, 2, 0.4, stretch=slant), *bend)
        if slant > 1.2:
            field = _turned(field, 35.0)
        ridge = np.exp(-np.abs(field) / np.float32(width)) * smoothstep(cloud(rng, side, 2, 2), -0.4, 0.9)
        halo = np.exp(-np.abs(field) / np.float32(width * 6)) * np.float32(0.4)
        made = _mixed(made, vein, np.asarray(strength * np.maximum(ridge, halo), np.float32))
    return Texture(made, np.zeros((side, side), np.float32))


def _wood(colour: NDArray[np.float32], side: int, rng: Rng) -> Texture:
    """Planks with rings, fibres and pores; painted colours show less of them."""
    warm = float(colour[0] - colour[2]) > 0.12
    grain = plank_grain(side, rng)
    depth = np.float32(rng.uniform(0.8, 1.15) * (1.0 if warm else 0.62))
    late = colour * np.asarray((0.70, 0.60, 0.52) if warm else (0.74, 0.74, 0.74), np.float32)
    made = _toned(colour, depth * (0.07 * grain.fibres + 0.10 * grain.tone) + 0.07)
    made = _mixed(made, late, np.clip(depth * 0.62 * grain.rings, 0, 1))
    made = _mixed(made, late * np.float32(0.6), np.clip(depth * 0.5 * grain.pores, 0, 1))
    made = _mixed(made, colour * np.float32(0.25), 0.8 * grain.joints)
    height = np.asarray(0.22 * grain.fibres - 0.9 * grain.joints, np.float32)
    return Texture(made, height)


def _turned(field: Field, degrees: float) -> Field:
    side = field.shape[0]
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), degrees, 1.35)
    return np.asarray(cv2.warpAffine(field, turn, (side, side), borderMode=cv2.BORDER_REFLECT), np.float32)


_DRAW: Final[dict[str, Callable[[NDArray[np.float32], int, Rng], Texture]]] = {
    "studio": _studio, "plaster": _plaster, "paper": _paper, "fabric": _fabric, "concrete": _concrete,
    "marble": _marble, "wood": _wood,
}  # fmt: skip
