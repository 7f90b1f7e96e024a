"""A picture enlarged from job to result: who made what is kept and true, and whatever fails is named."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from flows.sheet_stored import stored_levels
from tasks.errors import BadRequest
from tasks.intents import Clean, Intent, Upscale
from tasks.job import JobSpec, RegionChange
from tasks.lossless import decode_raster
from tasks.results import Enlargement, ItemResult
from tasks.steps.item import finish
from tasks.steps.recompose import recompose
from tests.tasks.steps.conftest import load, save, shop_of

CARD = """\
id = "{id}"
role = "{role}"
runtime = "classical"
entry = "tests.tasks.steps.toy_upscalers:{entry}"
title = "For the tests of enlarging"
licence = "MIT"
scales = [{scales}]
reach = 12
automatic = {automatic}
{more}
[cost]
rung = {rung}
seconds_per_megapixel = {rung}.0
"""
RED = (200, 200, 230, 216)


def card(
    folder: Path, id_: str, entry: str, rung: int, *, more: str = "", automatic: bool = False, role: str = "upscale"
) -> None:  # fmt: skip
    scales = "2, 4" if role == "upscale" else "1"
    text = CARD.format(
        id=id_, role=role, entry=entry, rung=rung, more=more, automatic=str(automatic).lower(), scales=scales
    )
    (folder / f"{id_}.toml").write_text(text, encoding="utf-8")


def scene(height: int = 288, width: int = 320) -> NDArray[np.uint8]:
    """Flat paper, and in it discs with sharp edges: what is hard lies where the discs are."""
    picture = np.full((height, width, 3), (150, 160, 140), np.uint8)
    for x, y, radius, colour in (
        (60, 60, 22, (40, 60, 90)),
        (220, 90, 30, (230, 220, 60)),
        (110, 220, 18, (20, 20, 20)),
    ):
        cv2.circle(picture, (x, y), radius, colour, -1, cv2.LINE_AA)
    return picture


@pytest.fixture
def picture(pictures: Path) -> NDArray[np.uint8]:
    made = scene()
    save(pictures / "a.png", made)
    return made


def job(tmp_path: Path, intent: Intent, engine: str = "", **more: object) -> JobSpec:
    engines = {"enhancement": engine} if engine else {}
    out = tmp_path / f"out-{len(list(tmp_path.glob('out-*')))}"
    out.mkdir()
    return JobSpec.model_validate({
        "id": "a", "root": str(tmp_path / "pictures"), "image": "a.png", "intent": intent, "out": str(out),
        "engines": engines, **more,
    })  # fmt: skip


def run(
    tmp_path: Path, intent: Intent, engine: str = "", *, name: str = "run-1", **more: object
) -> ItemResult:
    shop = shop_of(tmp_path, run=name, fresh=True)
    try:
        return finish(shop, job(tmp_path, intent, engine, **more))
    finally:
        shop.pool.clear()


def figures(result: ItemResult) -> Enlargement:
    assert result.enlargement is not None
    return result.enlargement


def cells(result: ItemResult) -> dict[str, int]:
    return {rung.engine: rung.cells for rung in figures(result).rungs}


def test_the_result_says_who_made_what_and_the_store_holds_it_to_be_looked_at(
    tmp_path: Path, cards: Path, picture: NDArray[np.uint8]
) -> None:
    card(cards, "toy-sharp", "Sharp", 99, automatic=True)
    result = run(tmp_path, Upscale(scale=2), params={"enhancement": {"loss_db": 0.0}})
    assert result.outcome in ("done", "degraded")
    assert (result.width, result.height) == (640, 576)
    assert load(result.output).shape == (576, 640, 3)
    made = figures(result)
    assert made.cells == 9 * 10
    assert 0 <= made.saved <= 1
    assert made.consistency_db > 30
    store = shop_of(tmp_path).store
    for name in ("routing", "confidence"):
        assert max(decode_raster(store.get(made.artifacts[name])).pixels.shape) == 640
    assert 1 <= len(result.regions) <= 16
    for region in result.regions:
        x0, y0, x1, y1 = region.box
        assert 0 <= x0 < x1 <= 640
        assert 0 <= y0 < y1 <= 576
        assert set(region.scores) == {"uncertainty", "consistency_db", "hallucination"}
        final, before = (
            stored_levels(shop_of(tmp_path), region.artifacts[name]) for name in ("final", "lanczos")
        )
        assert final is not None
        assert before is not None
        assert final.shape == before.shape == (y1 - y0, x1 - x0, 3)
        assert np.array_equal(final, load(result.output)[y0:y1, x0:x1])
    discs = [(120, 120), (440, 180), (220, 440)]
    hit = [
        any(
            x0 - 60 <= x < x1 + 60 and y0 - 60 <= y < y1 + 60
            for x0, y0, x1, y1 in (r.box for r in result.regions)
        )
        for x, y in discs
    ]
    assert all(hit)


def test_the_same_again_is_the_same_file_and_costs_nothing_when_it_is_there(
    tmp_path: Path, cards: Path, picture: NDArray[np.uint8]
) -> None:
    card(cards, "toy-sharp", "Sharp", 99, automatic=True)
    first, again = (run(tmp_path, Upscale(scale=2), name=name) for name in ("run-1", "run-2"))
    assert first.output_sha256 == again.output_sha256
    assert first.enlargement == again.enlargement
    assert first.regions == again.regions
    found = finish(shop_of(tmp_path, run="run-3"), job(tmp_path, Upscale(scale=2)))
    assert found.output_sha256 == first.output_sha256
    assert found.enlargement == first.enlargement
    assert all(stage.cached and not stage.seconds for stage in found.stages)


def test_a_named_engine_makes_every_cell_but_the_protected_ones(
    tmp_path: Path, cards: Path, picture: NDArray[np.uint8]
) -> None:
    card(cards, "toy-sharp", "Sharp", 99)
    everywhere = run(tmp_path, Upscale(scale=2), "toy-sharp")
    assert cells(everywhere) == {"lanczos": 0, "toy-sharp": 90}
    assert figures(everywhere).saved == pytest.approx(0, abs=0.35)  # what is spent on surroundings may count
    kept = run(tmp_path, Upscale(scale=2, protect=((32, 32, 96, 96),)), "toy-sharp")
    assert cells(kept) == {"lanczos": 16, "toy-sharp": 74}  # and those that would reach over
    assert figures(kept).protected == 16
    plain = load(run(tmp_path, Upscale(scale=2), "lanczos").output).astype(int)
    sharp, mixed = load(everywhere.output).astype(int), load(kept.output).astype(int)
    inner = np.s_[80:176, 80:176]
    assert np.abs(mixed[inner] - plain[inner]).max() <= 1
    assert np.abs(sharp[inner] - plain[inner]).max() > 5
    assert np.abs(mixed[200:] - sharp[200:]).max() <= 1


def test_protected_boxes_are_the_same_places_in_a_preview(
    tmp_path: Path, cards: Path, pictures: Path
) -> None:
    save(pictures / "a.png", scene(900, 1200))
    result = run(tmp_path, Upscale(scale=2, protect=((0, 0, 1200, 450),)), tier="preview")
    assert result.width * result.height <= 250_000
    half = figures(result).protected / figures(result).cells
    assert 0.5 <= half <= 0.65


@pytest.mark.parametrize("entry", ["NeverMade"])
def test_an_engine_that_cannot_be_loaded_falls_to_the_rung_below_and_is_named(
    tmp_path: Path, cards: Path, picture: NDArray[np.uint8], entry: str
) -> None:
    card(cards, "toy-sharp", "Sharp", 98, automatic=True)
    card(cards, "toy-lost", entry, 99)
    result = run(tmp_path, Upscale(scale=2), "toy-lost")
    assert result.outcome == "degraded"
    assert "toy-sharp stood in for toy-lost" in result.reason
    assert "its library is not here" in result.reason
    assert cells(result)["toy-sharp"] == 90


@pytest.mark.parametrize("entry", ["Breaks", "NoMemory"])
def test_cells_that_an_engine_cannot_make_fall_to_the_rung_below_and_are_counted(
    tmp_path: Path, cards: Path, picture: NDArray[np.uint8], entry: str
) -> None:
    card(cards, "toy-broken", entry, 99)
    result = run(tmp_path, Upscale(scale=2), "toy-broken")
    assert result.outcome == "degraded"
    assert "stood in for toy-broken" in result.reason
    assert cells(result)["toy-broken"] == 0
    plain = load(run(tmp_path, Upscale(scale=2), "lanczos").output).astype(int)
    assert np.abs(load(result.output).astype(int) - plain).max() <= 1


def test_depth_and_alpha_are_kept(tmp_path: Path, cards: Path, pictures: Path) -> None:
    card(cards, "toy-sharp", "Sharp", 99, automatic=True)
    rng = np.random.default_rng(0)
    deep = (rng.integers(0, 1 << 16, (70, 90, 4))).astype(np.uint16)
    deep[..., :3] = cv2.GaussianBlur(deep[..., :3], (0, 0), 3)
    assert cv2.imwrite(str(pictures / "a.png"), deep)
    result = run(tmp_path, Upscale(scale=2))
    made = cv2.imread(result.output, cv2.IMREAD_UNCHANGED)
    assert made is not None
    assert made.dtype == np.uint16
    assert made.shape == (140, 180, 4)
    wanted = cv2.resize(deep[..., 3].astype(np.float32), (180, 140), interpolation=cv2.INTER_LANCZOS4)
    assert np.abs(made[..., 3] - np.clip(wanted, 0, 65535)).max() <= 1


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (33, 31), (8, 65)])
def test_any_size(tmp_path: Path, cards: Path, pictures: Path, size: tuple[int, int]) -> None:
    card(cards, "toy-sharp", "Sharp", 99, automatic=True)
    save(pictures / "a.png", scene()[: size[0], : size[1]])
    result = run(tmp_path, Upscale(scale=2))
    assert load(result.output).shape[:2] == (2 * size[0], 2 * size[1])


def change(n: int, engine: str) -> tuple[RegionChange, ...]:
    return (RegionChange(n=n, engines={"enhancement": engine}),)


def test_one_cluster_again_by_another_engine_leaves_every_other_pixel_as_it_was(
    tmp_path: Path, cards: Path, picture: NDArray[np.uint8]
) -> None:
    card(cards, "toy-sharp", "Sharp", 99)
    before = run(tmp_path, Upscale(scale=2))
    assert len(before.regions) > 1
    region = before.regions[0]
    after = run(tmp_path, Upscale(scale=2), changes=change(region.n, "toy-sharp"))
    old, new = load(before.output).astype(int), load(after.output).astype(int)
    x0, y0, x1, y1 = region.box
    changed = np.abs(old - new).max(axis=2)
    assert changed[y0:y1, x0:x1].max() > 3
    changed[y0:y1, x0:x1] = 0
    assert not changed.any()
    assert [r.box for r in after.regions] == [r.box for r in before.regions]
    assert after.regions[0].engine == "toy-sharp"
    assert after.regions[1:] == before.regions[1:]
    assert cells(after)["toy-sharp"] > 0
    sharp = load(run(tmp_path, Upscale(scale=2), "toy-sharp").output).astype(int)
    inner = np.s_[y0 + 24 : y1 - 24, x0 + 24 : x1 - 24]
    assert np.abs(new[inner] - sharp[inner]).max() <= 2
    assert "toy-sharp" in [stage.engine for stage in after.stages if stage.region == region.n]


def test_a_cluster_that_there_is_not_is_refused(
    tmp_path: Path, cards: Path, picture: NDArray[np.uint8]
) -> None:
    result = run(tmp_path, Upscale(scale=2), changes=change(40, "lanczos"))
    assert result.outcome == "rejected"
    assert "no region 40" in result.reason


def test_a_rejected_cluster_is_enlarged_by_the_baseline_and_nothing_else_changes(
    tmp_path: Path, cards: Path, picture: NDArray[np.uint8]
) -> None:
    card(cards, "toy-sharp", "Sharp", 99)
    shop = shop_of(tmp_path)
    given = job(tmp_path, Upscale(scale=2), "toy-sharp")
    result = finish(shop, given)
    region = result.regions[0]
    made = recompose(shop, given, result, frozenset({region.n}))
    path = tmp_path / "again.png"
    path.write_bytes(made.done.load("output"))
    plain = load(run(tmp_path, Upscale(scale=2), "lanczos").output).astype(int)
    old, new = load(result.output).astype(int), load(path).astype(int)
    x0, y0, x1, y1 = region.box
    inner = np.s_[y0 + 16 : y1 - 16, x0 + 16 : x1 - 16]
    assert np.abs(new[inner] - plain[inner]).max() <= 1
    assert np.abs(old[inner] - plain[inner]).max() > 3
    old[y0:y1, x0:x1] = new[y0:y1, x0:x1] = 0
    assert np.array_equal(old, new)
    with pytest.raises(BadRequest, match="otherwise than it was reviewed"):
        recompose(shop, given, result.model_copy(update={"regions": result.regions[1:]}), frozenset())


def test_cleaning_leaves_what_is_protected_bit_for_bit(tmp_path: Path, cards: Path, pictures: Path) -> None:
    rng = np.random.default_rng(2)
    noisy = np.clip(scene() + rng.normal(0, 6, (288, 320, 3)), 0, 255).astype(np.uint8)
    save(pictures / "a.png", noisy)
    result = run(tmp_path, Clean(protect=((64, 64, 128, 160),)))
    assert result.outcome == "done"
    made = load(result.output)
    assert np.array_equal(made[70:154, 70:122], noisy[70:154, 70:122])
    flat = np.s_[240:280, 200:300]
    assert made[flat].std(axis=(0, 1)).mean() < 0.6 * noisy[flat].std(axis=(0, 1)).mean()
    assert result.regions == ()


def test_a_cleaner_that_breaks_is_no_unchanged_picture(
    tmp_path: Path, cards: Path, picture: NDArray[np.uint8]
) -> None:
    card(cards, "toy-broken", "Breaks", 1, role="clean")
    result = run(tmp_path, Clean(), "toy-broken")
    assert result.outcome == "failed"
    assert "division by zero" in result.reason
