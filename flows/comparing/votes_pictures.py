"""The two pictures of a question: the same part of both, where they differ, and nothing that tells them apart but their pixels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.sheet.pictures import thumbnail
from infra.store.contract import Damaged, NotFound
from infra.store.store import Store
from tasks.contracts import Box
from tasks.errors import Rejected
from tasks.triage.decode import decode

Levels = NDArray[np.uint8]
SIDE = 900
"""Longest side that is shown, px."""
MARGIN = 40
VISIBLE = 6
"""Levels of 255: less than this is what compression does to equal pixels."""


def levels_of(store: Store, sha256: str, *, max_pixels: int, max_bytes: int) -> Levels | None:
    """H×W×C uint8 as displayed; None where the store has lost it, or it is no picture."""
    try:
        data = store.get(sha256) if sha256 else b""
        raster = decode(data, name=sha256[:12], max_pixels=max_pixels, max_bytes=max_bytes)
    except (NotFound, Damaged, Rejected):
        return None
    pixels = raster.pixels
    return (pixels >> 8).astype(np.uint8) if pixels.dtype == np.uint16 else np.asarray(pixels, np.uint8)


def side_by_side(one: Levels, two: Levels, *, whole: bool) -> tuple[bytes, bytes, str] | None:
    """Both encoded alike, and their media type; None where nobody could see a difference.

    Of different sizes (two tiers) both are shown whole at the smaller one. whole: show all, scaled down to fit; else the
    part in which they differ, at its own size."""
    size = min(one.shape[1::-1], two.shape[1::-1])
    if one.shape[:2] != two.shape[:2]:
        one, two, whole = _fit(one, size), _fit(two, size), True
    channels = max(one.shape[2], two.shape[2])
    one, two = _with_channels(one, channels), _with_channels(two, channels)
    difference = np.abs(one.astype(np.int16) - two).max(axis=2)
    if difference.max() < VISIBLE:
        return None
    x0, y0, x1, y1 = (0, 0, *size) if whole else _part(difference)
    first, second = (thumbnail(np.ascontiguousarray(p[y0:y1, x0:x1]), SIDE, "") for p in (one, two))
    return first.data, second.data, first.media_type


def _part(difference: NDArray[np.int16]) -> Box:
    """Encloses all that differs; where that is too large, the window of SIDE px with most of it."""
    height, width = difference.shape
    rows, columns = (np.flatnonzero((difference >= VISIBLE).any(axis=axis)) for axis in (1, 0))
    y0, y1 = max(int(rows[0]) - MARGIN, 0), min(int(rows[-1]) + 1 + MARGIN, height)
    x0, x1 = max(int(columns[0]) - MARGIN, 0), min(int(columns[-1]) + 1 + MARGIN, width)
    if max(x1 - x0, y1 - y0) <= SIDE:
        return x0, y0, x1, y1
    summed = cv2.integral(np.minimum(difference, 255).astype(np.uint8))
    wide, high = min(SIDE, width), min(SIDE, height)
    ys, xs = np.arange(0, height - high + 1, 16), np.arange(0, width - wide + 1, 16)
    a, b, c, d = (summed[np.ix_(ys + dy, xs + dx)] for dy, dx in ((0, 0), (0, wide), (high, 0), (high, wide)))
    at_y, at_x = np.unravel_index(int(np.argmax(d - b - c + a)), a.shape)
    y0, x0 = int(ys[at_y]), int(xs[at_x])
    return x0, y0, x0 + wide, y0 + high


def _fit(pixels: Levels, size: tuple[int, int]) -> Levels:
    if pixels.shape[1::-1] == size:
        return pixels
    small = cv2.resize(np.ascontiguousarray(pixels), size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8).reshape(size[1], size[0], -1)


def _with_channels(pixels: Levels, channels: int) -> Levels:
    """1 to 4 channels as many as asked for: grey repeated, alpha opaque."""
    if pixels.shape[2] == channels:
        return pixels
    colours = pixels if pixels.shape[2] in (1, 3) else pixels[..., :-1]
    if channels >= 3:
        colours = np.broadcast_to(colours, (*pixels.shape[:2], 3))
    if channels in (1, 3):
        return np.ascontiguousarray(colours)
    alpha = pixels[..., -1:] if pixels.shape[2] in (2, 4) else np.full((*pixels.shape[:2], 1), 255, np.uint8)
    return np.concatenate((colours, alpha), axis=2)
