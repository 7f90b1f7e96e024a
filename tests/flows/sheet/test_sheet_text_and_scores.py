"""Words, figures, failing scores and the worst-first order."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from flows.sheet.model import SheetItem, SheetRegion
from flows.sheet.scores import badness, failing, item_scores, worst_first
from flows.sheet.text import duration, number, reason_and_cure, shown
from tasks.thresholds import SENTENCES
from tasks.verification.thresholds import failures
from tests.flows.sheet.samples import rejected


def item(scores: dict[str, float], reasons: tuple[str, ...] = ()) -> SheetItem:
    region = SheetRegion(1, "text", "", (0, 0, 1, 1), "e", "", scores, reasons, {}, ())
    return replace(rejected("a", ""), regions=(region,))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("photo\u202egpj.exe", r"photo\u202egpj.exe"),
        ("a\nb\x00c\x1b[31m", r"a\nb\x00c\x1b[31m"),
        ("caf\udce9", r"caf\udce9"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        ("Größe 価格 سعر <b>", "Größe 価格 سعر <b>"),
    ],
)
def test_what_is_invisible_is_written_out(text: str, expected: str) -> None:
    assert shown(text) == expected
    assert shown("two\nlines", keep_newlines=True) == "two\nlines"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "0"), (0.02, "0.02"), (3.14159, "3.142"), (17.4512, "17.45"), (123456.7, "123,457"), (1e-7, "1.00e-07"),
     (-2.5, "-2.5"), (1000, "1,000"), (math.nan, "n/a"), (math.inf, "∞")],
)  # fmt: skip
def test_figures_keep_four_digits(value: float, expected: str) -> None:
    assert number(value) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.00034, "340 µs"), (0.012, "12 ms"), (0.84, "0.84 s"), (12.34, "12.3 s"), (59.96, "1 min 00 s"),
     (125, "2 min 05 s"), (4321, "1 h 12 min"), (math.nan, "n/a")],
)  # fmt: skip
def test_durations_read_naturally(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected


def test_the_cure_is_parted_from_the_reason() -> None:
    assert reason_and_cure("x: triage: broken. Cure: ask again") == ("x: triage: broken.", "ask again")
    assert reason_and_cure("nothing found") == ("nothing found", "")


def test_a_score_fails_when_a_reason_names_it_and_the_longer_name_wins() -> None:
    scores = {"seam": 1.0, "seam_step": 3.2, "leak": 0.0, "residual-text": 0.7}
    assert failing(scores, ("seam step 3.2 is over 2",)) == {"seam_step"}
    assert failing(scores, ("Residual text 0.7", "seam 1.0 is over 0.5")) == {"residual-text", "seam"}
    assert failing(scores, ("unleaked",)) == frozenset()


@pytest.mark.parametrize("threshold", SENTENCES)
def test_every_reason_that_verification_gives_marks_its_score(threshold: str) -> None:
    names = {name.rsplit("_", 1)[0] for name in SENTENCES}
    score, side = threshold.rsplit("_", 1)
    missed = failures({score: 40.0 if side == "max" else 0.0}, {threshold: 1.0})
    reasons = tuple(reason for _, reason in missed)
    assert len(reasons) == 1
    assert failing(dict.fromkeys(names, 0.0), reasons) == {score}


def test_scores_know_which_way_is_bad() -> None:
    assert badness("psnr_in_mask", 20) > badness("psnr_in_mask", 30)
    assert badness("seam_step", 3) > badness("seam_step", 1)
    assert badness("grain_ratio", 0.5) > badness("grain_ratio", 1.2) > badness("grain_ratio", 1)
    assert badness("leak", math.nan) == math.inf


def test_an_items_score_is_that_of_its_worst_region() -> None:
    one = item({"psnr": 30.0, "leak": 0.1})
    both = replace(one, regions=(*one.regions, replace(one.regions[0], scores={"psnr": 20.0, "leak": 0.0})))
    assert item_scores(both) == {"psnr": 20.0, "leak": 0.1}


def test_failing_items_come_first_then_those_worst_in_any_score() -> None:
    items = [
        item({"leak": 0.0}),
        item({"leak": 0.2}),
        item({"leak": 0.1}, ("leak 0.1 is over 0.05",)),
        item({}),
    ]
    figures = worst_first(items)
    assert sorted(range(4), key=lambda i: -figures[i]) == [2, 1, 0, 3]
