"""Prints words on things in the picture: in perspective, shaded as the thing is, seen through the camera's blur and noise."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.training.text_origin.lettering import Lettering, lettering, shrunk
from flows.training.text_origin.sources import words_for

Levels3 = NDArray[np.float32]
Plane = NDArray[np.float32]
_LARGE = 3
"""How much larger words are drawn, so that only the camera makes them soft."""


def words_of_print(random: np.random.Generator, faces: tuple[str, ...], widest: int) -> Lettering:
    """Words no wider than `widest` px, drawn off the pixel grid."""
    face = str(random.choice(np.asarray(faces)))
    size = int(np.exp(random.uniform(np.log(10), np.log(90))))
    words = lettering(face, size * _LARGE, words_for(face, random))
    while words.letters.shape[1] > widest * _LARGE and size > 9:
        size = max(int(size * 0.8), 9)
        words = lettering(face, size * _LARGE, words_for(face, random))
    return shrunk(seen(words, random), _LARGE)


def seen(words: Lettering, random: np.random.Generator) -> Lettering:
    """The words on a plane or a cylinder that is turned away from the camera, some little, some much."""
    height, width = words.letters.shape
    pad = round(0.35 * height)
    letters = np.pad(words.letters, pad)
    height, width = letters.shape
    xs, ys = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    if random.random() < 0.25:  # a bottle or a cup
        turn = np.float32(random.uniform(0.4, 1.2))
        u = (2 * xs / (width - 1) - 1) * np.sin(turn)
        sag = np.float32(random.uniform(-0.5, 0.5)) * height * (1 - np.sqrt(1 - u**2 * np.float32(0.98)))
        xs, ys = (np.arcsin(u) / turn + 1) / 2 * np.float32(width - 1), ys + sag
        letters = np.asarray(
            cv2.remap(letters, xs.astype(np.float32), ys.astype(np.float32), cv2.INTER_LINEAR), np.float32
        )
    strength = float(random.choice([0.0, 0.01, 0.05, 0.12]))
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    bent = corners + random.normal(0, strength, (4, 2)) * np.array([min(width, 2 * height), height])
    angle = np.deg2rad(random.normal(0, float(random.choice([0, 0, 0.4, 3, 15]))))
    matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    bent = bent @ matrix.T
    bent -= bent.min(axis=0)
    size = tuple(int(v) for v in np.ceil(bent.max(axis=0)))
    warp = cv2.getPerspectiveTransform(corners, bent.astype(np.float32))
    warped = np.asarray(cv2.warpPerspective(letters, warp, size, flags=cv2.INTER_AREA), np.float32)
    return Lettering(warped, warped)


def print_on(
    picture: Levels3, words: Lettering, corner: tuple[int, int], blur: float, random: np.random.Generator
) -> None:
    """Changes `picture` (H×W×3, levels): ink takes light away, or a label with its own paper is stuck on.

    blur: of the camera, px; noise is that of the picture and of the darker or lighter ink."""
    x, y = corner
    height, width = words.letters.shape
    view = picture[y : y + height, x : x + width]
    light = 1 + (_shading(view) - 1) * np.float32(random.uniform(0.05, 1))
    sharp = np.asarray(cv2.GaussianBlur(words.letters, (0, 0), blur), np.float32)
    worn = sharp * _wear(sharp.shape, random)
    if random.random() < 0.55:
        _label(view, light, blur, random)
    ink = _ink(view, random)
    if random.random() < 0.6:  # ink lets light through: what is beneath shows in it, darker
        kept = np.clip(ink / 255, 0.03, 1)
        view *= 1 - worn[..., None] * (1 - kept)
    else:
        lit = np.clip(ink * light[..., None], 0, 255)
        view += worn[..., None] * (lit - view) * np.float32(random.uniform(0.85, 1))
    _grain(view, worn, random)


def _shading(view: Levels3) -> Plane:
    """Light on the thing, about 1: the low frequencies of what is there."""
    grey = view.mean(axis=2)
    low = np.asarray(cv2.GaussianBlur(grey, (0, 0), max(min(view.shape[:2]) / 6, 2)), np.float32)
    slope = low / max(float(np.percentile(low, 80)), 8)
    return np.asarray(np.clip(slope, 0.25, 1.3), np.float32)


def _label(view: Levels3, light: Plane, blur: float, random: np.random.Generator) -> None:
    height, width = view.shape[:2]
    cover = np.zeros((height, width), np.float32)
    pad = 2 + int(3 * blur)
    cover[pad:-pad, pad:-pad] = 1
    cover = np.asarray(cv2.GaussianBlur(cover, (0, 0), blur), np.float32)[..., None]
    paper = random.integers(150, 256, 3) if random.random() < 0.7 else random.integers(20, 230, 3)
    ramp = np.linspace(random.uniform(0.75, 1.1), random.uniform(0.75, 1.1), width, dtype=np.float32)[
        None, :, None
    ]
    lit = np.clip(
        paper.astype(np.float32) * light[..., None] * ramp * np.float32(random.uniform(0.7, 1)), 0, 252
    )
    view += cover * (lit - view)


def _ink(view: Levels3, random: np.random.Generator) -> Levels3:
    """A colour that can be read on what is there."""
    ground = view.mean(axis=(0, 1))
    for _ in range(20):
        ink = random.integers(5, 245, 3).astype(np.float32)
        if random.random() < 0.35:
            ink = np.float32(random.integers(190, 252)) * np.ones(3, np.float32)
        elif random.random() < 0.6:
            ink = np.float32(random.integers(8, 60)) * np.ones(3, np.float32)
        if np.abs(ink - ground).mean() > float(random.uniform(50, 120)):
            return ink
    return np.full(3, 25 if ground.mean() > 110 else 235, np.float32)


def _wear(shape: tuple[int, ...], random: np.random.Generator) -> Plane:
    """Ink is not laid on evenly: 1 where it is, less where it is thin."""
    rough = random.normal(0, 1, shape).astype(np.float32)
    rough = np.asarray(cv2.GaussianBlur(rough, (0, 0), float(random.uniform(0.8, 3))), np.float32)
    rough /= max(float(rough.std()), 1e-6)
    return np.clip(1 - np.float32(random.choice([0.0, 0.01, 0.03, 0.1])) * np.abs(rough), 0, 1)


def _grain(view: Levels3, worn: Plane, random: np.random.Generator) -> None:
    """Noise of the camera, about as strong as what the picture shows."""
    fine = view.mean(axis=2)
    fine = fine - np.asarray(cv2.GaussianBlur(fine, (0, 0), 1.0), np.float32)
    level = max(1.5 * float(np.median(np.abs(fine))), 0.25) * float(random.uniform(0.5, 1.5))
    noise = random.normal(0, level, view.shape[:2])[..., None] + random.normal(0, level / 2, view.shape)
    view += np.asarray(
        cv2.GaussianBlur(noise.astype(np.float32), (0, 0), float(random.uniform(0.35, 0.7))), np.float32
    )
    np.clip(view, 0, 255, out=view)
