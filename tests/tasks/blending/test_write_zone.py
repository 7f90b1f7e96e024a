"""The write zone is the Euclidean dilation of the hole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from tasks.blending.zone import write_zone


@given(
    hole=hnp.arrays(np.bool_, st.tuples(st.integers(1, 14), st.integers(1, 14))), feather=st.integers(0, 9)
)
@settings(deadline=None, max_examples=200)
def test_equals_brute_force(hole: NDArray[np.bool_], feather: int) -> None:
    kept = hole.copy()
    yy, xx = np.mgrid[: hole.shape[0], : hole.shape[1]]
    expected = np.zeros_like(hole)
    for y, x in np.argwhere(hole):
        expected |= (yy - y) ** 2 + (xx - x) ** 2 <= feather**2
    zone = write_zone(hole, feather)
    assert zone.dtype == np.bool_
    assert np.array_equal(zone, expected)
    assert zone is not hole
    assert np.array_equal(hole, kept)


def test_negative_feather_is_refused() -> None:
    with pytest.raises(ValueError, match="feather"):
        write_zone(np.ones((2, 2), bool), -1)
