"""A planted fault that only one score sees makes its region climb, and no other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tasks.intents import MaskBoxes, RemoveObject
from tasks.job import JobSpec
from tasks.plan import Value
from tasks.results import ItemResult
from tasks.steps.item import finish
from tests.tasks.steps.conftest import drop_card, save, shop_of

CHANCE: dict[str, Value] = {"leak_max": 1.0, "seam_step_max": 255.0, "low_frequency_delta_e_max": 255.0}
"""What a copy of other ground may miss by chance."""
OFF: dict[str, Value] = CHANCE | {"repetition_max": 1.0}


@pytest.fixture
def gravelled(pictures: Path) -> Path:
    from skimage import data

    grey = data.gravel()[60:260, 40:300]
    return save(pictures / "gravel.png", np.repeat(grey[..., None], 3, axis=2))


def run(tmp_path: Path, boxes: tuple[tuple[int, int, int, int], ...], **thresholds: Value) -> ItemResult:
    # No grain is added: it would cover the blur.
    job = JobSpec(
        id="gravel", root=str(tmp_path / "pictures"), image="gravel.png", out=str(tmp_path / "out"),
        intent=RemoveObject(mask=MaskBoxes(boxes=boxes)), params={"verification": thresholds, "enhancement": {"strength": 0.0}},
    )  # fmt: skip
    return finish(shop_of(tmp_path), job)


MIDDLE = ((110, 80, 150, 120),)


@pytest.mark.parametrize(
    ("fault", "score", "thresholds"),
    [
        ("CloneFill", "repetition", CHANCE),
        ("BlurFill", "sharpness_ratio", OFF | {"sharpness_ratio_min": 0.6}),
        ("BlurFill", "grain_ratio", OFF | {"object.grain_ratio_min": 0.6}),
    ],
)
def test_a_planted_fault_climbs_and_the_next_engine_passes(
    tmp_path: Path, cards: Path, gravelled: Path, fault: str, score: str, thresholds: dict[str, Value]
) -> None:
    drop_card(cards, "toy-fault", "fill", fault, automatic=True)
    if "grain" in score:
        thresholds = thresholds | {
            "text.sharpness_ratio_min": 9.0
        }  # not of this kind of region: it fails nothing
    result = run(tmp_path, MIDDLE, **thresholds)
    (region,) = result.regions
    assert region.tried[0] == "toy-fault"
    assert region.engine != "toy-fault"
    assert region.passed, region.reasons


@pytest.mark.parametrize("fault", ["CloneFill", "BlurFill"])
def test_without_the_threshold_the_fault_is_kept(
    tmp_path: Path, cards: Path, gravelled: Path, fault: str
) -> None:
    drop_card(cards, "toy-fault", "fill", fault, automatic=True)
    (region,) = run(tmp_path, MIDDLE, **OFF).regions
    assert (region.engine, region.tried) == ("toy-fault", ())


def test_the_reason_says_what_is_there_twice(tmp_path: Path, cards: Path, gravelled: Path) -> None:
    drop_card(cards, "toy-fault", "fill", "CloneFill", automatic=True)
    result = run(tmp_path, MIDDLE, **CHANCE | {"repetition_max": -1.0})
    (region,) = result.regions
    assert region.failed == ("repetition",)
    assert "of the fill's detail stands there twice" in region.reasons[0]
    assert result.outcome == "degraded"
