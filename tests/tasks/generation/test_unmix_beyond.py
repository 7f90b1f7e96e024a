"""Letters that a reader's box cut off or left out come back too, and nothing else is taken for one."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.generation.unmix import unmix
from tasks.generation.unmix_beyond import beyond
from tasks.generation.unmix_evidence import Overlay, uncovered
from tests.tasks.generation.overlay_truth import caption, case, psnr

WHERE = (slice(38, 84), slice(2, 358))
"""About the line, with room for a letter at both ends."""


def cut(made, columns):
    """What is found with the mask ending at a column; where to look; and the coverage found beyond it."""
    hole = made.hole.copy()
    hole[:, columns:] = False
    found = unmix(made.crop, hole, levels=255)
    assert found is not None
    about = np.zeros_like(hole)
    about[WHERE] = True
    overlay = Overlay(found.opacity, found.colour)
    return found, hole, overlay, beyond(found.pixels, found.alpha, overlay, about, hole, 255, 0.0)


@pytest.mark.parametrize("name", ["chelsea", "coffee", "rocket"])
def test_the_last_letter_comes_back(name) -> None:
    made = case(name, caption("supplier shop", size=34))
    last = int(np.flatnonzero(made.hole.any(axis=0)).max()) - 12
    found, hole, overlay, coverage = cut(made, last)
    missed = (made.alpha > 0.05) & ~hole
    assert missed.sum() > 60
    assert coverage is not None
    clear = np.clip(uncovered(found.pixels, coverage, overlay), 0, 1)
    assert psnr(clear, made.truth, missed) > psnr(made.crop, made.truth, missed) + 8
    assert (coverage[~made.hole] > 0.1).mean() < 0.002


@pytest.mark.parametrize("name", ["chelsea", "astronaut", "coffee", "rocket"])
def test_where_nothing_is_missed_nothing_is_found(name) -> None:
    made = case(name, caption("supplier shop", size=34))
    found = unmix(made.crop, made.hole, levels=255)
    assert found is not None
    about = np.zeros_like(made.hole)
    about[WHERE] = True
    overlay = Overlay(found.opacity, found.colour)
    coverage = beyond(found.pixels, found.alpha, overlay, about, made.hole, 255, 0.0)
    assert coverage is None or (coverage > 0.1).sum() < 12
