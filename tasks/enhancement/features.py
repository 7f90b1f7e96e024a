"""What a cell shows before anything is enlarged, and how far a cheap network moves it: the grounds of routing."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Box, Pixels, Raster, Zone
from tasks.enhancement.grid import Cells, Grid, means

Plane = NDArray[np.float32]
_AROUND = 8
"""Px of the input looked at beyond a band; even, so that halving keeps its place."""
_FLAT_AROUND = 4
"""A cell is flat only with so many px around it, so that no edge beside it reaches in."""
_CALM = 8
"""Side of the squares whose noise is looked at, px: small, so that there are calm ones between edges."""
_CALMEST = 0.6
"""What the calmest square of a cell of nothing but noise has of it."""
_IMMERKAER = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, slots=True)
class Features:
    """Per cell, all rows×cols; energies are mean squares of luma in levels of 255."""

    detail: Cells
    """What is lost where the source is halved and enlarged again: how much finer detail there is likely to be."""
    edges: Cells
    """Of the Laplacian, the edge strength that ARM routes by (Chen et al. 2022)."""
    noise: Cells
    """Standard deviation of noise, levels of 255 (Immerkaer 1996), where the cell is calmest: texture counts where all is textured."""
    flat: Zone
    """Cells that are one colour, within 1 level of 255, with their surroundings: nothing to enlarge or clean."""


def luma(pixels: Pixels) -> Plane:
    """h×w, 0–255, of h×w×1 or h×w×3 in 0–1 (BT.601)."""
    grey = pixels[..., 0] if pixels.shape[2] == 1 else pixels @ _LUMA
    out: Plane = (grey * np.float32(255)).astype(np.float32)
    return out


def features(raster: Raster, grid: Grid, band: int = 4) -> Features:
    """Measured in bands of `band` rows of cells: the memory grows with the picture's width alone."""
    parts = [_band(raster, grid, top, min(top + band, grid.rows)) for top in range(0, grid.rows, band)]
    return Features(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def moved(raster: Raster, made: Pixels, box: Box, scale: int) -> Plane:
    """(h·scale)×(w·scale): the squared distance (levels²) of what a rung made of `box` from bicubic: what it adds.

    Where the rung is near the conditional mean, the squared error it takes away is this energy (Pythagoras)."""
    x0, y0, x1, y1 = box
    wide = (max(x0 - 2, 0), max(y0 - 2, 0), min(x1 + 2, raster.width), min(y1 + 2, raster.height))
    seen = luma(raster.crop(wide))
    size = (seen.shape[1] * scale, seen.shape[0] * scale)
    plain = cv2.resize(seen, size, interpolation=cv2.INTER_CUBIC)
    left, top = (x0 - wide[0]) * scale, (y0 - wide[1]) * scale
    gap = luma(made) - plain[top : top + made.shape[0], left : left + made.shape[1]]
    out: Plane = gap * gap
    return out


def _band(raster: Raster, grid: Grid, top: int, bottom: int) -> tuple[Cells, Cells, Cells, Zone]:
    y0, y1 = top * grid.cell, min(bottom * grid.cell, grid.height)
    above = min(_AROUND, y0)
    shown = raster.crop((0, y0 - above, raster.width, min(y1 + _AROUND, raster.height)))
    grey = luma(shown)
    own = slice(above, above + y1 - y0)
    edges = cv2.Laplacian(grey, cv2.CV_32F, ksize=1, borderType=cv2.BORDER_REPLICATE)
    detail, sharp = (means(np.square(plane[own]), grid.cell) for plane in (_lost(grey), edges))
    rough = np.abs(cv2.filter2D(grey, cv2.CV_32F, _IMMERKAER, borderType=cv2.BORDER_REPLICATE)[own])
    smooth = np.asarray(cv2.blur(rough, (_CALM, _CALM)), np.float32)
    calmest = _extreme(smooth, grid.cell, np.minimum)
    noise = calmest * np.float32(np.sqrt(np.pi / 2) / 6 / _CALMEST)
    return detail, sharp, noise, _flat(shown, own, grid.cell)


def _lost(grey: Plane) -> Plane:
    height, width = grey.shape
    padded = np.pad(grey, ((0, height % 2), (0, width % 2)), mode="edge")
    half = cv2.resize(padded, (padded.shape[1] // 2, padded.shape[0] // 2), interpolation=cv2.INTER_AREA)
    back = cv2.resize(half, padded.shape[::-1], interpolation=cv2.INTER_CUBIC)
    out: Plane = grey - back[:height, :width]
    return out


def _flat(shown: Pixels, own: slice, cell: int) -> Zone:
    """Cells whose values, with those around, span at most one level of 255 in every channel."""
    kernel = np.ones((2 * _FLAT_AROUND + 1, 2 * _FLAT_AROUND + 1), np.uint8)
    span = np.zeros((-(-(own.stop - own.start) // cell), -(-shown.shape[1] // cell)), np.float32)
    for channel in range(shown.shape[2]):
        plane = np.ascontiguousarray(shown[..., channel])
        high, low = (np.asarray(f(plane, kernel), np.float32)[own] for f in (cv2.dilate, cv2.erode))
        span = np.maximum(span, _extreme(high, cell, np.maximum) - _extreme(low, cell, np.minimum))
    return np.asarray(span <= 1.01 / 255, np.bool_)


def _extreme(plane: Plane, cell: int, ufunc: np.ufunc) -> Plane:
    """rows×cols: the least or the greatest of each cell."""
    rows = ufunc.reduceat(plane, np.arange(0, plane.shape[0], cell), axis=0)
    out: Plane = ufunc.reduceat(rows, np.arange(0, plane.shape[1], cell), axis=1)
    return out
