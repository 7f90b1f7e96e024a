"""What a picture's colour, light and texture are, in numbers: the judge sees nothing else of it."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]
Vector = NDArray[np.float64]
WALL: Final = (0.0, 0.38)
"""Rows, shares of the height, that are wall in every scene with two parts."""
FLOOR: Final = (0.78, 1.0)
"""Rows that are floor."""
_BANDS: Final = 5
_TURNS: Final = 8
_CELLS: Final = 8


def part(picture: Pixels, rows: tuple[float, float] | None) -> Pixels:
    """A band of rows; the whole for None."""
    if rows is None:
        return picture
    height = picture.shape[0]
    return picture[round(rows[0] * height) : max(round(rows[1] * height), 1)]


def colour(piece: Pixels) -> Vector:
    """CIELAB: median, mean and the brighter half's mean; and the chroma's spread."""
    lab = cv2.cvtColor(np.ascontiguousarray(piece, np.float32), cv2.COLOR_RGB2LAB).reshape(-1, 3)
    bright = lab[lab[:, 0] >= np.median(lab[:, 0])]
    mean, light = lab.mean(axis=0), bright.mean(axis=0)
    hue = np.arctan2(mean[2], mean[1])
    angles = [np.cos(hue), np.sin(hue), float(np.hypot(mean[1], mean[2]))]
    return np.asarray(np.concatenate([np.median(lab, axis=0), mean, light, angles]), np.float64)


def ratios(piece: Pixels) -> Vector:
    """Logarithms of red over blue and of green over the mean of both: what a light's tint shifts, whatever its strength."""
    red, green, blue = np.maximum(piece.reshape(-1, 3).mean(axis=0, dtype=np.float64), 0.01)
    return np.array([np.log(red / blue), np.log(green) - np.log(red * blue) / 2])


def light(picture: Pixels, two_parts: bool) -> Vector:
    """Brightness over the places of the picture, each part about its own mean, and how steep its steepest fall is."""
    parts = [part(picture, rows) for rows in ((WALL, FLOOR) if two_parts else (None,))]
    columns, rows, steep, pool = [], [], 0.0, []
    for piece in parts:
        grid = _grid(piece)
        columns.append(grid.mean(axis=0))
        rows.append(np.polyfit(np.linspace(-1, 1, _CELLS), grid.mean(axis=1), 1)[0])
        pool.append(grid[2:-2, 2:-2].mean() - grid[[0, 0, -1, -1], [0, -1, 0, -1]].mean())
        steep = max(
            steep, float(np.abs(np.diff(grid, axis=1)).max()), float(np.abs(np.diff(grid, axis=0)).max())
        )
    across = np.mean(columns, axis=0)
    between = float(_log(parts[0]).mean() - _log(parts[-1]).mean())
    return np.concatenate([across, [np.mean(rows), rows[0], np.mean(pool), steep, np.ptp(across), between]])


def texture(piece: Pixels) -> Vector:
    """Contrast by scale, its peakedness, which way edges run and how much they agree, and how far colours stray."""
    grey = np.asarray(piece.mean(axis=2), np.float32)
    relative: Pixels = np.asarray(grey / max(float(grey.mean()), 0.02), np.float32)
    found: list[float] = []
    for level in range(_BANDS):
        smaller = np.asarray(cv2.GaussianBlur(relative, (0, 0), 1.2 * 2**level), np.float32)
        band = relative - smaller
        power = float((band**2).mean()) + 1e-8
        found += [np.log(power), float((band**4).mean()) / power**2, float((band**3).mean()) / power**1.5]
        found += _directions(relative)[:2] if level < 3 else []
        relative = smaller
    lab = cv2.cvtColor(np.ascontiguousarray(piece, np.float32), cv2.COLOR_RGB2LAB)
    stray = np.log(lab.reshape(-1, 3).std(axis=0) + 0.05)
    return np.array([*found, *_turns(grey), *stray], np.float64).clip(-50, 50)


def _directions(grey: Pixels) -> list[float]:
    """How much gradients agree on a direction (0–1), and whether edges run across (1) or upright (−1)."""
    gx, gy = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    xx, yy, xy = float((gx * gx).mean()), float((gy * gy).mean()), float((gx * gy).mean())
    total = xx + yy + 1e-9
    return [float(np.hypot(xx - yy, 2 * xy)) / total, (yy - xx) / total]


def _turns(grey: Pixels) -> list[float]:
    """Histogram of gradient directions, weighted by their strength."""
    gx, gy = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    turn = (np.arctan2(gy, gx) % np.pi) / np.pi * _TURNS
    counts = np.bincount(turn.astype(int).ravel() % _TURNS, np.hypot(gx, gy).ravel(), _TURNS)
    return [float(v) for v in counts / (counts.sum() + 1e-9)]


def _log(piece: Pixels) -> NDArray[Any]:
    return np.asarray(np.log(np.maximum(piece.mean(axis=2), 0.01)))


def _grid(piece: Pixels) -> NDArray[Any]:
    """Log brightness on a few cells, about its mean."""
    small = cv2.resize(
        np.asarray(piece.mean(axis=2), np.float32), (_CELLS, _CELLS), interpolation=cv2.INTER_AREA
    )
    grid = np.log(np.maximum(small.astype(np.float64), 0.01))
    return np.asarray(grid - grid.mean())
