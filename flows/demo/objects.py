"""Puts unwanted objects on photographs, so that what lay under them is known."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Mask, Pixels


def pasted(picture: Pixels, thing: Pixels, cover: Mask, x: int, y: int, *, shadow: float = 0.5) -> Pixels:
    """A new picture with `thing` at (x, y), on a short soft shadow. `thing` must lie wholly inside."""
    h, w = cover.shape
    page = np.zeros(picture.shape[:2], dtype=np.float32)
    page[y : y + h, x : x + w] = cover
    fall = _shadow(page)[..., None] * np.float32(shadow)
    out = picture * (1 - fall)
    view = out[y : y + h, x : x + w]
    view += cover[..., None] * (thing - view)
    return np.asarray(out, dtype=np.float32)


def badge(size: int) -> tuple[Pixels, Mask]:
    """A round sticker with a white star, no text: size×size×3 and its coverage."""
    big = np.zeros((8 * size, 8 * size, 3), dtype=np.uint8)
    centre, middle = (4 * size, 4 * size), 4 * size
    cover = np.zeros((8 * size, 8 * size), dtype=np.uint8)
    cv2.circle(cover, centre, middle - 8, (255,), -1)
    big[:] = (206, 28, 44)
    cv2.circle(big, centre, round(middle * 0.9), (255, 255, 255), round(size * 0.25))
    cv2.fillPoly(big, [_star(middle, middle * 0.66, middle * 0.28)], (255, 214, 64))
    small = cv2.resize(big, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    edge = cv2.resize(cover, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return np.asarray(small, np.float32), np.asarray(edge, np.float32)


def scribbled(picture: Pixels, points: tuple[tuple[int, int], ...], width: int) -> Pixels:
    """A new picture with a hard-edged magenta marker line: how retouchers mark what must go."""
    line = np.zeros(picture.shape[:2], dtype=np.uint8)
    cv2.polylines(line, [np.asarray(points, dtype=np.int32)], False, (1,), width, cv2.LINE_8)
    out = picture.copy()
    out[line > 0] = (1.0, 0.0, 1.0)
    return out


def grown(zone: NDArray[np.bool_], pixels: int) -> NDArray[np.bool_]:
    """The zone and everything within `pixels` (Euclidean) of it."""
    if not zone.any():
        return zone.copy()
    away = cv2.distanceTransform((~zone).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(away <= pixels, dtype=np.bool_)


def _shadow(cover: Mask) -> Mask:
    moved = np.roll(cover, (4, 3), axis=(0, 1))
    return np.asarray(cv2.GaussianBlur(moved, (13, 13), 2.5), dtype=np.float32)


def _star(centre: float, outer: float, inner: float) -> NDArray[np.int32]:
    turns = np.arange(10) * np.pi / 5 - np.pi / 2
    radii = np.where(np.arange(10) % 2 == 0, outer, inner)
    points = np.stack([centre + radii * np.cos(turns), centre + radii * np.sin(turns)], axis=1)
    return np.asarray(np.rint(points), dtype=np.int32)
