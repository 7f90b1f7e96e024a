"""Connected pieces of a mask, near ones taken together."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from scipy import ndimage  # type: ignore[import-untyped]

from tasks.contracts import Box, Zone


def bounds(hole: Zone) -> Box | None:
    """The smallest box that holds every true pixel; None when there is none."""
    rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def pieces(hole: Zone, gap: int) -> Iterator[tuple[Box, Zone]]:
    """Each group of true pixels: its smallest box, and the group in an array of the box's size.

    Two pixels are of one group when at most `gap` lie between them in x and in y, or when others link them so: pixels of
    two groups are always more than `gap` + 1 apart in x or in y. The order is that of the labelling."""
    extent = bounds(hole)
    if extent is None:
        return
    x0, y0, x1, y1 = extent
    inside = hole[y0:y1, x0:x1]
    # A square of gap + 1 bridges just the gaps of up to `gap` pixels; its anchor does not matter.
    grown = cv2.dilate(inside.astype(np.uint8), np.ones((gap + 1, gap + 1), np.uint8))
    _, labels = cv2.connectedComponents(grown, connectivity=8, ltype=cv2.CV_32S)
    labels[~inside] = 0
    for label, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1):
        box = (columns.start + x0, rows.start + y0, columns.stop + x0, rows.stop + y0)
        yield box, np.asarray(labels[rows, columns] == label)
