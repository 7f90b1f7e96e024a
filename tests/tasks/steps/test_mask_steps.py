"""Masks through the whole pipeline: pointed at, put right, grown; and hole, write zone and context as three radii."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tasks.contracts import Region
from tasks.intents import MaskClick, MaskFile, MaskObjectBox, MaskSpec, MaskWords, RemoveObject
from tasks.job import JobSpec
from tasks.results import ItemResult
from tasks.steps import restore
from tasks.steps.detect import detect
from tasks.steps.item import finish
from tasks.steps.source import raster_of, read_source
from tests.model_registry.objects import tiny_models
from tests.tasks.detection.test_mask_rim import disc, ground, missed, with_object
from tests.tasks.detection.test_pointed_masks import scene
from tests.tasks.steps.conftest import load, save, shop_of

pytestmark = pytest.mark.filterwarnings("ignore")
Params = dict[str, dict[str, int | bool]]


def job(pictures: Path, mask: MaskSpec, engine: str = "", params: Params | None = None) -> JobSpec:
    return JobSpec.model_validate({
        "id": "one", "root": str(pictures), "image": "one.png", "intent": RemoveObject(mask=mask), "out": str(pictures.parent / "out"),
        "engines": {"generation": "telea", **({"detection": engine} if engine else {})}, "params": params or {},
    })  # fmt: skip


def jug(tmp_path: Path, pictures: Path, mask: MaskSpec, engine: str = "") -> ItemResult:
    save(pictures / "one.png", scene()[0])
    return finish(shop_of(tmp_path), job(pictures, mask, engine))


@pytest.mark.parametrize("mask", [MaskClick(on=((150, 120),)), MaskObjectBox(boxes=((98, 50, 240, 192),))])
def test_an_object_pointed_at_is_gone_and_nothing_else_is_touched(
    tmp_path: Path, cards: Path, pictures: Path, mask: MaskSpec
) -> None:
    result = jug(tmp_path, pictures, mask)
    assert result.outcome in ("done", "degraded"), result.reason
    image, zone = scene()
    after = load(result.output)
    blue = after[..., 2].astype(int) - after[..., 0]
    assert blue[zone].max() < 10, "some blue of the jug is left"
    changed = (after != image).any(axis=2)
    assert not changed[:, :90].any()
    assert not changed[:, 245:].any()
    assert [s.engine for s in result.stages if s.stage == "detection"] == ["grabcut"]


def test_what_cannot_be_told_is_a_rejected_row_with_a_cure(
    tmp_path: Path, cards: Path, pictures: Path
) -> None:
    result = jug(tmp_path, pictures, MaskObjectBox(boxes=((0, 0, 320, 240),)))
    assert (result.outcome, result.stage) == ("rejected", "detection")
    assert "leaves nothing of its surroundings" in result.reason
    assert "--mask box" in result.cure


def test_words_without_weights_fail_with_the_command_that_fetches_them(
    tmp_path: Path, cards: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    result = jug(tmp_path, pictures, MaskWords(words="the blue jug"))
    assert (result.outcome, result.stage) == ("failed", "detection")
    assert result.cure == "pentimento models pull owlv2"


def test_words_with_weights_become_regions_or_leave_the_picture_alone(
    tmp_path: Path, cards: Path, pictures: Path
) -> None:
    weights = tiny_models.save_owlvit(tmp_path / "owl")
    tiny_models.write_card(cards, "tiny-owl", "locate", weights, "least_score = 0.4\noverlap = 0.5\nmost = 1")
    found = jug(tmp_path, pictures, MaskWords(words="the blue jug"), "tiny-owl")
    assert found.outcome not in ("failed", "rejected", "unchanged"), found.reason
    assert found.stages[0].engine == "tiny-owl+grabcut"
    blind = job(pictures, MaskWords(words="the blue jug"), "tiny-owl", {"detection": {"least_score": 1}})
    none = finish(shop_of(tmp_path), blind)
    assert none.outcome == "unchanged"
    assert none.reason == "nothing was seen that looks like “the blue jug”"


def regions(tmp_path: Path, pictures: Path, params: Params) -> tuple[Region, ...]:
    zone = disc()
    save(pictures / "one.png", with_object(ground(), zone))
    save(pictures / "mask.png", (missed(zone, "small", 4) * 255).astype(np.uint8))
    shop = shop_of(tmp_path)
    found = detect(shop, read_source(shop, job(pictures, MaskFile(path="mask.png"), "", params)))
    assert len(found.done.facts["rims"]) == len(found.full) or not params.get("detection", {}).get(
        "refine", True
    )
    return found.full


def test_a_mask_that_is_off_is_put_right_and_the_region_says_so(
    tmp_path: Path, cards: Path, pictures: Path
) -> None:
    (region,) = regions(tmp_path, pictures, {})
    assert "too small: put right" in region.note
    assert region.hole.sum() > 0.98 * disc().sum()
    (left,) = regions(tmp_path, pictures, {"detection": {"refine": False}})
    assert left.note == ""
    assert left.hole.sum() == missed(disc(), "small", 4).sum()


def test_the_result_carries_the_note(tmp_path: Path, cards: Path, pictures: Path) -> None:
    regions(tmp_path, pictures, {})
    result = finish(shop_of(tmp_path), job(pictures, MaskFile(path="mask.png")))
    assert "put right" in result.regions[0].note


def radii(tmp_path: Path, pictures: Path, params: Params) -> tuple[int, int, int]:
    """Pixels of the hole, of the write zone, and the side of the context crop, of one removal."""
    zone = disc(20)
    save(pictures / "one.png", ground())
    save(pictures / "mask.png", (zone * 255).astype(np.uint8))
    shop = shop_of(tmp_path)
    source = read_source(shop, job(pictures, MaskFile(path="mask.png"), "", params))
    found = detect(shop, source)
    (made,) = restore.restore(shop, source, found.regions)
    work = restore._cut(raster_of(shop, source), source, found.regions[0], found.regions)
    return int(found.regions[0].hole.sum()), int(made.patch.zone.sum()), work.box[2] - work.box[0]


def test_hole_write_zone_and_context_are_three_radii(tmp_path: Path, cards: Path, pictures: Path) -> None:
    hole, zone, context = radii(tmp_path, pictures, {})
    assert hole < zone < context**2
    grown = radii(tmp_path, pictures, {"detection": {"grow": 5}})
    assert grown[0] > hole
    faded = radii(tmp_path, pictures, {"blending": {"feather": 9}})
    assert (faded[0], faded[1] > zone) == (hole, True)
    narrow = radii(tmp_path, pictures, {"generation": {"context": 8}})
    assert narrow[:2] == (hole, zone)
    assert narrow[2] < context
