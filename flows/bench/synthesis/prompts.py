"""What is asked of the generator: captions of rendered scenes, and what each one says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from flows.training.backdrop.caption import caption, spans
from flows.training.backdrop.scene import Scene, draw_scene, is_held_out

ATTRIBUTES: Final = (
    "wall_colour", "wall_material", "floor_colour", "floor_material", "side", "hardness", "warmth",
)  # fmt: skip
_SEED: Final = 20_261
_SIDES: Final = {
    "left": "left", "right": "right", "above": "top", "overhead": "top", "front": "front", "frontal": "front",
}  # fmt: skip
_LIGHT: Final = {"hardness": ("soft", "hard"), "warmth": ("warm", "cool", "neutral")}


@dataclass(frozen=True, slots=True)
class Prompt:
    """A caption and what it says."""

    text: str
    scene: Scene
    """One of the scenes that it describes."""
    said: dict[str, str]
    """Attribute to value, for those that the words give."""


def prompts(count: int, *, held_out: bool, seed: int = _SEED) -> list[Prompt]:
    """So many different captions of scenes that are, or are not, in a combination kept out of training."""
    rng = np.random.default_rng([seed, held_out])
    found: dict[str, Prompt] = {}
    while len(found) < count:
        scene = draw_scene(rng)
        if is_held_out(scene) == held_out:
            text = caption(scene, rng)
            found.setdefault(text, Prompt(text, scene, said_in(text, scene)))
    return list(found.values())


def said_in(text: str, scene: Scene) -> dict[str, str]:
    """Surfaces are always named; of the light only what the words give."""
    said = {"wall_colour": scene.wall.colour, "wall_material": scene.wall.material}
    if scene.floor is not None:
        said |= {"floor_colour": scene.floor.colour, "floor_material": scene.floor.material}
    lit = [word for word, part in spans(text, scene).items() if part == "light"]
    found = [("side", side) for word in lit if (side := _SIDES.get(word))]
    for attribute, words in _LIGHT.items():
        found += [(attribute, word) for word in re.findall(r"[a-z]+", text) if word in words]
    return said | dict(found)
