"""A region that fails climbs its ladder alone; at the top it is marked, never passed as done."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from tasks.contracts import Outcome
from tasks.intents import Intent, MaskBoxes, RemoveObject, RemoveText
from tasks.job import JobSpec
from tasks.plan import Value
from tasks.results import ItemResult, RegionResult
from tasks.steps.item import finish
from tasks.steps.outcome import judge
from tests.tasks.steps.conftest import drop_card, ground, load, save, shop_of
from tests.tasks.steps.test_restore import reddest

READER = {"detection": "toy-reader", "verification": "toy-reader", "blending": "soft-blend"}


@pytest.fixture
def lettered(cards: Path, pictures: Path) -> Path:
    """A picture with one red word, and a reader that reads red."""
    drop_card(cards, "toy-reader", "text", "RedReader")
    picture = ground(100, 160)
    cv2.putText(picture, "SALE", (40, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (255, 0, 0), 3)
    return save(pictures / "word.png", picture)


def run(
    tmp_path: Path, intent: Intent | None = None, engines: dict[str, str] | None = None, **params: dict[str, Value]
) -> ItemResult:  # fmt: skip
    job = JobSpec(
        id="word", root=str(tmp_path / "pictures"), image="word.png", out=str(tmp_path / "out"),
        intent=intent or RemoveText(), engines={**({} if intent else READER), **(engines or {})}, params=params,
    )  # fmt: skip
    return finish(shop_of(tmp_path), job)


def test_an_engine_that_leaves_text_behind_climbs_one_rung(
    tmp_path: Path, cards: Path, lettered: Path
) -> None:
    drop_card(cards, "toy-red", "fill", "RedFill", automatic=True)
    result = run(tmp_path)
    (region,) = result.regions
    assert (result.outcome, region.engine, region.tried) == ("done", "membrane", ("toy-red",))
    assert region.passed
    assert region.fallback_from is None
    assert [s.engine for s in result.stages if s.stage == "generation"] == ["toy-red", "membrane"]
    assert reddest(load(result.output)) < 0


def test_it_tries_no_more_rungs_than_the_plan_allows(tmp_path: Path, cards: Path, lettered: Path) -> None:
    drop_card(cards, "toy-red", "fill", "RedFill", automatic=True)
    result = run(tmp_path, generation={"attempts": 1})
    assert result.outcome == "needs-review"
    assert [s.engine for s in result.stages if s.stage == "generation"] == ["toy-red"]


def test_at_the_top_of_the_ladder_text_left_behind_needs_review(
    tmp_path: Path, cards: Path, lettered: Path
) -> None:
    drop_card(cards, "toy-red", "fill", "RedFill")
    result = run(tmp_path, engines={"generation": "toy-red"})
    assert result.outcome == "needs-review"
    assert "residual_text" in result.regions[0].failed
    assert "region 1: " in result.reason
    assert "text still read" in result.reason
    assert "review sheet" in result.cure
    assert Path(result.output) == tmp_path / "out" / "needs-review" / "word.png"
    assert not (tmp_path / "out" / "word.png").exists()


def test_the_better_of_two_failures_is_kept(tmp_path: Path, cards: Path, lettered: Path) -> None:
    drop_card(cards, "toy-light", "fill", "LightFill", automatic=True)
    drop_card(cards, "toy-red", "fill", "RedFill", automatic=True)
    result = run(tmp_path)
    (region,) = result.regions
    assert [s.engine for s in result.stages if s.stage == "generation"] == ["toy-light", "toy-red"]
    assert (region.engine, region.tried) == ("toy-light", ("toy-red",))
    assert result.outcome == "degraded"
    assert "residual_text" not in region.failed
    assert set(region.failed) <= {"seam_step", "low_frequency_delta_e"}


def test_each_region_climbs_alone(tmp_path: Path, cards: Path, pictures: Path) -> None:
    """On even ground what is drawn is continued; on rough ground the climb begins higher."""
    picture = ground(100, 200, grain=0)
    rough = ground(100, 100, grain=30.0)
    picture[:, 100:] = rough
    save(pictures / "word.png", picture)
    boxes = MaskBoxes(boxes=((30, 40, 40, 50), (150, 40, 170, 60)))
    result = run(tmp_path, RemoveObject(mask=boxes))
    assert [r.engine for r in result.regions] == ["synthetic", "anchored"]


def region(n: int, failed: tuple[str, ...] = (), fallback_from: str | None = None) -> RegionResult:
    reasons = tuple(f"{name} too high" for name in failed)
    return RegionResult(
        n=n, kind="text", box=(0, 0, 1, 1), engine="telea", fallback_from=fallback_from, passed=not failed,
        failed=failed, reasons=reasons,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("regions", "outcome"),
    [
        ((), "done"),
        ((region(1), region(2)), "done"),
        ((region(1), region(2, ("seam_step",))), "degraded"),
        ((region(1, ("low_frequency_delta_e",)),), "degraded"),
        ((region(1, fallback_from="lama"),), "degraded"),
        ((region(1, ("residual_text",)), region(2)), "needs-review"),
        ((region(1, ("seam_step",)), region(2, ("leak",))), "needs-review"),
        ((region(1, ("outside_changed",), "lama"),), "needs-review"),
    ],
)
def test_the_worst_region_decides(regions: tuple[RegionResult, ...], outcome: Outcome) -> None:
    ending = judge(regions)
    found, reason = ending.outcome, ending.reason
    assert found == outcome
    assert bool(reason) == (outcome != "done")
    for one in regions:
        for text in one.reasons:
            assert f"region {one.n}: {text}" in reason


def test_degraded_says_which_engine_stood_in_for_which() -> None:
    ending = judge([region(3, fallback_from="lama")])
    assert (ending.outcome, ending.reason) == ("degraded", "region 3: telea stood in for lama")
