"""An observed sampling drawn: where words lit over the picture, and the pictures that the model expected, step by step."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from flows.observing.words import Map, Word, lit, words_of
from model_registry.engines.observing import Observation

Levels = NDArray[np.uint8]
SIDE = 128
"""Longer side of an overlay, px."""
WORDS = 20
"""Most words whose overlays are drawn; punctuation is left out."""
GLOW = np.array([255, 176, 32], np.float32)
"""Amber: what is lit stays apart from ordinary pictures and, being brighter too, from what is not lit in greys."""
LINE = 16
"""Height of a line of lettering, px."""
GAP = 4
COLUMNS = 6


def last_picture(one: Observation) -> Levels:
    """H×W×3: the last picture that was decoded; middle grey where none was."""
    if len(one.pictures):
        return np.ascontiguousarray(one.pictures[-1])
    h, w = one.attention.shape[-2:] if one.attention.size else (SIDE, SIDE)
    share = SIDE / max(h, w, 1)
    return np.full((max(round(h * share), 1), max(round(w * share), 1), 3), 128, np.uint8)


def overlay(picture: Levels, where: Map) -> Levels:
    """The picture, darkened and greyed, with its colours and an amber glow where the map is high.

    where: h×w of any size, stretched between its own least and most: it shows where, not how much. A map that is even
    everywhere lights nothing. H×W×3 uint8, a new array."""
    height, width = picture.shape[:2]
    low, high = float(where.min()), float(where.max())
    even = high - low <= 1e-3 * max(high, 1e-6)
    scaled = np.zeros_like(where, np.float32) if even else ((where - low) / (high - low)).astype(np.float32)
    share = np.clip(cv2.resize(scaled, (width, height), interpolation=cv2.INTER_LINEAR), 0, 1)[..., None]
    colours = picture.astype(np.float32)
    grey = colours @ np.array([0.299, 0.587, 0.114], np.float32)
    unlit = np.repeat(grey[..., None] * 0.55, 3, axis=2)
    glowing = 0.6 * colours + 0.4 * GLOW
    return np.clip(np.rint(unlit * (1 - share) + glowing * share), 0, 255).astype(np.uint8)


def spoken(one: Observation) -> list[Word]:
    """The words that are more than punctuation."""
    return [word for word in words_of(one) if any(c.isalnum() for c in word.text)]


def lit_words(one: Observation, most: int = WORDS) -> list[tuple[str, float, Levels]]:
    """Of each word: what it says, the most attention that any place gives it (0–1), its overlay."""
    picture = last_picture(one)
    found = []
    for word in spoken(one)[:most]:
        where = lit(one, word)
        if where is not None:
            found.append((word.text, float(where.max()), overlay(picture, where)))
    return found


def step_names(one: Observation) -> tuple[str, ...]:
    """Of each decoded picture: `step 3 of 20`, counted from 1."""
    total = one.steps or len(one.timesteps)
    return tuple(f"step {step + 1} of {total}" for step in one.pictured_steps)


def steps_strip(one: Observation) -> Levels | None:
    """The decoded pictures side by side with their steps; None where none was decoded."""
    if not len(one.pictures):
        return None
    return sheet_of([(name, picture) for name, picture in zip(step_names(one), one.pictures, strict=True)],
                    columns=len(one.pictures))  # fmt: skip


def attention_sheet(one: Observation) -> Levels | None:
    """The overlays of the prompt's words in rows; None where attention was not kept."""
    lit_ones = lit_words(one)
    return sheet_of([(text, picture) for text, _, picture in lit_ones], COLUMNS) if lit_ones else None


def sheet_of(pictures: list[tuple[str, Levels]], columns: int) -> Levels:
    """Pictures of one size in rows of at most `columns`, each with its name beneath, on white."""
    height, width = pictures[0][1].shape[:2]
    wide = max(width, 64)
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    size = (columns * (wide + GAP) + GAP, rows * (height + LINE + GAP) + GAP)
    canvas = Image.new("RGB", size, "white")
    pen, font = ImageDraw.Draw(canvas), ImageFont.load_default(11)
    for n, (name, picture) in enumerate(pictures):
        x, y = GAP + n % columns * (wide + GAP), GAP + n // columns * (height + LINE + GAP)
        canvas.paste(Image.fromarray(picture), (x, y))
        pen.text((x, y + height + 1), _fitting(pen, font, name, wide), "black", font=font)
    return np.asarray(canvas, np.uint8)


def _fitting(
    pen: ImageDraw.ImageDraw, font: ImageFont.ImageFont | ImageFont.FreeTypeFont, name: str, width: int
) -> str:
    while len(name) > 1 and pen.textlength(name, font=font) > width:
        name = name[:-2] + "…"
    return name
