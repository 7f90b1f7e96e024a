"""A picture with patches laid over it, given out by rows: what is edited is a few regions, so the whole is never copied."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasks.contracts import Patch, PictureMeta, Raster
from tasks.lossless import Integers


@dataclass(frozen=True, slots=True)
class Patched:
    """`raster` under `patches`, later ones over earlier ones; equal to `raster.with_patches(patches)`."""

    raster: Raster
    patches: tuple[Patch, ...] = ()

    @property
    def height(self) -> int:
        return self.raster.height

    @property
    def width(self) -> int:
        return self.raster.width

    @property
    def channels(self) -> int:
        return self.raster.channels

    @property
    def meta(self) -> PictureMeta:
        return self.raster.meta

    def rows(self, y0: int, y1: int) -> Integers:
        """Rows y0 to y1 (half open), h×W×C; the raster's own memory where no patch reaches: not to be written to."""
        rows = self.raster.pixels[y0:y1]
        reached = [p for p in self.patches if p.y < y1 and p.box[3] > y0]
        if not reached:
            return rows
        return Raster(rows, self.raster.meta).with_patches(tuple(_part(p, y0, y1) for p in reached)).pixels

    def whole(self) -> Raster:
        """All of it at once, as a new raster; the raster itself where there is no patch."""
        return self.raster.with_patches(self.patches) if self.patches else self.raster


def _part(patch: Patch, y0: int, y1: int) -> Patch:
    """The part of a patch within rows y0 to y1, placed from y0 on."""
    top, bottom = max(y0 - patch.y, 0), min(y1, patch.box[3]) - patch.y
    zone = np.asarray(patch.zone[top:bottom], bool)
    return Patch(patch.x, max(patch.y - y0, 0), patch.pixels[top:bottom], zone)
