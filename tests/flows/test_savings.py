"""What the cheap rungs saved: counted from what was done, estimated from the card or the run itself, and compared on a sample."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from flows.report import _savings
from flows.savings import NOT_MEASURED, metrics_of, savings_of, table_of
from flows.savings_sample import sample
from flows.sheet.render import render
from flows.sheet_of_run import sheet_of_run
from model_registry.registry import Registry
from tasks.generation.context import context_box
from tasks.intents import MaskBoxes, RemoveObject
from tasks.job import JobSpec
from tasks.results import ItemResult, RegionResult, RunResult, StageResult, count
from tasks.steps.item import finish
from tasks.workshop import Workshop, WorkshopSpec

BOXES = ((30, 30, 60, 45), (120, 90, 160, 120), (220, 40, 250, 70), (60, 150, 110, 180))


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.load()


def top_of(registry: Registry) -> str:
    return [c.id for c in registry.of_role("fill", "final") if c.prompt != "required"][-1]


def item(*regions: tuple[str, float, bool], side: int = 1000) -> ItemResult:
    """A picture whose regions, each 100 px square amid it, were filled by these engines in so many seconds."""
    made = tuple(
        RegionResult(n=n, kind="object", box=(400, 400, 500, 500), engine=engine, scores={"seam_step": float(n)})
        for n, (engine, _, _) in enumerate(regions, start=1)
    )  # fmt: skip
    stages = tuple(
        StageResult(stage="generation", engine=engine, seconds=seconds, cached=cached, region=n)
        for n, (engine, seconds, cached) in enumerate(regions, start=1)
    )
    return ItemResult(
        id="a", source="a", outcome="done", width=side, height=side, regions=made, stages=stages
    )


def test_the_account_is_by_rung_and_by_the_card_where_the_top_did_too_little(registry: Registry) -> None:
    top = top_of(registry)
    found = savings_of(
        registry, [item(("plane", 0.1, False), ("plane", 0.2, False), (top, 2.0, False))], "final"
    )
    assert found
    x0, y0, x1, y1 = context_box((400, 400, 500, 500), 1000, 1000)
    area = (x1 - x0) * (y1 - y0) / 1e6
    per_megapixel = registry.get(top).cost.seconds_per_megapixel
    plane, highest = found.rungs
    assert (plane.engine, plane.regions, plane.seconds) == ("plane", 2, 0.3)
    assert plane.top_seconds == pytest.approx(2 * area * per_megapixel, abs=1e-4)
    assert plane.scores == {"seam_step": 1.5}
    assert (highest.engine, found.top, found.basis) == (top, top, "by its card")
    assert (found.regions, found.seconds) == (2, 0.3)
    assert found.saved == pytest.approx(plane.top_seconds - 0.3)
    assert found.quality == NOT_MEASURED


def test_the_tops_own_time_in_the_run_counts_more_than_its_card(registry: Registry) -> None:
    top = top_of(registry)
    spent = [(top, 1.0, False), (top, 3.0, False), (top, 2.0, False), ("plane", 0.5, False)]
    found = savings_of(registry, [item(*spent)], "final")
    assert found
    assert found.top_seconds == pytest.approx(2.0, abs=1e-3)
    assert found.basis == "measured on 3 regions of this run"


def test_failed_attempts_below_are_paid_for_and_what_was_found_done_is_not_counted(
    registry: Registry,
) -> None:
    top = top_of(registry)
    climbed = item((top, 2.0, False), ("plane", 0.0, True))
    lower = StageResult(stage="generation", engine="plane", seconds=0.25, region=1)
    found = savings_of(registry, [climbed.model_copy(update={"stages": (lower, *climbed.stages)})], "final")
    assert found
    (highest,) = found.rungs
    assert (highest.engine, highest.seconds, found.reused, found.regions) == (top, 2.25, 1, 0)


def test_without_regions_there_is_no_account(registry: Registry) -> None:
    assert savings_of(registry, [ItemResult(id="a", source="a", outcome="unchanged")], "final") is None
    assert metrics_of(None) == {}


@pytest.fixture
def edited(tmp_path: Path) -> tuple[Workshop, RunResult, JobSpec]:
    """A picture with four holes, of which some lie in flat ground and some in texture."""
    y, x = np.mgrid[:220, :300]
    waves = np.where(x > 150, 45 * np.sin(x / 4) * np.cos(y / 5), 0)
    rng = np.random.default_rng(2)
    levels = np.clip(128 + waves[..., None] + rng.normal(0, 0.8, (220, 300, 3)), 0, 255).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), levels)
    shop = Workshop(WorkshopSpec(store=str(tmp_path / "store"), run="catalog-1"))
    job = JobSpec(
        id="a", root=str(tmp_path), image="a.png", out=str(tmp_path / "out"), intent=RemoveObject(mask=MaskBoxes(boxes=BOXES))
    )  # fmt: skip
    done = finish(shop, job)
    result = RunResult(run_id="catalog-1", counts=count([done]), seconds=1.0, items=(done,))
    return shop, result, job


def test_a_sample_is_filled_again_with_the_top_and_the_run_stays_as_it_was(
    edited: tuple[Workshop, RunResult, JobSpec],
) -> None:
    shop, result, job = edited
    before = Path(result.items[0].output).read_bytes()
    below = [r for r in result.items[0].regions if r.engine != top_of(shop.registry)]
    assert below
    found = sample(shop, result, {"a": job}, 2)
    assert found
    assert found.top == top_of(shop.registry)
    assert len(found.regions) == min(2, len(below))
    for one in found.regions:
        mine = next(r for r in below if r.n == one.region)
        assert one.scores == mine.scores
        assert one.top_scores != mine.scores
        assert one.top_seconds > 0
    assert "seam_step" in found.differences
    assert not found.refused
    assert Path(result.items[0].output).read_bytes() == before


def test_the_sheet_the_report_and_tracking_tell_of_it(edited: tuple[Workshop, RunResult, JobSpec]) -> None:
    shop, result, _ = edited
    savings = savings_of(shop.registry, result.items, "final")
    assert savings
    told = result.model_copy(update={"savings": savings})
    assert RunResult.model_validate_json(told.model_dump_json()) == told
    html = render(sheet_of_run(shop, "run", told))
    assert "What the cheap engines saved" in html
    assert "stayed below" in html
    assert "What the cheap engines saved" not in render(sheet_of_run(shop, "run", result))
    assert f"| {savings.rungs[0].engine} | {savings.rungs[0].regions} |" in _savings(savings)
    assert metrics_of(savings)["savings.regions"] == savings.regions
    assert len(table_of(savings)) == 1 + len(savings.rungs)
