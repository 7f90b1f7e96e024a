"""Draws one overlay caption as layers of exact coverage: straight, turned or bent, with outline, shadow, glow and plate."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from flows.bench.text.faces import Face
from tasks.contracts import Mask

Colour = tuple[int, int, int]
Polygon = NDArray[np.float64]
"""N×2, x and y, px."""


@dataclass(frozen=True, slots=True)
class Caption:
    """One line of overlay text. Lengths in pixels, opacities 0–1, the angle in degrees anti-clockwise."""

    text: str
    face: Face
    size: int
    x: float
    y: float
    """Centre of the text."""
    colour: Colour
    opacity: float = 1.0
    angle: float = 0.0
    bend: float = 0.0
    """Radius of the circle it is set on, its top upwards; 0 for straight."""
    outline: int = 0
    outline_colour: Colour = (0, 0, 0)
    shadow: float = 0.0
    """Opacity of a soft shadow below and to the right."""
    glow: float = 0.0
    """Opacity of a halo in the outline's colour."""
    plate: Colour | None = None
    plate_opacity: float = 1.0
    banner: bool = False
    """The plate runs across the whole picture."""
    fine: int = 4
    """Supersampling; 1 is FreeType's own anti-aliasing with hinting."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A colour and where it goes: H×W coverage, 0–1."""

    coverage: Mask
    colour: Colour


@dataclass(frozen=True, slots=True)
class Drawn:
    """A caption's layers, lowest first, and the outline of its text."""

    layers: tuple[Layer, ...]
    polygon: Polygon


def draw(caption: Caption, height: int, width: int) -> Drawn:
    """The caption on a page of height×width."""
    box = _bounds(caption)
    text = _shaped(_text(caption, height, width, 0), caption, height, width)
    made: list[Layer] = []
    if caption.plate is not None:
        plate = _shaped(_plate(caption, box, height, width), caption, height, width)
        made.append(Layer(_scaled(plate, caption.plate_opacity), caption.plate))
    if caption.shadow:
        made.append(Layer(_scaled(_shadow(text, caption.size), caption.shadow), (0, 0, 0)))
    wide = text
    if caption.outline or caption.glow:
        stroke = caption.outline or max(caption.size // 16, 1)
        wide = _shaped(_text(caption, height, width, stroke), caption, height, width)
    if caption.glow:
        halo = np.minimum(cv2.GaussianBlur(wide, (0, 0), 1 + caption.size / 16) * 1.6, 1)
        made.append(Layer(_scaled(halo, caption.glow), caption.outline_colour))
    if caption.outline:
        made.append(Layer(_scaled(wide, caption.opacity), caption.outline_colour))
    made.append(Layer(_scaled(text, caption.opacity), caption.colour))
    return Drawn(tuple(made), _outline(caption, box))


def text_width(text: str, face: Face, size: int) -> float:
    """Of the text set in one line, px."""
    return float(_font(face.path, size).getlength(text))


@lru_cache(maxsize=64)
def _font(path: str, size: int) -> ImageFont.FreeTypeFont:
    # The basic layout engine: raqm is not on every machine and would shift glyphs.
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


def _scaled(coverage: Mask, opacity: float) -> Mask:
    return np.asarray(coverage * np.float32(opacity), np.float32)


def _text(caption: Caption, height: int, width: int, stroke: int) -> Mask:
    fine = caption.fine
    page = Image.new("L", (width * fine, height * fine), 0)
    font = _font(caption.face.path, caption.size * fine)
    at = (round(caption.x * fine), round(caption.y * fine))
    ImageDraw.Draw(page).text(at, caption.text, fill=255, font=font, anchor="mm", stroke_width=stroke * fine)
    return np.asarray(page, np.float32) / np.float32(255)


def _bounds(caption: Caption) -> tuple[float, float, float, float]:
    """Of the glyphs with their outline, set straight, px."""
    fine = caption.fine
    box = _font(caption.face.path, caption.size * fine).getbbox(
        caption.text, anchor="mm", stroke_width=caption.outline * fine
    )
    left, top, right, bottom = (value / fine for value in box)
    return left + caption.x, top + caption.y, right + caption.x, bottom + caption.y


def _plate(caption: Caption, box: tuple[float, float, float, float], height: int, width: int) -> Mask:
    fine, pad = caption.fine, caption.size * 0.4
    x0, y0, x1, y1 = box[0] - pad, box[1] - pad, box[2] + pad, box[3] + pad
    page = Image.new("L", (width * fine, height * fine), 0)
    if caption.banner:
        ImageDraw.Draw(page).rectangle([0, round(y0 * fine), width * fine, round(y1 * fine)], fill=255)
    else:
        corners = [round(value * fine) for value in (x0, y0, x1, y1)]
        ImageDraw.Draw(page).rounded_rectangle(corners, radius=round(caption.size * 0.25 * fine), fill=255)
    return np.asarray(page, np.float32) / np.float32(255)


def _shaped(page: Mask, caption: Caption, height: int, width: int) -> Mask:
    """Turned or bent while still fine, then averaged down to height×width."""
    fine = caption.fine
    if caption.bend:
        page = _bent(page, caption)
    elif caption.angle:
        matrix = cv2.getRotationMatrix2D((caption.x * fine, caption.y * fine), caption.angle, 1.0)
        page = np.asarray(
            cv2.warpAffine(page, matrix, (page.shape[1], page.shape[0]), flags=cv2.INTER_LINEAR), np.float32
        )
    if fine > 1:
        page = np.asarray(cv2.resize(page, (width, height), interpolation=cv2.INTER_AREA), np.float32)
    return np.clip(page, 0, 1)


def _bent(page: Mask, caption: Caption) -> Mask:
    """Set on a circle whose top is the text's centre."""
    fine, radius = caption.fine, caption.bend * caption.fine
    cx, cy = caption.x * fine, caption.y * fine
    y, x = np.mgrid[: page.shape[0], : page.shape[1]].astype(np.float32)
    across, down = x - np.float32(cx), np.float32(cy + radius) - y
    source_x = (cx + radius * np.arctan2(across, down)).astype(np.float32)
    source_y = (cy + radius - np.hypot(across, down)).astype(np.float32)
    return np.asarray(cv2.remap(page, source_x, source_y, cv2.INTER_LINEAR), np.float32)


def _shadow(coverage: Mask, size: int) -> Mask:
    by = max(round(size / 12), 1)
    moved = np.zeros_like(coverage)
    moved[by:, by:] = coverage[:-by, :-by]
    return np.asarray(cv2.GaussianBlur(moved, (0, 0), 0.8 + size / 30), np.float32)


def _outline(caption: Caption, box: tuple[float, float, float, float]) -> Polygon:
    """The box about the text, turned or bent as it is."""
    x0, y0, x1, y1 = box
    steps = np.linspace(0, 1, 12 if caption.bend else 2)
    top = np.stack([x0 + (x1 - x0) * steps, np.full_like(steps, y0)], axis=1)
    bottom = np.stack([x1 + (x0 - x1) * steps, np.full_like(steps, y1)], axis=1)
    points = np.concatenate([top, bottom]) - np.array([caption.x, caption.y])
    if caption.bend:
        turn, radius = points[:, 0] / caption.bend, caption.bend - points[:, 1]
        points = np.stack([radius * np.sin(turn), caption.bend - radius * np.cos(turn)], axis=1)
    else:
        angle = np.deg2rad(caption.angle)
        c, s = np.cos(angle), np.sin(angle)
        points = points @ np.array([[c, -s], [s, c]])
    return np.asarray(points + np.array([caption.x, caption.y]), np.float64)
