"""Says which words of a prompt a picture follows. Fitted on rendered pictures alone: it never saw a generated one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from flows.bench.synthesis.features import FLOOR, WALL, Pixels, Vector, colour, light, part, ratios, texture
from flows.bench.synthesis.logistic import Logistic, fit
from flows.bench.synthesis.prompts import ATTRIBUTES, Prompt
from flows.training.backdrop.render import render
from flows.training.backdrop.scene import PALETTE, Scene, draw_scene

_SEED: Final = 77
_BLURS: Final = (0.0, 0.6, 1.1)
"""Sigmas, px: a judge of texture must not hang on the last pixel's sharpness."""


@dataclass(frozen=True)
class Judge:
    """One classifier an attribute, and what each colour's channels are under neutral light."""

    classifiers: Mapping[str, Logistic]
    neutral: Mapping[str, Vector]

    def follows(self, picture: Pixels, prompt: Prompt) -> dict[str, bool]:
        """For every attribute that the prompt gives, whether the picture shows it. picture: H×W×3, 0–1."""
        two = prompt.scene.floor is not None
        seen = _features(picture, two) | {"warmth": _tint(picture, prompt.scene, self.neutral)}
        return {name: self.classifiers[name].tell(seen[name]) == value for name, value in prompt.said.items()}


def fitted(count: int, side: int = 256) -> Judge:
    """A judge taught by so many renders of any scenes."""
    rng = np.random.default_rng(_SEED)
    examples = [_example(draw_scene(rng), side, n) for n in range(count)]
    neutral = _neutral(examples)
    features: dict[str, list[Vector]] = {name: [] for name in ATTRIBUTES}
    labels: dict[str, list[str]] = {name: [] for name in ATTRIBUTES}
    for scene, picture in examples:
        seen = _features(picture, scene.floor is not None) | {"warmth": _tint(picture, scene, neutral)}
        for name, value in _truth(scene).items():
            features[name].append(seen[name])
            labels[name].append(value)
    return Judge({name: fit(features[name], labels[name]) for name in ATTRIBUTES}, neutral)


def rendered(scene: Scene, side: int = 256) -> Pixels:
    """The scene as it is in 8 bits."""
    return np.asarray(np.rint(render(scene, side).pixels * 255) / 255, np.float32)


def _example(scene: Scene, side: int, n: int) -> tuple[Scene, Pixels]:
    picture, sigma = rendered(scene, side), _BLURS[n % len(_BLURS)]
    return scene, np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma) if sigma else picture, np.float32)


def _truth(scene: Scene) -> dict[str, str]:
    found = {
        "wall_colour": scene.wall.colour, "wall_material": scene.wall.material, "side": scene.light.side,
        "hardness": scene.light.quality, "warmth": scene.light.warmth,
    }  # fmt: skip
    if scene.floor is not None:
        found |= {"floor_colour": scene.floor.colour, "floor_material": scene.floor.material}
    return found


def _features(picture: Pixels, two_parts: bool) -> dict[str, Vector]:
    """Of every attribute but warmth, for which the colours asked for must be known."""
    wall, floor = part(picture, WALL if two_parts else None), part(picture, FLOOR)
    lit = light(picture, two_parts)
    return {
        "wall_colour": np.concatenate([colour(wall), ratios(picture)]),
        "floor_colour": np.concatenate([colour(floor), ratios(picture)]),
        "wall_material": texture(wall), "floor_material": texture(floor), "side": lit, "hardness": np.abs(lit),
    }  # fmt: skip


def _tint(picture: Pixels, scene: Scene, neutral: Mapping[str, Vector]) -> Vector:
    """How far the channels' ratios are off from those of the scene's colours under neutral light."""
    two = scene.floor is not None
    off = [ratios(part(picture, WALL if two else None)) - neutral[scene.wall.colour]]
    off += [ratios(part(picture, FLOOR)) - neutral[scene.floor.colour]] if scene.floor is not None else []
    return np.asarray(np.mean(off, axis=0), np.float64)


def _neutral(examples: Iterable[tuple[Scene, Pixels]]) -> dict[str, Vector]:
    """Of each colour, the channels' ratios under neutral light: those of its name where no render shows it so."""
    named = {name: np.asarray(rgb, np.float32).reshape(1, 1, 3) for name, rgb in PALETTE.items()}
    found: dict[str, list[Vector]] = {}
    for scene, picture in examples:
        if scene.light.warmth == "neutral":
            two = scene.floor is not None
            found.setdefault(scene.wall.colour, []).append(ratios(part(picture, WALL if two else None)))
            if scene.floor is not None:
                found.setdefault(scene.floor.colour, []).append(ratios(part(picture, FLOOR)))
    return {name: np.median(found.get(name, [ratios(rgb)]), axis=0) for name, rgb in named.items()}
