"""The pictures of a comparison's page: each variant's result, small, and the part where the variants differ most."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.comparing.model import ComparedPicture, Comparison
from infra.store.contract import Damaged, NotFound
from tasks.workshop import Workshop

MOST = 24
"""Pictures shown; the others are listed with their scores alone."""
SIDE = 360
"""Longer side of a shown picture, px."""
DETAIL = 0.3
"""Side of the part shown enlarged, in parts of the picture's shorter one."""
QUALITY = 82
Levels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Shown:
    """One cell of a row."""

    label: str
    variant: str
    """Empty for the source."""
    whole: str
    """Data URI; empty where there is no picture."""
    detail: str
    """The part where the variants differ most, enlarged; empty where they do not."""


def shown_pictures(shop: Workshop, picture: ComparedPicture, names: Sequence[str]) -> list[Shown]:
    """The source, then every variant's result in order."""
    decoded = {name: _decoded(shop, picture.made[name].shown) for name in names}
    before = _decoded(shop, picture.before)
    present = [p for p in decoded.values() if p is not None]
    box = _apart(present)
    cells = [("source", "", before)] if before is not None else []
    cells += [(name, name, decoded[name]) for name in names]  # type: ignore[misc]
    return [
        Shown(
            label,
            variant,
            _uri(_small(p)) if p is not None else "",
            _uri(_cut(p, box, present[0].shape)) if p is not None and box else "",
        )
        for label, variant, p in cells
    ]


def by_disagreement(comparison: Comparison) -> list[ComparedPicture]:
    """The largest first; in the manifest's order where equal."""
    return sorted(comparison.pictures, key=lambda picture: -picture.disagreement)


def _decoded(shop: Workshop, sha256: str) -> Levels | None:
    """H×W×3; None where the store has it no more."""
    from PIL import Image

    if not sha256:
        return None
    try:
        data = shop.store.get(sha256)
    except (NotFound, Damaged):
        return None
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def _apart(pictures: Sequence[Levels]) -> tuple[int, int, int, int] | None:
    """x0, y0, x1, y1 of the square in which the pictures of one size differ most; None where they are alike."""
    alike = [p for p in pictures if p.shape == pictures[0].shape]
    if len(alike) < 2:
        return None
    stack = np.stack(alike).astype(np.int16)
    spread = np.ptp(stack, axis=0).max(axis=2).astype(np.float32)
    if spread.max() < 8:
        return None
    height, width = spread.shape
    side = max(int(min(height, width) * DETAIL), 1)
    summed = cv2.boxFilter(spread, -1, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT)
    y, x = np.unravel_index(int(summed.argmax()), summed.shape)
    left, top = (
        int(np.clip(v - side // 2, 0, most - side)) for v, most in ((int(x), width), (int(y), height))
    )
    return left, top, left + side, top + side


def _cut(picture: Levels, box: tuple[int, int, int, int], shape: tuple[int, ...]) -> Levels:
    """The same part of a picture, whatever its size: `box` is in the pixels of one of that shape."""
    y, x = picture.shape[0] / shape[0], picture.shape[1] / shape[1]
    x0, y0, x1, y1 = box
    part = picture[round(y0 * y) : max(round(y1 * y), 1), round(x0 * x) : max(round(x1 * x), 1)]
    large = cv2.resize(
        part, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST if part.shape[0] < SIDE else cv2.INTER_AREA
    )
    return np.asarray(large, np.uint8)  # fmt: skip


def _small(picture: Levels) -> Levels:
    share = min(SIDE / max(picture.shape[:2]), 1.0)
    size = max(round(picture.shape[1] * share), 1), max(round(picture.shape[0] * share), 1)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _uri(picture: Levels) -> str:
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(out, "JPEG", quality=QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode()}"
