"""Scores of single pictures: what they are of known pictures and results, and what they never do."""

from __future__ import annotations

import numpy as np
import pytest

from flows.comparing.cost import cost_of, engines_of, seconds_by_picture
from flows.comparing.metrics import chosen
from flows.comparing.scores import prompt_colour, reference_free
from flows.comparing.truth import CAP, against_truth
from tasks.results import ItemResult, RegionResult, StageResult

THRESHOLDS = {"leak_max": 0.04, "seam_step_max": 6.0, "outside_changed_max": 0.0, "text.leak_max": 0.02}


def item(
    *regions: RegionResult, outcome: str = "done", stages: tuple[StageResult, ...] = (), name: str = "x"
) -> ItemResult:
    return ItemResult.model_validate({
        "id": name, "source": "x.png", "outcome": outcome, "regions": regions, "stages": stages
    })  # fmt: skip


def region(n: int = 1, kind: str = "object", **scores: float) -> RegionResult:
    return RegionResult(n=n, kind=kind, box=(0, 0, 4, 4), engine="telea", scores=scores)


def soundness(*regions: RegionResult) -> float:
    return reference_free(item(*regions), THRESHOLDS)["soundness"]


def test_soundness_is_one_without_fault_half_at_the_bounds_and_none_at_twice() -> None:
    assert soundness(region(leak=0.0, seam_step=0.0)) == 1.0
    assert soundness(region(leak=0.04, seam_step=6.0)) == pytest.approx(0.5)
    assert soundness(region(leak=0.5, seam_step=60.0)) == pytest.approx(0.0)
    assert soundness(region(outside_changed=1.0)) == pytest.approx(0.0), (
        "of what must not be, any is too much"
    )
    assert soundness(region(grain_ratio=2.0)) == soundness(region(grain_ratio=0.5)) == pytest.approx(0.5)


def test_the_worst_region_counts_and_a_kinds_own_bound_goes_first() -> None:
    good, bad = region(1, leak=0.0), region(2, leak=0.04)
    assert soundness(good, bad) == soundness(bad)
    assert soundness(region(kind="text", leak=0.02)) == pytest.approx(0.5)
    assert reference_free(item(good, bad), THRESHOLDS)["leak"] == 0.04


def test_an_unchanged_picture_has_neither_soundness_nor_grade() -> None:
    assert reference_free(item(outcome="unchanged"), THRESHOLDS) == {}
    order = [
        reference_free(item(outcome=o), THRESHOLDS)["outcome"] for o in ("done", "degraded", "needs-review")
    ]
    assert order == sorted(order, reverse=True)


def flat(value: float, side: int = 40) -> np.ndarray:
    return np.full((side, side, 3), value, np.float32)


def test_the_truth_is_compared_where_it_had_to_change_or_a_variant_changed_it() -> None:
    truth = flat(100)
    source = truth.copy()
    source[10:20, 10:20] = 200
    right, wrong = truth.copy(), truth.copy()
    wrong[10:20, 10:20] = 110
    boxes = {"right": [(8, 8, 22, 22)], "wrong": [(8, 8, 22, 22)]}
    found = against_truth(truth, {"right": right, "wrong": wrong}, source, boxes)
    assert found["right"]["psnr"] == CAP
    assert found["wrong"]["psnr"] == pytest.approx(20 * np.log10(255 / 10), abs=0.01)
    assert found["right"]["ssim"] > found["wrong"]["ssim"]


def test_a_variant_that_spoils_more_is_measured_there_and_so_are_the_others() -> None:
    truth = flat(100)
    source = truth.copy()
    source[10:20, 10:20] = 200
    exact, wide = truth.copy(), truth.copy()
    wide[5:30, 5:30] = 130
    boxes = {"exact": [(10, 10, 20, 20)], "wide": [(5, 5, 30, 30)]}
    found = against_truth(truth, {"exact": exact, "wide": wide}, source, boxes)
    assert found["exact"]["psnr"] == CAP
    assert found["wide"]["psnr"] == pytest.approx(20 * np.log10(255 / 30), abs=0.01)
    outside = source.copy()
    outside[10:20, 10:20] = 100
    outside[35:38, 35:38] = 0  # what lies outside every write zone is another promise's
    alone = against_truth(
        truth, {"exact": exact, "wide": outside}, source, {"exact": boxes["exact"], "wide": boxes["exact"]}
    )
    assert alone["wide"]["psnr"] == CAP


def test_a_preview_is_compared_at_the_truths_size() -> None:
    rng = np.random.default_rng(0)
    truth = rng.uniform(0, 255, (40, 40, 3)).astype(np.float32)
    found = against_truth(truth, {"full": truth, "half": truth[::2, ::2].copy()}, None, {})
    assert found["full"]["psnr"] == CAP
    assert 0 < found["half"]["psnr"] < 20


def test_a_prompts_colours_are_looked_for_in_the_picture() -> None:
    red, blue = np.zeros((50, 60, 3), np.uint8), np.zeros((50, 60, 3), np.uint8)
    red[:], blue[:] = (200, 40, 30), (40, 80, 180)
    near, far = prompt_colour("a red wall", red), prompt_colour("a red wall", blue)
    assert near is not None
    assert far is not None
    assert near < 3 < 30 < far
    assert prompt_colour("coloured bread", red) is None, "no word of it is a colour"


def test_shared_work_is_charged_to_each_and_what_earlier_runs_did_has_no_time() -> None:
    detection = StageResult(stage="detection", engine="rapidocr", seconds=2.0, artifact="d")
    mine = StageResult(stage="generation", engine="telea", seconds=1.0, artifact="f", region=1)
    other = StageResult(stage="generation", engine="plane", seconds=0.5, artifact="g", region=1)
    items = {"a": [item(stages=(detection, mine))], "b": [item(stages=(detection.as_cached(), other))]}
    times = seconds_by_picture(items)
    assert times == {"a": {"x": 3.0}, "b": {"x": 2.5}}
    again = {
        "a": [item(stages=(detection.as_cached(), mine))],
        "b": [item(stages=(detection.as_cached(), other))],
    }
    assert seconds_by_picture(again) == {"a": {"x": None}, "b": {"x": None}}
    assert cost_of([None, 3.0, 1.0]).model_dump() == {"seconds": 4.0, "median": 2.0, "p95": 2.9, "timed": 2}
    assert cost_of([None]).timed == 0


def test_who_made_what_is_counted_by_region() -> None:
    assert engines_of([item(region(1), region(2)), item(region(1))]) == {"telea": 3}


def test_the_truth_decides_where_enough_of_it_is_known() -> None:
    every = {name: {"p", "q", "r", "s"} for name in ("soundness", "outcome", "leak")}
    decide = {m.name for m in chosen({**every, "psnr": {"p", "q"}, "ssim": {"p", "q"}}, 4) if m.deciding}
    assert decide == {"psnr", "ssim", "outcome"}
    assert {m.name for m in chosen({**every, "psnr": {"p"}}, 4) if m.deciding} == {"soundness", "outcome"}
    assert {m.name for m in chosen({"soundness": {"p"}, "psnr": set()}, 4)} == {"soundness"}
