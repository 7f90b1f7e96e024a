"""Geometry of a diffusers call: canvas sizes, padding, the smooth fill under a hole, and the mask on latent cells."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import Hole, Pixels


@dataclass(frozen=True, slots=True)
class Limits:
    """The sizes a loaded model takes, px."""

    minimum: int
    maximum: int
    cell: int
    """Sides are multiples of it: the pixels of one latent cell, or of one transformer patch."""
    windowed: int = 0
    """Longest side that may be made in windows of `maximum`; 0 = none, what is larger is scaled down to `maximum`."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """How a picture of any size is laid on one the model takes."""

    inner: tuple[int, int]
    """height, width of the picture on the canvas: its own size unless it had to be scaled."""
    size: tuple[int, int]
    """height, width of the canvas: `inner` rounded up to whole cells and to the minimum."""


def canvas_for(height: int, width: int, limits: Limits, *, enlarge: bool = False) -> Canvas:
    """Scale evenly only where the maximum demands it, then round up: nothing is squeezed and nothing is cut off.

    enlarge: scale a picture below the minimum up to it (for generation, where padding would make a crop of a picture)."""
    scale = min(1.0, limits.maximum / max(height, width))
    if enlarge and min(height, width) < limits.minimum:
        scale = min(limits.minimum / min(height, width), limits.maximum / max(height, width))
    return _scaled(height, width, scale, limits)


def levels_for(height: int, width: int, limits: Limits, *, enlarge: bool = False) -> tuple[Canvas, ...]:
    """The canvases on which a picture is made one after the other, each at most twice as large as the one before.

    Only the last where it fits the maximum, or no windows are allowed. The first fits the maximum, unless the picture is so
    long that its shorter side would fall below the minimum."""
    long, short = max(height, width), min(height, width)
    last = min(1.0, limits.windowed / long)
    if enlarge and short * last < limits.minimum:
        last = min(limits.minimum / short, limits.windowed / long)
    if not limits.windowed or long * last <= limits.maximum:
        return (canvas_for(height, width, limits, enlarge=enlarge),)
    first = min(max(limits.maximum / long, limits.minimum / short), last)
    count = math.ceil(math.log2(last / first) - 1e-9)
    scales = [first * (last / first) ** (n / count) for n in range(count)] if count else []
    return tuple(_scaled(height, width, scale, limits) for scale in (*scales, last))


def _scaled(height: int, width: int, scale: float, limits: Limits) -> Canvas:
    inner = (max(1, round(height * scale)), max(1, round(width * scale)))
    tall, wide = (_round_up(max(side, limits.minimum), limits.cell) for side in inner)
    return Canvas(inner, (tall, wide))


def _round_up(side: int, multiple: int) -> int:
    return -(-side // multiple) * multiple


def reflect_to(image: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Pad below and to the right by reflection, as often as needed; H×W or H×W×C. The picture keeps its place at 0,0."""
    pad = [(0, side - have) for side, have in zip(size, image.shape, strict=False)]
    return np.pad(image, pad + [(0, 0)] * (image.ndim - 2), mode="reflect")


def centred(image: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Pad all round by reflection to `size`, as often as needed; H×W or H×W×C. `about_centre` takes it off again."""
    spare = [side - have for side, have in zip(size, image.shape, strict=False)]
    pad = [(extra // 2, extra - extra // 2) for extra in spare]
    return np.pad(image, pad + [(0, 0)] * (image.ndim - 2), mode="reflect")


def about_centre(image: Pixels, size: tuple[int, int]) -> Pixels:
    """The middle of `size` pixels, height and width."""
    top, left = (image.shape[0] - size[0]) // 2, (image.shape[1] - size[1]) // 2
    return image[top : top + size[0], left : left + size[1]]


def resize(image: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """To height, width: area mean when shrinking, cubic (clipped to 0–1) when growing; the same array if it fits."""
    if image.shape[:2] == size:
        return image
    how = cv2.INTER_AREA if size[0] * size[1] < image.shape[0] * image.shape[1] else cv2.INTER_CUBIC
    out = cv2.resize(image, (size[1], size[0]), interpolation=how)
    return np.clip(out, 0, 1).astype(np.float32)


def latent_mask(hole: NDArray[np.float32], cell: int) -> NDArray[np.float32]:
    """The hole on whole latent cells: a cell with any hole pixel counts, and so does each of its eight neighbours.

    hole: H×W, over 0 = hole; H and W multiples of `cell`. Returns H×W of 0 and 1. The VAE mixes a cell's pixels with its
    neighbours', so a finer mask would let the old content's colour through at the rim."""
    height, width = hole.shape
    cells = hole.reshape(height // cell, cell, width // cell, cell).max(axis=(1, 3))
    blocks: NDArray[np.uint8] = np.asarray(cells > 0, np.uint8)
    grown = cv2.dilate(blocks, np.ones((3, 3), np.uint8))
    return np.repeat(np.repeat(grown, cell, axis=0), cell, axis=1).astype(np.float32)


def smooth_under(image: Pixels, hole: Hole) -> Pixels:
    """Replace the hole by a smooth interpolation of what surrounds it, so that no old content can reach the model.

    Push-pull (Gortler et al., 1996): means over ever coarser pixels, pulled down where nothing finer is known. Values
    inside the hole are never read. Returns H×W×3; mid-grey where the hole is everything."""
    if hole.all():
        return np.full_like(image, 0.5)
    known = (~hole).astype(np.float32)
    filled = _push_pull(np.where(hole[..., None], np.float32(0), image), known)
    return np.where(hole[..., None], filled, image).astype(np.float32)


def _push_pull(weighted: Pixels, weight: NDArray[np.float32]) -> Pixels:
    """weighted: colours times `weight`. Returns a colour for every pixel; `weight` must hold something over 0."""
    safe = np.maximum(weight, 1e-6)[..., None]
    if (weight > 0).all():
        return np.asarray(weighted / safe, np.float32)
    height, width = weight.shape
    half = (-(-width // 2), -(-height // 2))
    colours = np.asarray(cv2.resize(weighted, half, interpolation=cv2.INTER_AREA), np.float32)
    weights = np.asarray(cv2.resize(weight, half, interpolation=cv2.INTER_AREA), np.float32)
    coarse = _push_pull(colours, weights)
    pulled = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.where((weight > 0)[..., None], weighted / safe, pulled).astype(np.float32)
