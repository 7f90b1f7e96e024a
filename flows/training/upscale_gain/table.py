"""What engines really lose, cell by cell, beside what routing can see of the cell: one table over many pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flows.training.upscale_network.imresize import Bytes3, imresize
from tasks.contracts import Pixels, Raster
from tasks.enhancement.features import Features, features, luma, moved
from tasks.enhancement.grid import Grid, means

Enlarge = Callable[[Pixels], Pixels]
Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Table:
    """One row a cell."""

    picture: NDArray[np.int64]
    """Which picture it is of."""
    area: Column
    """Its pixels."""
    seen: Features
    """Its features, each a column."""
    error: Mapping[str, Column]
    """Engine id to its mean squared error, luma in levels²."""
    moved: Mapping[str, Column]
    """Engine id to how far it moved the cell from bicubic, levels²."""


def tabled(
    pictures: Iterable[Bytes3], engines: Mapping[str, Enlarge], scale: int, cell: int, side: int
) -> Table:
    """Each picture's middle, at most `side` px, shrunk by bicubic and enlarged by every engine."""
    parts = [
        _of_picture(n, _middle(picture, side, scale), engines, scale, cell)
        for n, picture in enumerate(pictures)
    ]
    return Table(
        np.concatenate([p.picture for p in parts]),
        np.concatenate([p.area for p in parts]),
        Features(*(np.concatenate(c) for c in zip(*(_columns(p.seen) for p in parts), strict=True))),
        {name: np.concatenate([p.error[name] for p in parts]) for name in engines},
        {name: np.concatenate([p.moved[name] for p in parts]) for name in engines},
    )


def _middle(picture: Bytes3, side: int, scale: int) -> Bytes3:
    tall, wide = (min(n, side) // scale * scale for n in picture.shape[:2])
    top, left = (picture.shape[0] - tall) // 2, (picture.shape[1] - wide) // 2
    return picture[top : top + tall, left : left + wide]


def _of_picture(n: int, truth: Bytes3, engines: Mapping[str, Enlarge], scale: int, cell: int) -> Table:
    small = Raster(imresize(truth, truth.shape[0] // scale, truth.shape[1] // scale))
    grid, given = Grid(small.height, small.width, cell), small.crop(small.box)
    wanted = luma(truth.astype(np.float32) / np.float32(255))
    error, far = {}, {}
    for name, enlarge in engines.items():
        made = np.rint(np.clip(enlarge(given), 0, 1) * 255).astype(np.float32) / np.float32(255)
        error[name] = _column(means(np.square(luma(made) - wanted), cell * scale))
        far[name] = _column(means(moved(small, made, small.box, scale), cell * scale))
    seen = features(small, grid)
    return Table(np.full(grid.areas.size, n), grid.areas.ravel(), seen, error, far)


def _columns(seen: Features) -> tuple[NDArray[np.generic], ...]:
    return seen.detail.ravel(), seen.edges.ravel(), seen.noise.ravel(), seen.flat.ravel()


def _column(cells: NDArray[np.float32]) -> Column:
    return cells.ravel().astype(np.float64)
