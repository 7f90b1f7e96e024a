"""Generation conditioned on structure: what a fill was held to is in its record and scores, depth networks and fusion by plan."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from model_registry.registry import Registry
from tasks.errors import BadRequest
from tasks.intents import MaskBoxes, RemoveObject
from tasks.job import JobSpec
from tasks.lossless import decode_pixels
from tasks.plan import Value
from tasks.planner import Request, plan
from tasks.results import ItemResult
from tasks.steps.item import finish
from tests.model_registry.depth.tiny_depth import depth_card, save_depth_anything
from tests.tasks.steps.conftest import drop_card, ground, load, save, shop_of

BOX = (60, 40, 100, 80)
INTENT = RemoveObject(mask=MaskBoxes(boxes=(BOX,)))


@pytest.fixture
def striped(cards: Path, pictures: Path) -> Path:
    """Grainy paper with a dark bar right across, under a red box."""
    picture = ground(120, 160, grain=8.0)
    cv2.line(picture, (0, 50), (159, 70), (20, 30, 25), 9, cv2.LINE_AA)
    picture[BOX[1] : BOX[3], BOX[0] : BOX[2]] = (255, 0, 0)
    return save(pictures / "bar.png", picture)


def run(tmp_path: Path, engine: str, run_id: str = "run-1", **generation: Value) -> ItemResult:
    job = JobSpec(
        id="bar", root=str(tmp_path / "pictures"), image="bar.png", out=str(tmp_path / "out" / run_id),
        intent=INTENT, engines={"generation": engine}, params={"generation": {"attempts": 1, **generation}},
    )  # fmt: skip
    return finish(shop_of(tmp_path, run_id), job)


def bar(result: ItemResult) -> float:
    """Mean brightness along the bar's middle inside the box: some 25 where it goes on, over 100 where it does not."""
    picture = load(result.output).astype(float).mean(axis=2)
    return float(np.mean([picture[round(50 + x / 8), x] for x in range(BOX[0] + 6, BOX[2] - 6)]))


def test_lines_are_continued_logged_and_can_be_switched_off(
    tmp_path: Path, cards: Path, striped: Path
) -> None:
    on = run(tmp_path, "anchored", "on")
    off = run(tmp_path, "anchored", "off", lines=False, patches=False)
    (region,), (plain,) = on.regions, off.regions
    assert region.engine == "anchored"
    assert region.scores["anchor_lines"] >= 1
    assert plain.scores["anchor_lines"] == 0
    assert bar(on) < 45 < bar(off)


def test_the_conditions_are_stored_as_a_picture(tmp_path: Path, cards: Path, striped: Path) -> None:
    result = run(tmp_path, "anchored")
    stored = shop_of(tmp_path).store.get(result.regions[0].artifacts["conditions"])
    maps = decode_pixels(stored)
    assert maps.shape[2] == 3
    assert maps[..., 0].max() > 0.9  # a line was drawn
    assert not maps[..., 1].any()  # depth was not asked for


def test_engines_without_anchors_say_nothing_of_them(tmp_path: Path, cards: Path, striped: Path) -> None:
    (region,) = run(tmp_path, "telea").regions
    assert not [name for name in region.scores if name.startswith(("anchor", "fusion"))]
    assert "conditions" not in region.artifacts


def test_fusion_gives_any_engines_fill_the_grain_of_the_ring(
    tmp_path: Path, cards: Path, pictures: Path
) -> None:
    drop_card(cards, "toy-light", "fill", "LightFill")
    save(pictures / "bar.png", ground(120, 160, grain=12.0))
    plain, fused = (run(tmp_path, "toy-light", f"f{sigma}", fusion=sigma) for sigma in (0.0, 1.5))
    assert "fusion_sigma" not in plain.regions[0].scores
    assert fused.regions[0].scores["fusion_sigma"] == 1.5
    assert fused.regions[0].scores["fusion_changed"] > 1
    store = shop_of(tmp_path).store
    spread = [
        decode_pixels(store.get(r.regions[0].artifacts["fill"]))[10:-10, 10:-10].std(axis=(0, 1)).mean()
        for r in (plain, fused)
    ]
    assert spread[1] > 2 * spread[0]


def test_a_depth_network_is_used_where_its_weights_are(tmp_path: Path, cards: Path, striped: Path) -> None:
    depth_card(cards, "tiny-depth", save_depth_anything(tmp_path / "weights"))
    by_network = run(tmp_path, "anchored", "n", depth=True, depth_engine="tiny-depth")
    assert by_network.regions[0].scores["anchor_depth_network"] == 1
    assert by_network.outcome in ("done", "degraded")
    estimate = run(tmp_path, "anchored", "e", depth=True)
    assert "anchor_depth_network" not in estimate.regions[0].scores
    assert "anchor_vanishing" in estimate.regions[0].scores


def test_without_its_weights_depth_is_estimated_and_the_scores_say_so(
    tmp_path: Path, cards: Path, striped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PENTIMENTO_DEPTH", raising=False)
    (region,) = run(tmp_path, "anchored", depth=True, depth_engine="depth-anything").regions
    assert region.engine == "anchored"
    assert region.scores["anchor_depth_network"] == 0
    assert "anchor_vanishing" in region.scores


@pytest.mark.parametrize("engine", ["telea", "no-such-network"])
def test_a_plan_names_no_depth_network_that_is_none(engine: str) -> None:
    request = Request(params={"generation": {"depth_engine": engine}})
    with pytest.raises(BadRequest, match=r"generation\.depth_engine"):
        plan(INTENT, None, Registry.load(), request)


def test_ingredients_belong_to_the_engine_that_has_them() -> None:
    made = plan(
        INTENT, None, Registry.load(),
        Request(engines={"generation": "anchored"}, params={"generation": {"depth": True, "fusion": 1.5}}),
    )  # fmt: skip
    stage = made.stage("generation")
    assert stage is not None
    assert stage.number("fusion") == 1.5
    assert dict(stage.engines[0].params)["depth"] is True
    with pytest.raises(BadRequest, match="out of bounds"):
        plan(INTENT, None, Registry.load(), Request(params={"generation": {"fusion": 99.0}}))
