"""The verdict on made scores: winners, ties, trade-offs, too few pictures, and how often it is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from flows.comparing.model import Direction, Metric
from flows.comparing.verdict import Decided, decide

NAMES = ("a", "b", "c", "d")


def metric(
    name: str = "psnr", least: float = 0.25, direction: Direction = "higher", deciding: bool = True
) -> Metric:
    return Metric(
        name=name, title=name, meaning="", direction=direction, basis="truth", unit="dB", least=least, deciding=deciding
    )  # fmt: skip


def scores(*gains: float, pictures: int = 18, noise: float = 0.5, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    base = rng.normal(28, 6, pictures)
    found: np.ndarray = base + np.array(gains)[:, None] + rng.normal(0, noise, (len(gains), pictures))
    return found


def judged(rows: np.ndarray, *metrics: Metric, **more: object) -> Decided:
    chosen = metrics or (metric(),)
    return decide(NAMES[: len(rows)], chosen, {m.name: rows for m in chosen}, **more)  # type: ignore[arg-type]


def test_the_better_of_four_wins_and_the_figures_say_by_how_much() -> None:
    decided = judged(scores(0, 2, 0, 0))
    assert decided.verdict.kind == "winner"
    assert decided.verdict.winner == "b"
    assert set(decided.verdict.beaten) == {("b", "a"), ("b", "c"), ("b", "d")}
    pair = decided.intervals[0]
    assert (pair.a, pair.b, pair.says) == ("a", "b", "b")
    assert pair.low < 2 < pair.high
    assert "b is better" in decided.verdict.sentence
    assert "18 pictures" in decided.verdict.sentence


def test_where_lower_is_better_the_lower_wins() -> None:
    assert judged(scores(0, 2), metric(direction="lower")).verdict.winner == "a"


def test_equal_ones_that_lead_are_called_so_and_the_rest_is_beaten() -> None:
    verdict = judged(scores(0, 0, -3)).verdict
    assert verdict.kind == "no difference"
    assert verdict.leading == ("a", "b")
    assert set(verdict.beaten) == {("a", "c"), ("b", "c")}


def test_a_difference_that_is_sure_but_too_small_to_matter_is_none() -> None:
    decided = judged(scores(0, 0.1, noise=0.01))
    assert decided.intervals[0].corrected < 0.05
    assert decided.intervals[0].says == "same"
    assert decided.verdict.kind == "no difference"
    assert "too small to matter" in decided.verdict.sentence


def test_a_large_difference_that_may_be_chance_is_not_named() -> None:
    rows = scores(0, 1, noise=8, seed=3)
    (pair,) = judged(rows).intervals
    assert abs(pair.difference) > 0.25
    assert pair.says == "not shown"
    assert "was shown" in judged(rows).verdict.sentence


def test_an_interval_that_leaves_out_nothing_by_itself_is_told_with_its_corrected_p() -> None:
    """Among many pairs: else a reader would ask why that is no difference."""
    decided = judged(scores(0.0, -0.45, 0.02, 0.01, pictures=14, noise=0.55, seed=7))
    found = [one for one in decided.intervals if one.low * one.high > 0 and one.says == "not shown"]
    assert found, "some interval leaves nothing out"
    said = decided.verdict.sentence
    assert decided.verdict.kind == "no difference"
    assert "by itself, p 0." in said
    assert "after correction" in said


def test_too_few_pictures_say_so_however_much_they_agree() -> None:
    decided = judged(scores(0, 5, pictures=4, noise=0.01))
    assert decided.verdict.kind == "not enough pictures"
    assert not decided.verdict.winner
    assert not decided.verdict.beaten
    assert str(decided.method.fewest) in decided.verdict.sentence
    assert judged(scores(0, 5, pictures=decided.method.fewest, noise=0.01)).verdict.winner == "b"


def test_better_on_one_count_and_worse_on_another_is_mixed() -> None:
    names, two = ("a", "b"), (metric("psnr"), metric("ssim"))
    decided = decide(names, two, {"psnr": scores(0, 2), "ssim": scores(0, -2, seed=1)})
    assert decided.verdict.kind == "mixed"
    assert not decided.verdict.beaten


def test_one_that_failed_more_often_does_not_win_on_the_pictures_it_made() -> None:
    assert judged(scores(0, 2), failures={"b": 3}).verdict.kind == "mixed"
    assert judged(scores(0, 2), failures={"a": 3, "b": 3}).verdict.winner == "b"


def test_a_metric_that_does_not_decide_names_nothing_in_the_verdict() -> None:
    names, two = ("a", "b"), (metric("psnr"), metric("seam", deciding=False))
    decided = decide(names, two, {"psnr": scores(0, 0), "seam": scores(0, 9)})
    assert decided.verdict.kind == "no difference"
    assert decided.intervals[1].says == "b"


def test_pictures_that_one_of_a_pair_has_no_score_of_do_not_count_for_it() -> None:
    rows = scores(0, 2)
    rows[1, :6] = np.nan
    (pair,) = judged(rows).intervals
    assert pair.pictures == 12
    assert pair.better_b == 12


def test_a_metric_without_any_difference_costs_the_others_nothing() -> None:
    names, rows = ("a", "b"), scores(0, 2)
    alone = judged(rows).intervals[0].corrected
    flat = decide(names, (metric(), metric("outcome")), {"psnr": rows, "outcome": np.ones_like(rows)})
    assert flat.intervals[0].corrected == alone
    assert flat.intervals[1].corrected == 1.0
    assert flat.method == judged(rows).method


def test_the_same_scores_give_the_same_verdict() -> None:
    assert judged(scores(0, 1, 0), seed=4) == judged(scores(0, 1, 0), seed=4)


@pytest.mark.parametrize("least", [1e-9])
def test_equal_variants_are_seldom_called_different_among_four_and_three_metrics(least: float) -> None:
    chosen = tuple(metric(name, least) for name in ("psnr", "ssim", "soundness"))
    false = 0
    for seed in range(120):
        rows = [scores(0, 3, 0, -3, noise=1.0, seed=seed * 3 + k) for k in range(3)]
        decided = decide(
            NAMES, chosen, dict(zip(("psnr", "ssim", "soundness"), rows, strict=True)), seed=seed
        )
        assert decided.verdict.winner == "b"
        false += bool({("a", "c"), ("c", "a")} & set(decided.verdict.beaten))
    assert false / 120 <= 0.075
