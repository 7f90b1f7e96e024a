"""Intervals, tests and correction against what they must be by hand, and by simulation."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from flows.comparing.statistics import (
    EXACT,
    HELD,
    Draws,
    bca_interval,
    enough_permutations,
    fewest_pairs,
    holm,
    sign_flip_p,
)


def test_a_sign_flip_p_is_the_share_of_all_sign_changes_that_are_as_extreme() -> None:
    differences = np.array([0.4, 1.0, 0.7, -0.2, 0.9])
    sums = [
        abs(sum(s * d for s, d in zip(signs, differences, strict=True)))
        for signs in itertools.product((1, -1), repeat=5)
    ]
    wanted = sum(total >= abs(differences.sum()) - 1e-12 for total in sums) / 32
    assert sign_flip_p(differences, Draws()) == pytest.approx(wanted)
    assert sign_flip_p(np.full(7, 0.3), Draws()) == pytest.approx(2 / 2**7)
    assert sign_flip_p(np.zeros(9), Draws()) == 1.0


def test_a_random_sign_flip_p_is_near_the_exact_one_and_never_nothing() -> None:
    rng = np.random.default_rng(5)
    differences = rng.normal(0.6, 1, EXACT)
    exact = sign_flip_p(differences, Draws())
    signs = 2.0 * np.random.default_rng(1).integers(0, 2, (40_000, EXACT)) - 1
    assert exact == pytest.approx((np.abs(signs @ differences) >= abs(differences.sum())).mean(), abs=0.01)
    assert sign_flip_p(np.full(40, 1.0), Draws()) == pytest.approx(1 / 5001)


def test_a_sign_flip_test_keeps_its_level() -> None:
    rng, draws = np.random.default_rng(3), Draws()
    wrong = [sign_flip_p(rng.standard_t(3, 16), draws) < 0.05 for _ in range(800)]
    assert np.mean(wrong) <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 800)


def test_an_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng, draws = np.random.default_rng(4), Draws()
    covered = []
    for _ in range(400):
        low, high = bca_interval(rng.exponential(1, 40), draws)
        covered.append(low <= 1 <= high)
    assert 0.90 <= np.mean(covered) <= 0.98


def test_an_interval_of_skewed_scores_leans_to_their_tail() -> None:
    skewed = np.random.default_rng(0).exponential(1, 30)
    low, high = bca_interval(skewed, Draws())
    mean = skewed.mean()
    assert high - mean > mean - low
    flipped = bca_interval(-skewed, Draws())
    assert flipped == pytest.approx((-high, -low), abs=0.02)


def test_an_interval_of_equal_differences_has_no_width() -> None:
    assert bca_interval(np.full(6, 0.25), Draws()) == (0.25, 0.25)
    assert bca_interval(np.array([1.5]), Draws()) == (1.5, 1.5)


def test_the_same_seed_gives_the_same_figures_whatever_was_asked_before() -> None:
    values = np.random.default_rng(8).normal(0, 1, 20)
    used = Draws(7)
    sign_flip_p(np.ones(15), used)
    bca_interval(np.arange(HELD + 2, dtype=np.float64), used)
    assert bca_interval(values, used) == bca_interval(values, Draws(7))
    assert sign_flip_p(values, used) == sign_flip_p(values, Draws(7))
    assert bca_interval(values, Draws(8)) != bca_interval(values, Draws(7))


def test_holm_steps_down_and_never_turns_the_order_round() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_the_fewest_pairs_are_those_that_could_be_told_from_chance() -> None:
    for tests in (1, 3, 12, 18):
        n = fewest_pairs(tests, 0.05)
        assert tests * 2 / 2**n <= 0.05 < tests * 2 / 2 ** (n - 1)
        assert tests / enough_permutations(tests, 0.05) < 0.05 / 10
