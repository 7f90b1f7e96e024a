"""Likeness of a fill to the truth inside its hole: PSNR, SSIM and, where the development tool is at hand, a perceptual distance."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from flows.bench.cuttings import Levels, Zone
from flows.bench.text.grounds import data_folder

_BEST: Final = 50.0
"""dB: beyond it nothing can be seen, and one exact fill would outweigh all others."""
_MARGIN, _LEAST = 32, 96
"""Around the hole, and the shortest side of what is compared, px."""


def psnr(made: Levels, truth: Levels, hole: Zone) -> float:
    """dB inside the hole, 50 at most."""
    error = float(((made[hole].astype(np.float64) - truth[hole]) ** 2).mean()) / 255**2
    return float(min(-10 * np.log10(max(error, 1e-12)), _BEST))


def ssim(made: Levels, truth: Levels, hole: Zone) -> float:
    """Structural similarity (Wang and others, 2004), its map averaged inside the hole."""
    from skimage.metrics import structural_similarity

    box = window(hole)
    _, field = structural_similarity(made[box], truth[box], channel_axis=2, data_range=255, full=True)  # type: ignore[no-untyped-call]
    return float(field[hole[box]].mean())


def perceptual(made: Levels, truth: Levels, hole: Zone) -> float | None:
    """Distance of deep features inside the hole, lower is closer; None where the tool is not at hand."""
    tool = _tool()
    if tool is None:
        return None
    box = window(hole)
    return float(tool.distance(made[box], truth[box], hole[box]))


def why_no_perceptual() -> str | None:
    """The reason why there is no perceptual distance; None when there is one."""
    return None if _path() else "no tools/perceptual.py beside the development data (PENTIMENTO_DATA)"


def window(hole: Zone) -> tuple[slice, slice]:
    """The hole's box with some margin, no side shorter than features need."""
    x, y, w, h = cv2.boundingRect(hole.astype(np.uint8))
    rows, columns = (
        _span(first, length, size) for first, length, size in ((y, h, hole.shape[0]), (x, w, hole.shape[1]))
    )
    return rows, columns


def _span(first: int, length: int, size: int) -> slice:
    wanted = min(max(length + 2 * _MARGIN, _LEAST), size)
    start = min(max(first + length // 2 - wanted // 2, 0), size - wanted)
    return slice(start, start + wanted)


def _path() -> Path | None:
    data = data_folder()
    path = data.parent / "tools" / "perceptual.py" if data else None
    return path if path is not None and path.is_file() else None


@lru_cache(maxsize=1)
def _tool() -> Any:
    """The development tool's measure: it belongs to no package, so it is loaded by its path."""
    path = _path()
    spec = importlib.util.spec_from_file_location("development_perceptual", path) if path else None
    if spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Perceptual()
