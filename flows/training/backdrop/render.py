"""Renders a scene: its surfaces in place, lit, with the shadow where wall and floor meet."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.training.backdrop.lighting import falloff, relief, tinted
from flows.training.backdrop.materials import Pixels, Texture, texture
from flows.training.backdrop.noise import Rng
from flows.training.backdrop.scene import PALETTE, Scene, Surface

WALL: Final = 0
FLOOR: Final = 1


@dataclass(frozen=True, slots=True)
class Rendered:
    """A picture and what is where in it."""

    pixels: Pixels
    """side×side×3, sRGB, 0–1."""
    layout: NDArray[np.uint8]
    """side×side: WALL or FLOOR."""


def render(scene: Scene, side: int = 256) -> Rendered:
    """The same picture for the same scene and side, whatever the machine draws beside it. side: 32 px or more."""
    wall = _surface(scene, scene.wall, side, "wall")
    made = wall.albedo * relief(wall.height, scene.light)[..., None]
    layout = np.zeros((side, side), np.uint8)
    if scene.floor is not None:
        line = round(scene.horizon * side)
        layout[line:] = FLOOR
        made = _joined(made, _floor(scene, scene.floor, side, line), line)
    gain = falloff(side, scene.light, np.random.default_rng([scene.seed, 3]))
    return Rendered(_exposed(tinted(made * gain[..., None], scene.light.warmth)), layout)


def _surface(scene: Scene, surface: Surface, side: int, part: str) -> Texture:
    """Drawn from the scene's seed; wood on a wall may stand upright."""
    rng = np.random.default_rng([scene.seed, zlib.crc32(part.encode())])
    made = texture(surface.material, _shade(surface.colour, rng), side, rng)
    if part == "wall" and surface.material == "wood" and rng.random() < 0.4:
        return Texture(_upright(made.albedo), _upright(made.height))
    return made


def _shade(colour: str, rng: Rng) -> NDArray[np.float32]:
    """The colour's middle, a little lighter, darker or off in hue."""
    middle = np.asarray(PALETTE[colour], np.float32)
    shade = middle * rng.uniform(0.93, 1.04) * (1 + rng.normal(0, 0.012, 3))
    return np.asarray(np.clip(shade, 0.03, 0.95), np.float32)


def _floor(scene: Scene, surface: Surface, side: int, line: int) -> Pixels:
    """(side − line)×side×3: the surface seen at a slant, smaller further away."""
    laid = _surface(scene, surface, side, "floor")
    lit = np.asarray(laid.albedo * relief(laid.height, scene.light)[..., None], np.float32)
    rng = np.random.default_rng([scene.seed, 2])
    if surface.material == "wood" and rng.random() < 0.35:
        lit = _upright(lit)
    depth, narrow = side - line, float(rng.uniform(0.12, 0.24)) * side
    used = min(side - 1.0, depth * float(rng.uniform(1.2, 1.6)))
    top = side - used
    corners = np.asarray([(narrow, side - 1), (side - narrow, side - 1), (side, top), (0, top)], np.float32)
    target = np.asarray([(0, depth - 1), (side, depth - 1), (side, 0), (0, 0)], np.float32)
    turn = cv2.getPerspectiveTransform(corners, target)
    made = cv2.warpPerspective(lit, turn, (side, depth), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(made, np.float32)


def _joined(wall: Pixels, floor: Pixels, line: int) -> Pixels:
    """Both, the line between them soft over a pixel, darker in the corner than away from it."""
    side = wall.shape[0]
    y = np.arange(side, dtype=np.float32) / np.float32(side) - np.float32(line / side)
    made = wall.copy()
    made[line:] = floor
    made[line] = (wall[line] + floor[0]) / 2
    below, above = np.exp(-y.clip(0) / 0.045) * (y >= 0), np.exp(y.clip(None, 0) / 0.03) * (y < 0)
    dark = 1 - 0.34 * below - 0.12 * above
    return np.asarray(made * dark[:, None, None], np.float32)


def _upright(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.ascontiguousarray(np.swapaxes(picture, 0, 1))


def _exposed(light: Pixels) -> Pixels:
    """Highlights roll off above 0.9 instead of clipping."""
    over = np.maximum(light - np.float32(0.9), 0)
    soft = np.minimum(light, np.float32(0.9)) + np.float32(0.1) * (1 - np.exp(-over / np.float32(0.1)))
    return np.asarray(np.clip(soft, 0, 1), np.float32)
