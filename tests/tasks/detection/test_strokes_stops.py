"""On a drawn ground a full stop that the reader left out goes with its line, and nothing else beside it does."""

from __future__ import annotations

import numpy as np
from matplotlib.font_manager import findfont
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from model_registry.engines.contract import TextLine
from tasks.contracts import Zone
from tasks.detection.strokes_lines import line_masks

Levels = NDArray[np.uint8]


def masked(image: Levels, line: TextLine) -> Zone:
    (made,) = line_masks(image, [line], 0.1).values()
    out = np.zeros(image.shape[:2], bool)
    x0, y0, x1, y1 = made.box
    out[y0:y1, x0:x1] = made.mask > 0
    return out


def written() -> tuple[Image.Image, TextLine, Zone]:
    """A line with a stop, the box of the line without it, and where the stop is."""
    page = Image.new("RGB", (360, 140), (250, 250, 250))
    font = ImageFont.truetype(findfont("DejaVu Sans"), 44)
    brush = ImageDraw.Draw(page)
    brush.text((40, 40), "SUPPLY CO", fill=(120, 120, 120), font=font)
    ys, xs = np.nonzero(np.asarray(page)[..., 0] < 250)
    x0, y0, x1, y1 = float(xs.min() - 2), float(ys.min() - 4), float(xs.max() + 3), float(ys.max() + 5)
    stop = np.zeros((140, 360), bool)
    stop[int(ys.max()) - 4 : int(ys.max()) + 1, int(xs.max()) + 9 : int(xs.max()) + 14] = True
    shown = np.asarray(page).copy()
    shown[stop] = 120
    return Image.fromarray(shown), TextLine(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), "SUPPLY CO", 0.9), stop


def test_a_stop_right_beside_its_line_goes_with_it() -> None:
    page, line, stop = written()
    image = np.asarray(page)
    hole = masked(image, line)
    assert hole[stop].all()
    assert (hole == (image[..., 0] < 250)).all(), "to the pixel"


def test_what_has_another_colour_or_another_size_or_stands_off_stays() -> None:
    page, line, stop = written()
    ys, xs = np.nonzero(stop)
    x, y = int(xs.min()), int(ys.max())
    other = np.asarray(page).copy()
    other[stop] = (20, 60, 200)
    assert not masked(other, line)[stop].any()
    off = np.asarray(page).copy()
    off[stop] = 250
    off[y - 4 : y + 1, x + 22 : x + 27] = 120
    assert not masked(off, line)[:, x:].any()
    bar = np.asarray(page).copy()
    bar[y - 24 : y + 1, x : x + 5] = 120
    assert not masked(bar, line)[:, x:].any()
