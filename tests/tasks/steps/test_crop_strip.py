"""Crops in a strip come back as they were, by names that tell digest and box."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.contracts import Raster
from tasks.steps.crop_strip import part_of, places_of, strip_of, whole_of

SIZES = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=5)
DIGEST = "0123456789abcdef" * 4


@given(SIZES, st.sampled_from([1, 3, 4]), st.sampled_from([np.uint8, np.uint16]))
def test_every_crop_comes_back(sizes: list[tuple[int, int]], channels: int, depth: type) -> None:
    draw = np.random.default_rng(1)
    pairs = [
        tuple(Raster(draw.integers(1, 255, (height, width, channels)).astype(depth)) for _ in range(2))
        for width, height in sizes
    ]
    strip = strip_of(pairs).pixels  # type: ignore[arg-type]
    assert strip.dtype == depth
    for pair, places in zip(pairs, places_of(sizes), strict=True):
        for one, place in zip(pair, places, strict=True):
            digest, box = whole_of(part_of(DIGEST, place))
            assert (digest, box) == (DIGEST, place)
            x0, y0, x1, y1 = place
            assert np.array_equal(strip[y0:y1, x0:x1], one.pixels)
    assert np.count_nonzero(strip) == sum(2 * w * h * channels for w, h in sizes), "and nothing else"


@pytest.mark.parametrize(
    "name", ["", DIGEST, f"{DIGEST}#xywh=1,2,3", f"{DIGEST}#xywh=-1,2,3,4", "x#xywh=1,2,3,4"]
)
def test_what_names_no_part_stays_as_it_is(name: str) -> None:
    assert whole_of(name) == (name, None)
