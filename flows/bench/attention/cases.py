"""Two-part scenes that the generator learnt from, their captions, and which part of the picture each word is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.training.backdrop.caption import caption, spans
from flows.training.backdrop.render import FLOOR, WALL
from flows.training.backdrop.scene import PALETTE, Scene, draw_scene, is_held_out

Layout = NDArray[np.int8]
"""h×w: WALL, FLOOR, or UNKNOWN where either may be."""
UNKNOWN: Final = -1
HORIZONS: Final = (0.42, 0.74)
"""Where floors begin in the rendered pictures, share of the height: above the first all is wall, below the second all floor."""
_APART: Final = 20.0
"""CIE76 difference of two named colours, lightness counted half, above which a picture's own colours say what is where."""
_SURE: Final = 1.5
"""How many times nearer a place must be to one part's colour than to the other's."""
_LEAST: Final = 0.1
"""Of the picture, which both parts must take to be judged."""
_PLACES: Final = frozenset({"wall", "backdrop", "background", "table", "top", "floor", "surface"})
Kind = Literal["surface", "place"]


@dataclass(frozen=True, slots=True)
class Case:
    """One scene and its caption."""

    scene: Scene
    caption: str
    words: dict[str, int]
    """Word to WALL or FLOOR; of both parts there is one at least."""
    seed: int

    def kind(self, word: str) -> Kind:
        """Whether a word names a material or colour, or only where it is."""
        return "place" if word in _PLACES else "surface"


def cases(count: int) -> list[Case]:
    """The same for the same count; materials and colours in combinations that were trained on."""
    found: list[Case] = []
    rng = np.random.default_rng(20_261)
    while len(found) < count:
        scene = draw_scene(rng)
        said = caption(scene, rng)
        if scene.floor is None or is_held_out(scene):
            continue
        parts = {"wall": WALL, "floor": FLOOR}
        words = {word: parts[part] for word, part in spans(said, scene).items() if part in parts}
        named = {part for word, part in words.items() if word not in _PLACES}
        if named == {WALL, FLOOR}:
            found.append(Case(scene, said, words, len(found) + 1))
    return found


def expected_layout(shape: tuple[int, int]) -> Layout:
    """Of any two-part picture of the training distribution, where the horizon is not told: its middle is UNKNOWN."""
    middle = (np.arange(shape[0]) + 0.5) / shape[0]
    part = np.where(middle < HORIZONS[0], WALL, np.where(middle > HORIZONS[1], FLOOR, UNKNOWN))
    return np.repeat(part[:, None], shape[1], axis=1).astype(np.int8)


def rendered_layout(scene: Scene, shape: tuple[int, int]) -> Layout:
    """Of the rendered picture itself; the row that the horizon cuts is UNKNOWN."""
    edges = np.arange(shape[0] + 1) / shape[0]
    above, below = edges[1:] <= scene.horizon, edges[:-1] >= scene.horizon
    part = np.where(above, WALL, np.where(below, FLOOR, UNKNOWN))
    return np.repeat(part[:, None], shape[1], axis=1).astype(np.int8)


def coloured_layout(scene: Scene, picture: NDArray[np.float32], shape: tuple[int, int]) -> Layout:
    """Of a picture as it came out: each place is the part whose named colour is nearer, UNKNOWN where neither is clearly.

    picture: H×W×3, 0–1. All UNKNOWN where the two colours are alike or one part is hardly there. It sees what the model did,
    wherever it put it; material words are judged by their surface's colour."""
    assert scene.floor is not None
    wall, floor = (
        _lab(np.array([[PALETTE[part.colour]]], np.float32))[0, 0] for part in (scene.wall, scene.floor)
    )
    small = cv2.resize(picture, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    lab = _lab(np.clip(small, 0, 1).astype(np.float32))
    to_wall, to_floor = np.linalg.norm(lab - wall, axis=2), np.linalg.norm(lab - floor, axis=2)
    part = np.where(to_wall * _SURE < to_floor, WALL, np.where(to_floor * _SURE < to_wall, FLOOR, UNKNOWN))
    scarce = min(float((part == WALL).mean()), float((part == FLOOR).mean())) < _LEAST
    if scarce or np.linalg.norm(wall - floor) < _APART:
        part = np.full_like(part, UNKNOWN)
    return part.astype(np.int8)


def _lab(rgb: NDArray[np.float32]) -> NDArray[np.float32]:
    """CIELAB with lightness halved: light falls off over a picture, hues hardly change."""
    lab = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB), np.float32)
    return lab * np.array([0.5, 1, 1], np.float32)
