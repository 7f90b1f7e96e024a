"""Overlays of known opacity and colour on photographs, with the truth beneath."""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from flows.demo.overlays import Caption, layers, overlaid
from flows.demo.photographs import photograph
from tasks.contracts import Pixels, Zone


@dataclass(frozen=True)
class Case:
    """A crop with an overlay."""

    crop: Pixels
    truth: Pixels
    hole: Zone
    alpha: np.ndarray


def case(name, caption, *, at=(0, 0), size=(120, 360), grow=0, jpeg=0, bits=8) -> Case:
    """caption: placed in the crop; at: the crop's top left in the photograph; grow: px that the hole is too large."""
    y, x = at
    truth = photograph(name)[y : y + size[0], x : x + size[1]].copy()
    levels = (1 << bits) - 1
    shown = np.rint(np.clip(overlaid(truth, (caption,)), 0, 1) * levels) / levels
    clear = np.ones(truth.shape[:2])
    for layer in layers(caption, *truth.shape[:2]):
        clear *= 1 - layer.coverage
    hole = clear < 0.999
    if grow:
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * grow + 1, 2 * grow + 1))
        hole = cv2.dilate(hole.astype(np.uint8), disc) > 0
    if jpeg:
        shown = compressed(shown, jpeg)
    return Case(shown.astype(np.float32), truth, hole, 1 - clear)


def compressed(pixels, quality):
    """Through JPEG and back, full colour resolution."""
    levels = np.rint(pixels * 255).astype(np.uint8)
    data = io.BytesIO()
    picture = Image.fromarray(levels[..., 0] if levels.shape[2] == 1 else levels)
    picture.save(data, "JPEG", quality=quality, subsampling=0)
    back = np.asarray(Image.open(io.BytesIO(data.getvalue())), np.float32) / 255
    return back.reshape(pixels.shape)


def jpeg_tables(quality):
    """The quantisation tables that Pillow writes."""
    data = io.BytesIO()
    Image.new("RGB", (8, 8)).save(data, "JPEG", quality=quality, subsampling=0)
    tables = Image.open(io.BytesIO(data.getvalue())).quantization
    return [list(tables[key]) for key in sorted(tables)]


def psnr(made, truth, where) -> float:
    """dB inside `where`, at most 50."""
    error = float(((made - truth)[where].astype(np.float64) ** 2).mean())
    return min(50.0, -10 * float(np.log10(max(error, 1e-12))))


def telea(crop, hole):
    """What a fill makes of it."""
    levels = np.rint(crop * 255).astype(np.uint8)
    filled = cv2.inpaint(levels, hole.astype(np.uint8), 5, cv2.INPAINT_TELEA).reshape(crop.shape)
    return np.where(hole[..., None], filled.astype(np.float32) / 255, crop)


def finished(found, crop, hole):
    """What was recovered, and the rest filled."""
    return telea(found.pixels, hole & ~found.trusted)


def caption(text="www.shop-pictures.com", **kw) -> Caption:
    """In the middle of a crop of 360×120 px."""
    kw = {"x": 180, "y": 60, "size": 28, "opacity": 0.5} | kw
    return Caption(text, **kw)
