"""Pictures, holes and a slow reference for blends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

Zone = NDArray[np.bool_]


@st.composite
def zones(draw: st.DrawFn, most: int = 11) -> Zone:
    """Any zone on any small picture, 1xN and Nx1 included."""
    height, width = draw(st.integers(1, most)), draw(st.integers(1, most))
    return draw(hnp.arrays(np.bool_, (height, width)))


def dense_harmonic(boundary: NDArray[np.floating], zone: Zone) -> NDArray[np.float64]:
    """Laplace's equation written out pixel by pixel and solved densely: the truth to compare with. HxWxC."""
    height, width = zone.shape
    where = {(int(y), int(x)): n for n, (y, x) in enumerate(np.argwhere(zone))}
    out = np.zeros(boundary.shape)
    if not where or len(where) == zone.size:
        return out
    matrix = np.zeros((len(where), len(where)))
    rhs = np.zeros((len(where), boundary.shape[2]))
    for (y, x), n in where.items():
        for near in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
            if 0 <= near[0] < height and 0 <= near[1] < width:
                matrix[n, n] += 1
                if near in where:
                    matrix[n, where[near]] -= 1
                else:
                    rhs[n] += boundary[near]
    out[zone] = np.linalg.solve(matrix, rhs)
    return out


def random_picture(shape: tuple[int, ...], seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).random(shape, np.float32)


@pytest.fixture(scope="session")
def photograph() -> NDArray[np.float32]:
    from skimage import data

    return np.asarray(data.astronaut()[:220, 120:380], np.float32) / np.float32(255)


@pytest.fixture
def disc() -> Zone:
    yy, xx = np.mgrid[:220, :260]
    return np.asarray((yy - 110) ** 2 + (xx - 130) ** 2 < 32**2)
