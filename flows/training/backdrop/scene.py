"""What a rendered training picture shows: surfaces, their colours, the light, and which combinations are held out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

Side = Literal["left", "right", "top", "front"]
Quality = Literal["soft", "hard"]
Warmth = Literal["warm", "neutral", "cool"]

PALETTE: Final[dict[str, tuple[float, float, float]]] = {
    "white": (0.93, 0.93, 0.92), "cream": (0.93, 0.87, 0.74), "beige": (0.80, 0.70, 0.57),
    "grey": (0.56, 0.56, 0.56), "black": (0.12, 0.12, 0.125), "brown": (0.42, 0.27, 0.17),
    "terracotta": (0.74, 0.41, 0.29), "red": (0.70, 0.15, 0.14), "orange": (0.90, 0.53, 0.18),
    "yellow": (0.91, 0.77, 0.28), "green": (0.32, 0.52, 0.32), "teal": (0.15, 0.47, 0.48),
    "blue": (0.24, 0.43, 0.72), "navy": (0.12, 0.18, 0.36), "purple": (0.45, 0.30, 0.59),
    "pink": (0.91, 0.66, 0.69), "oak": (0.72, 0.54, 0.35), "walnut": (0.37, 0.24, 0.16),
    "pine": (0.86, 0.70, 0.47),
}  # fmt: skip
"""Middle of each colour, sRGB, 0–1. The last three are kinds of wood, which name its colour."""
WOODS: Final = ("oak", "walnut", "pine")
_DYED: Final = tuple(name for name in PALETTE if name not in WOODS)

MATERIALS: Final[dict[str, tuple[str, ...]]] = {
    "studio": _DYED,
    "plaster": _DYED,
    "paper": _DYED,
    "fabric": _DYED,
    "concrete": ("grey", "white", "beige", "black", "blue", "green", "pink", "terracotta"),
    "wood": (*WOODS, "white", "grey", "black", "blue", "green"),
    "marble": ("white", "grey", "black", "green", "pink", "beige", "blue"),
}
"""Materials and the colours each comes in."""
FLOORS: Final = ("wood", "marble", "concrete", "fabric", "paper")
"""What lies below a horizon."""
HELD_OUT: Final = frozenset({
    ("studio", "orange"), ("studio", "navy"), ("plaster", "blue"), ("plaster", "yellow"), ("paper", "teal"),
    ("paper", "purple"), ("fabric", "terracotta"), ("fabric", "green"), ("concrete", "pink"), ("wood", "blue"),
    ("marble", "beige"),
})  # fmt: skip
"""Combinations of material and colour that no training picture shows; each half of them is shown with others."""
_WEIGHTS: Final = {"studio": 1.1, "plaster": 1.0, "paper": 0.9, "fabric": 1.0, "concrete": 0.8, "wood": 1.6, "marble": 1.1}  # fmt: skip
_TWO_PARTS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Surface:
    """One material in one colour."""

    material: str
    """One of MATERIALS."""
    colour: str
    """One of the material's colours."""


@dataclass(frozen=True, slots=True)
class Light:
    """Where it comes from, how sharply it falls off, and its tint."""

    side: Side
    quality: Quality
    warmth: Warmth


@dataclass(frozen=True, slots=True)
class Scene:
    """A wall seen flat, or a floor below a horizon and a wall above it."""

    wall: Surface
    floor: Surface | None
    horizon: float
    """Where the floor begins, share of the height from the top; 1 without a floor."""
    light: Light
    seed: int
    """Of everything else: grain, veins, folds, the exact shade."""


def draw_scene(rng: np.random.Generator) -> Scene:
    """Any scene, held-out ones included; the same for the same generator."""
    two = bool(rng.random() < _TWO_PARTS)
    wall = _surface(rng, tuple(MATERIALS))
    floor = _surface(rng, FLOORS) if two else None
    if floor == wall:
        floor = None
    horizon = float(rng.uniform(0.42, 0.74)) if floor else 1.0
    sides: tuple[Side, ...] = ("left", "right", "top", "front")
    warmths: tuple[Warmth, ...] = ("warm", "neutral", "cool")
    light = Light(
        sides[int(rng.integers(4))],
        "hard" if rng.random() < 0.4 else "soft",
        warmths[int(rng.choice(3, p=(0.3, 0.45, 0.25)))],
    )
    return Scene(wall, floor, horizon, light, int(rng.integers(2**31)))


def is_held_out(scene: Scene) -> bool:
    """Whether any surface of it is in a combination kept out of training."""
    surfaces = (scene.wall, scene.floor) if scene.floor else (scene.wall,)
    return any(s is not None and (s.material, s.colour) in HELD_OUT for s in surfaces)


def _surface(rng: np.random.Generator, materials: tuple[str, ...]) -> Surface:
    weights = np.array([_WEIGHTS[name] for name in materials])
    material = materials[int(rng.choice(len(materials), p=weights / weights.sum()))]
    colours = MATERIALS[material]
    favoured = np.array([2.0 if name in WOODS else 1.0 for name in colours])
    return Surface(material, colours[int(rng.choice(len(colours), p=favoured / favoured.sum()))])
