"""One small case, put together by hand, and an edit of it that can be damaged at will."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from flows.bench.text.case import Case, File, compose
from flows.bench.text.edited import Edited
from flows.bench.text.faces import faces
from flows.bench.text.lettering import Caption


def ground(height=120, width=240):
    """Coloured paper with a slope and grain."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:height, :width]
    base = np.stack([90 + x / 6, 120 + y / 6, 140 - x / 8], axis=2) + rng.normal(0, 3, (height, width, 3))
    return np.clip(np.rint(base), 0, 255).astype(np.uint8)


def written(text="SALE", quality=0, scene=(), **more) -> Case:
    """One caption in the middle."""
    fields = {"size": 40, "x": 120, "y": 60, "colour": (255, 255, 255)} | more
    return compose(
        "made-00", "made", ground(), (Caption(text, faces("bold")[0], **fields),), File(quality), scene
    )


def edited(case: Case, pixels, holes=None, outcome="done", suffix=None) -> Edited:
    """An edit with these pixels, written as the case's own kind of file."""
    out = io.BytesIO()
    if (suffix or case.suffix) == ".png":
        Image.fromarray(pixels).save(out, "PNG")
    else:
        tables = Image.open(io.BytesIO(case.data)).quantization
        Image.fromarray(pixels).save(out, "JPEG", qtables=tables, subsampling=0)
    shown = np.array(Image.open(io.BytesIO(out.getvalue())), np.uint8)
    holes = case.strokes if holes is None else holes
    return Edited(shown, out.getvalue(), holes, holes, outcome)


@pytest.fixture
def case() -> Case:
    return written()
