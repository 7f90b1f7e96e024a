"""Distances of embeddings, and what stands out among them: planted outliers are found, and little else is."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.verification.embedding_distance import (
    FEWEST,
    cosine_distance,
    distances,
    nearest,
    outliers,
    robust_z,
)


def cloud(seed: int, rows: int, spread: float = 0.25, size: int = 32) -> NDArray[np.float32]:
    """Vectors about one direction."""
    rng = np.random.default_rng(seed)
    return (np.ones(size) + rng.normal(0, spread, (rows, size))).astype(np.float32)


def test_distances_are_of_directions_and_none_of_what_is_missing() -> None:
    first = np.array([[1, 0], [1, 0], [2, 0], [0, 0]], np.float32)
    second = np.array([[3, 0], [0, 1], [-1, 0], [1, 0]], np.float32)
    found = cosine_distance(first, second)
    assert found[:3] == pytest.approx([0, 1, 2])
    assert np.isnan(found[3])
    assert distances(first[:2], second[:3])[1] == pytest.approx([0, 1, 2])
    with pytest.raises(ValueError, match="alike"):
        cosine_distance(first, second[:, :1])
    with pytest.raises(ValueError, match="N×D"):
        distances(first, second[:, :1])


def test_the_nearest_other_row_is_never_the_row_itself_nor_a_missing_one() -> None:
    rows = np.array([[1, 0], [1, 0.1], [0, 1], [0, 0]], np.float32)
    apart, which = nearest(rows)
    assert which.tolist() == [1, 0, 1, -1]
    assert np.isnan(apart[3])
    assert nearest(rows[:1])[1].tolist() == [-1]
    assert nearest(rows[:0])[0].size == 0


def test_robust_scores_are_of_the_bulk_and_not_of_what_stands_out() -> None:
    calm = np.random.default_rng(1).normal(10, 2, 1000)
    spoilt = np.concatenate([calm, np.full(100, 1e6), [np.nan]])
    z = robust_z(spoilt)
    assert np.std(z[:1000]) == pytest.approx(1, abs=0.2)  # a mean and a standard deviation would give 1e-5
    assert np.isnan(z[-1])
    assert robust_z(np.array([3.0, 3.0, 3.0])).tolist() == [0, 0, 0]
    assert robust_z(np.array([3.0] * 9 + [5.0]))[-1] > 3.5  # more than half are equal


def test_planted_outliers_are_found_and_named() -> None:
    before = cloud(2, 40)
    after = before + np.random.default_rng(3).normal(0, 0.1, before.shape).astype(np.float32)
    after[7] = before[7] * np.where(np.arange(32) % 2, 1, 0.1)  # changed, but not unlike everything else
    before[21] = after[21] = np.where(np.arange(32) < 8, 3, -0.5)  # unlike everything else, and unchanged
    found = outliers(cosine_distance(before, after), after)
    assert (7, "changed") in [(o.row, o.which) for o in found]
    alone = next(o for o in found if o.row == 21)
    assert alone.which == "alone"
    assert alone.distance > 5 * alone.typical
    assert alone.nearest != 21
    assert {o.row for o in found} == {7, 21}
    assert [o.z for o in found] == sorted((o.z for o in found), reverse=True)


def test_in_runs_without_any_hardly_anything_stands_out() -> None:
    flagged = 0
    for seed in range(100):
        before = cloud(seed, 40)
        after = before + np.random.default_rng(1000 + seed).normal(0, 0.1, before.shape).astype(np.float32)
        flagged += len({o.row for o in outliers(cosine_distance(before, after), after)})
    assert flagged / 4000 < 0.005


def test_a_handful_and_trifles_do_not_stand_out() -> None:
    few = np.array([0.01] * (FEWEST - 2) + [0.9])
    assert outliers(few) == ()
    trifles = np.array([1e-7] * 20 + [1e-4])
    assert outliers(trifles) == ()
    assert [o.row for o in outliers(np.array([0.01] * 20 + [0.9]))] == [20]


def test_what_changed_less_than_usual_is_no_outlier() -> None:
    assert outliers(np.append(np.random.default_rng(4).uniform(0.4, 0.6, 30), 0.0)) == ()
