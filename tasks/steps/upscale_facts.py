"""What is kept of an enlargement beside its pixels: figures, maps to look at, and crops of the hardest cells."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Box, JsonObject, Raster
from tasks.enhancement.grid import Cells
from tasks.enhancement.maps import confidence_map, routing_map
from tasks.enhancement.rungs import Cutting, Enlarged
from tasks.lossless import encode_raster
from tasks.steps.crop_strip import part_of, places_of, strip_of
from tasks.steps.stored_picture import encode_picture
from tasks.steps.upscale_places import cropped, in_pixels, times

PNG = "image/png"
CELLS, CROPS = "cells", "crops"
PLANES = ("choice", "uncertainty", "consistency_db", "hallucination", "wanted_db")
"""Of the artifact `cells`: what is known of each cell, a plane each."""
SURROUNDINGS = 8
"""px of the source that Lanczos is shown around a crop, and that are cut away again."""
Artifacts = Mapping[str, tuple[bytes, str]]
Planes = NDArray[np.float32]


def planes_of(made: Enlarged) -> Planes:
    """5×rows×cols float32, in the order of PLANES."""
    routing, fidelity = made.routing, made.fidelity
    parts = (routing.choice, routing.uncertainty, fidelity.consistency, fidelity.invention, fidelity.wanted)
    return np.stack([np.asarray(part, np.float32) for part in parts])


def figures_of(made: Enlarged, engines: Sequence[str]) -> JsonObject:
    """The figures of the whole picture. engines: the ids of the rungs."""
    routing, fidelity = made.routing, made.fidelity
    falls = Counter((fall.chosen, fall.made, fall.why) for fall in routing.falls)
    return {
        "cell": routing.cell, "saved": _short(routing.saved), "expected_loss_db": _short(routing.expected_loss_db),
        "rungs": [
            {"engine": engine, "cells": int(cells), "seconds": _short(seconds)}
            for engine, cells, seconds in zip(engines, routing.cells, routing.seconds, strict=True)
        ],
        "consistency_db": _short(fidelity.consistency_db), "worst_cell_db": _short(fidelity.worst_cell_db),
        "colour_shift": _short(fidelity.colour_shift), "corrected": int(fidelity.corrected),
        "hallucination": _short(float(fidelity.invention.max(initial=0.0))),
        "falls": [
            {"chosen": engines[chosen], "made": engines[instead], "why": why, "cells": cells}
            for (chosen, instead, why), cells in sorted(falls.items())
        ],
    }  # fmt: skip


def region_facts(cells: Box, planes: Planes, engines: Sequence[str], box: Box) -> JsonObject:
    """What is known of a cluster of cells. box: its write zone, px of the enlarged picture."""
    x0, y0, x1, y1 = cells
    choice, uncertainty, consistency, hallucination, wanted = planes[:, y0:y1, x0:x1]
    counts = np.bincount(choice.astype(int).ravel(), minlength=len(engines))
    most = max(range(len(engines)), key=lambda rung: (counts[rung], rung))
    return {
        "cells": list(cells), "box": list(box), "engine": engines[most], "weak": weak_of(consistency, wanted), "scores": {
            "uncertainty": _short(float(uncertainty.max())), "consistency_db": _short(float(consistency.min())),
            "hallucination": _short(float(hallucination.max())),
        },
    }  # fmt: skip


def weak_of(consistency: Cells, wanted: Cells) -> JsonObject:
    """How many cells miss what is wanted of them, and of the one that misses most, what it has and what is wanted."""
    short = wanted - consistency
    at = np.unravel_index(int(short.argmax()), short.shape)
    return {"cells": int((short > 0).sum()), "has": _short(consistency[at]), "wanted": _short(wanted[at])}


def maps_of(source: Raster, planes: Planes, cell: int, *, routed: bool) -> dict[str, tuple[bytes, str]]:
    """The figures of every cell, and where cells were `routed` along a ladder, the pictures `confidence` and `routing`.

    One engine that made everything leaves nothing to show of who made what."""
    choice, uncertainty = planes[0].astype(np.int8), planes[1]
    out = io.BytesIO()
    np.save(out, planes, allow_pickle=False)
    cells = {CELLS: (out.getvalue(), "application/octet-stream")}
    if not routed:
        return cells
    return cells | {
        "confidence": (encode_raster(Raster(confidence_map(source.pixels, uncertainty, cell))), PNG),
        "routing": (encode_raster(Raster(routing_map(source.pixels, choice, cell))), PNG),
    }


def read_planes(data: bytes) -> Planes:
    """The planes of an artifact `cells`."""
    planes: Planes = np.load(io.BytesIO(data), allow_pickle=False)
    return planes


def crops_of(source: Raster, result: Raster, cells: Sequence[Box], cell: int, scale: int) -> Artifacts:
    """Of each cluster, beside each other, the source enlarged by Lanczos and the result: one strip; nothing without clusters."""
    boxes = [write_zone(one, cell, source) for one in cells]
    pairs = [(_by_lanczos(source, box, scale), cropped(result, times(box, scale))) for box in boxes]
    return {CROPS: (encode_picture(strip_of(pairs)), PNG)} if pairs else {}


def crop_names(digest: str, boxes: Sequence[Box]) -> list[tuple[str, str]]:
    """What names each cluster's two crops in the strip of that digest. boxes: their write zones, px of the enlarged picture."""
    places = places_of([(x1 - x0, y1 - y0) for x0, y0, x1, y1 in boxes])
    return [(part_of(digest, plain), part_of(digest, made)) for plain, made in places]


def write_zone(cells: Box, cell: int, source: Raster) -> Box:
    """What a rerun of a cluster may write, px of the source: its cells and the ramp around them."""
    return in_pixels(cells, cell, source, Cutting().ramp)


def _by_lanczos(source: Raster, box: Box, scale: int) -> Raster:
    x0, y0, x1, y1 = box
    left, top = max(x0 - SURROUNDINGS, 0), max(y0 - SURROUNDINGS, 0)
    view = source.pixels[top : y1 + SURROUNDINGS, left : x1 + SURROUNDINGS]
    size = view.shape[1] * scale, view.shape[0] * scale
    large: NDArray[Any] = np.atleast_3d(cv2.resize(view, size, interpolation=cv2.INTER_LANCZOS4))
    large = large.reshape(size[1], size[0], -1)
    return cropped(Raster(large), times((x0 - left, y0 - top, x1 - left, y1 - top), scale))


def _short(value: float) -> float:
    return round(float(value), 4)
