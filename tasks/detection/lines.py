"""The ground a text line covers: its quadrilateral, grown in proportion to its height, rotation kept."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from model_registry.engines.contract import TextLine
from tasks.contracts import Box, Zone
from tasks.detection.arc import BentLine
from tasks.detection.polygons import FARTHEST, fill_polygon

STEP = 64
"""Corners are placed on a grid of 1/64 px."""

Corners = NDArray[np.float64]
"""4×2: x,y of a line's corners, clockwise from the text's top left."""


def glyph_height(line: TextLine) -> float:
    """Height of the line's letters, px: the side across the reading direction.

    Readers give the height as the second side. A line of several letters that is tall and as long as its letters stacked
    is written downwards: then its width is taken (two letters are too few to tell: `II` is as tall and narrow). A single
    letter may be narrow (`1`): the longer side is taken."""
    if isinstance(line, BentLine):
        return line.arc.height
    width, height = sides(line)
    letters = len("".join(line.text.split()))
    if letters == 1:
        return max(width, height)
    downwards = letters != 2 and height > width * max(0.8 * letters, 1.5)
    return width if downwards else height


def grown_corners(line: TextLine, grow: float) -> Corners:
    """The line's corners, each side moved outwards by `grow` × the height of its letters."""
    corners = _corners(line)
    top = corners[1] - corners[0] + corners[2] - corners[3]
    left = corners[3] - corners[0] + corners[2] - corners[1]
    along, down = _unit(top, (1.0, 0.0)), _unit(left, (0.0, 1.0))
    reach = grow * glyph_height(line)
    signs = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], np.float64)
    return corners + reach * (signs[:, :1] * along + signs[:, 1:] * down)


def outline(line: TextLine, grow: float, ends: float = 0.0) -> Corners:
    """N×2: the corners of the line's ground, each side moved outwards by `grow` × the height of its letters, and its two
    ends by `ends` × that height more; along the circle for a line on an arc."""
    height = glyph_height(line)
    if isinstance(line, BentLine):
        return line.arc.outline(grow * height, ends * height)
    corners = grown_corners(line, grow)
    if not ends:
        return corners
    along = (corners[1] - corners[0] + corners[2] - corners[3]) / 2
    down = (corners[3] - corners[0] + corners[2] - corners[1]) / 2
    way = along if np.linalg.norm(along) >= np.linalg.norm(down) else down
    step = way / max(float(np.linalg.norm(way)), 1e-6) * ends * height
    return np.asarray(corners + np.sign((corners - corners.mean(axis=0)) @ way)[:, None] * step)


def covered(corners: Corners, size: tuple[int, int]) -> tuple[Box, Zone]:
    """The box of a picture of size (h, w) that a polygon touches, and which of its pixels lie inside.

    The box is empty (all of its corner 0, 0) when the polygon lies outside the picture."""
    limit = FARTHEST / STEP
    corners = np.clip(corners, -limit, limit)
    height, width = size
    low, high = corners.min(axis=0), corners.max(axis=0)
    box = (
        max(math.floor(low[0]), 0), max(math.floor(low[1]), 0),
        min(math.ceil(high[0]), width), min(math.ceil(high[1]), height),
    )  # fmt: skip
    if box[0] >= box[2] or box[1] >= box[3]:
        return (0, 0, 0, 0), np.zeros((0, 0), np.bool_)
    vertices = [(int(x), int(y)) for x, y in np.rint(corners * STEP)]
    return box, fill_polygon(vertices, box, STEP)


def _corners(line: TextLine) -> Corners:
    corners = np.asarray(line.polygon, np.float64)
    if corners.shape != (4, 2) or not np.isfinite(corners).all():
        raise ValueError(f"a text line needs four finite corners, got {line.polygon!r}")
    return corners


def sides(line: TextLine) -> tuple[float, float]:
    """Mean length of the sides along and across the reading direction, px."""
    corners = _corners(line)
    lengths = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    return float(lengths[0] + lengths[2]) / 2, float(lengths[1] + lengths[3]) / 2


def _unit(vector: Corners, otherwise: tuple[float, float]) -> Corners:
    length = float(np.linalg.norm(vector))
    return vector / length if length > 0 else np.array(otherwise)
