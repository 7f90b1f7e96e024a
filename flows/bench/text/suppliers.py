"""The pictures of one supplier edited together, by the overlay that they share. To be exchanged for the catalogue's own way."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from flows.bench.text.case import Case
from flows.bench.text.edited import Edited
from flows.bench.text.ours import Bench, edit
from tasks.contracts import Pixels
from tasks.detection.repeated import RepeatedOverlay, find_repeated


def edit_together(bench: Bench, cases: Sequence[Case]) -> tuple[Edited, ...]:
    """Each picture without the shared overlay; where none is found, each picture as one on its own."""
    pictures: list[Pixels] = [case.edited.astype(np.float32) / np.float32(255) for case in cases]
    overlays = find_repeated(pictures, [hashlib.sha256(case.data).hexdigest() for case in cases])
    if not overlays:
        return tuple(edit(bench, case) for case in cases)
    return tuple(_without(picture, overlays) for picture in pictures)


def _without(picture: Pixels, overlays: Sequence[RepeatedOverlay]) -> Edited:
    out, hole = picture.copy(), np.zeros(picture.shape[:2], bool)
    for overlay in overlays:
        x0, y0, x1, y1 = overlay.box_in(picture.shape[0], picture.shape[1])
        clear, _ = overlay.matte.removed(out[y0:y1, x0:x1])
        where = overlay.matte.alpha > 0
        np.copyto(out[y0:y1, x0:x1], clear, where=where[..., None])
        hole[y0:y1, x0:x1] |= where
    levels = np.rint(np.clip(out, 0, 1) * 255).astype(np.uint8)
    data = io.BytesIO()
    Image.fromarray(levels).save(data, "PNG", compress_level=1)
    names = ("repeated",) * len(overlays)
    return Edited(levels, data.getvalue(), hole, hole, "done", engines=names, found=names)
