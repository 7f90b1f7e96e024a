"""What a sheet shows of an enlarged picture: who made which cells, how sure the baseline was, and the hardest cells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from flows.sheet.model import SheetEnlargement, SheetPicture
from flows.sheet.pictures import thumbnail
from flows.sheet_stored import stored_levels
from tasks.results import Enlargement, ItemResult
from tasks.workshop import Workshop

MAPS = {"routing": "who made each cell", "confidence": "the redder, the less sure the baseline is"}
MAP_SIDE = 640
CROP_SIDE = 256
"""Most of a cluster that is shown beside Lanczos, at its own pixels, from its middle; its panel shows all of it."""
PAIRS = 8
"""Clusters whose crops are shown beside each other."""


def enlargement_of(shop: Workshop, item: ItemResult, detailed: bool) -> SheetEnlargement | None:
    """None for a picture that was not enlarged. detailed: with pictures."""
    made = item.enlargement
    if made is None or made.scale == 1:
        return None
    maps = tuple(_maps(shop, made)) if detailed else ()
    pairs = tuple(_pairs(shop, item)) if detailed else ()
    return SheetEnlargement(made.sentence(), maps, _legend(made), pairs)


def fidelity_of(item: ItemResult) -> dict[str, float]:
    """The figures of the whole picture, for its table of measures."""
    made = item.enlargement
    if made is None or made.scale == 1:
        return {}
    return {
        "consistency_db": made.consistency_db, "worst_cell_consistency_db": made.worst_cell_db, "colour_shift": made.colour_shift,
        "hallucination": made.hallucination, "expected_loss_db": made.expected_loss_db,
    }  # fmt: skip


def _legend(made: Enlargement) -> tuple[tuple[str, str], ...]:
    cells = max(made.cells, 1)
    return tuple((r.colour, f"{r.engine}: {r.cells} cells, {r.cells / cells:.0%}") for r in made.rungs)


def _maps(shop: Workshop, made: Enlargement) -> Iterable[SheetPicture]:
    for name, words in MAPS.items():
        picture = _picture(shop, made.artifacts.get(name, ""), words, MAP_SIDE)
        if picture:
            yield replace(picture, caption="")


def _pairs(shop: Workshop, item: ItemResult) -> Iterable[tuple[int, str, SheetPicture, SheetPicture]]:
    for region in item.regions[:PAIRS]:
        before = _picture(shop, region.artifacts.get("lanczos", ""), "Lanczos", CROP_SIDE, cut=True)
        after = _picture(shop, region.artifacts.get("final", ""), region.engine, CROP_SIDE, cut=True)
        if before and after:
            yield region.n, region.engine, before, after


def _picture(shop: Workshop, sha256: str, label: str, side: int, *, cut: bool = False) -> SheetPicture | None:
    """cut: its middle, at most `side` px long; otherwise all of it, scaled down to that."""
    levels = stored_levels(shop, sha256)
    if levels is None:
        return None
    if cut:
        top, left = max(levels.shape[0] - side, 0) // 2, max(levels.shape[1] - side, 0) // 2
        levels = levels[top : top + side, left : left + side]
    return thumbnail(np.ascontiguousarray(levels), side, label)
