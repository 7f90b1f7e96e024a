"""The recipe of the text origin model: its trees learn what they should, its pictures carry their truth."""

from __future__ import annotations

import numpy as np
import pytest

from flows.training.text_origin.boost import Recipe, binned, boosted
from flows.training.text_origin.samples import drawn, kind_of, stored_again
from flows.training.text_origin.sources import photographs, typefaces
from model_registry.engines.contract import TextLine
from tasks.detection.origin_model import Model


def line(x0: float, y0: float, x1: float, y1: float) -> TextLine:
    return TextLine(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), "a", 0.9)


def rows(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    table = random.normal(0, 1, (count, 3))
    truth = ((table[:, 0] > 0.3) ^ (table[:, 1] > 1)).astype(float)
    table[random.random(count) < 0.2, 2] = np.nan
    return table, truth


def test_trees_learn_a_rule_of_two_features_and_keep_it_on_other_rows() -> None:
    table, truth = rows(1, 1500)
    model = Model(boosted(binned(("a", "b", "c"), table), truth, np.ones(1500), Recipe(trees=60), {}), 0.5)
    fresh, right = rows(2, 400)
    called = np.array([model.judged(dict(zip("abc", row, strict=True)))[0] >= 0.5 for row in fresh])
    assert (called == (right > 0.5)).mean() > 0.95


def test_a_feature_that_may_only_raise_the_odds_never_lowers_them() -> None:
    random = np.random.default_rng(3)
    table = random.normal(0, 1, (800, 1))
    truth = (table[:, 0] < 0).astype(float)  # the other way round
    for sign, least in ((0, 0.4), (1, 0.0)):
        trees = boosted(binned(("a",), table), truth, np.ones(800), Recipe(trees=60), {"a": sign})
        low, high = (Model(trees, 0.5).judged({"a": value})[0] for value in (-1.0, 1.0))
        assert low - high >= least
        assert sign == 0 or high == low


def test_a_line_is_what_it_mostly_covers() -> None:
    truth = (((0.0, 0.0, 100.0, 20.0), "overlay"), ((0.0, 50.0, 100.0, 70.0), "scene"))
    assert kind_of(line(-2, -2, 102, 22), truth) == "overlay"
    assert kind_of(line(10, 52, 60, 68), truth) == "scene"
    assert kind_of(line(0, 100, 50, 120), truth) == "scene"
    assert kind_of(line(0, 5, 100, 65), truth) is None


@pytest.mark.parametrize("n", range(6))
def test_drawn_pictures_carry_their_truth_and_are_the_same_again(n: int) -> None:
    pictures, faces = photographs([]), typefaces([])
    one, same = (
        drawn(np.random.default_rng([5, n]), pictures[n % len(pictures)][1], faces) for _ in range(2)
    )
    assert (one.picture == same.picture).all()
    assert one.truth == same.truth
    height, width = one.picture.shape[:2]
    assert all(
        -1 <= x0 < x1 <= width + 1 and -1 <= y0 < y1 <= height + 1 for (x0, y0, x1, y1), _ in one.truth
    )
    lines = tuple(line(*box) for box, _ in one.truth)
    again, moved = stored_again(np.random.default_rng(n), one, lines)
    assert [kind_of(a, again.truth) for a in moved] == [kind_of(a, one.truth) for a in lines]
