"""Regions are restored alone: nothing of a neighbour's old content reaches them, and their seeds are their own."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from tasks.contracts import Region
from tasks.intents import MaskBoxes, RemoveObject
from tasks.job import JobSpec
from tasks.steps.detect import detect
from tasks.steps.item import finish
from tasks.steps.restore import Restored, restore
from tasks.steps.source import Source, read_source
from tasks.workshop import Workshop
from tests.tasks.steps.conftest import drop_card, ground, load, save, shop_of

LEFT, RIGHT = (30, 40, 60, 60), (67, 36, 110, 64)
"""Two holes 7 px apart: each lies in the other's context, and their write zones nearly touch."""


def job_of(
    folder: Path, *boxes: tuple[int, int, int, int], engine: str = "", **params: dict[str, int]
) -> JobSpec:
    return JobSpec(
        id="two", root=str(folder), image="two.png", out=str(folder.parent / "out"),
        intent=RemoveObject(mask=MaskBoxes(boxes=boxes)), params={"detection": {"merge_gap": 0}, **params},
        engines={"generation": engine} if engine else {},
    )  # fmt: skip


def two_regions(shop: Workshop, folder: Path, engine: str) -> tuple[Source, tuple[Region, ...]]:
    source = read_source(shop, job_of(folder, LEFT, RIGHT, engine=engine))
    regions = detect(shop, source).regions
    assert len(regions) == 2
    return source, regions


def reddest(pixels: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> float:
    """How far red stands out over green anywhere; the ground has it at about −50."""
    values = pixels.astype(np.float64)
    return float((values[..., 0] - values[..., 1]).max())


@pytest.mark.parametrize("engine", ["plane", "telea", "navier-stokes", "patchmatch"])
@pytest.mark.parametrize("blend", ["gradient-blend", "soft-blend"])
def test_nothing_of_a_neighbours_old_colour_is_sampled(
    tmp_path: Path, cards: Path, pictures: Path, engine: str, blend: str
) -> None:
    picture = ground(100, 140)
    for x0, y0, x1, y1 in (LEFT, RIGHT):
        picture[y0:y1, x0:x1] = (255, 0, 0)
    save(pictures / "two.png", picture)
    shop = shop_of(tmp_path)
    source, regions = two_regions(shop, pictures, engine)
    source = read_source(
        shop, source.job.model_copy(update={"engines": {"generation": engine, "blending": blend}})
    )
    for done in restore(shop, source, regions):
        assert done.result.engine == engine
        written = done.patch.pixels[done.patch.zone] * 255
        assert reddest(written) < -20


def test_the_finished_picture_holds_no_trace_of_either(tmp_path: Path, cards: Path, pictures: Path) -> None:
    picture = ground(100, 140)
    for x0, y0, x1, y1 in (LEFT, RIGHT):
        picture[y0:y1, x0:x1] = (255, 0, 0)
    save(pictures / "two.png", picture)
    result = finish(shop_of(tmp_path), job_of(pictures, LEFT, RIGHT))
    assert result.outcome == "done", result.reason
    assert reddest(load(result.output)) < -20


@pytest.mark.parametrize("stage", ["generation", "blending", "enhancement"])
def test_no_engine_is_shown_a_neighbours_old_content(
    tmp_path: Path, cards: Path, pictures: Path, stage: str
) -> None:
    role = {"generation": "fill", "blending": "blend", "enhancement": "enhance"}[stage]
    drop_card(cards, "toy-seeker", role, "Seeker")
    picture = ground(100, 140)
    x0, y0, x1, y1 = RIGHT
    picture[y0:y1, x0:x1] = (255, 0, 0)
    save(pictures / "two.png", picture)
    shop = shop_of(tmp_path)
    source, regions = two_regions(shop, pictures, "plane")
    engines = {"generation": "plane", stage: "toy-seeker"}
    source = read_source(shop, source.job.model_copy(update={"engines": engines}))
    first = restore(shop, source, regions)[0]
    assert "toy-seeker" in {s.engine for s in first.stages}
    assert reddest(first.patch.pixels * 255) < -20


@pytest.mark.parametrize("engine", ["plane", "telea", "navier-stokes"])
def test_a_neighbours_content_changes_no_byte_of_a_region(
    tmp_path: Path, cards: Path, pictures: Path, engine: str
) -> None:
    """With engines that draw nothing: a seed is the file's own, and so another in another file."""
    made: list[Restored] = []
    for colour in ((255, 0, 0), (0, 0, 255)):
        picture = ground(100, 140, grain=0)
        x0, y0, x1, y1 = RIGHT
        picture[y0:y1, x0:x1] = colour
        save(pictures / "two.png", picture)
        shop = shop_of(tmp_path)
        source, regions = two_regions(shop, pictures, engine)
        assert source.plan.stage("enhancement") is None
        made.append(restore(shop, source, regions)[0])
    assert (made[0].patch.pixels == made[1].patch.pixels)[made[0].patch.zone].all()
    assert made[0].result.scores == made[1].result.scores


def test_regions_are_cut_from_the_picture_as_it_was_in_any_order(
    tmp_path: Path, cards: Path, pictures: Path
) -> None:
    drop_card(cards, "toy-seed", "fill", "SeedFill")
    save(pictures / "two.png", ground(100, 140))
    shop = shop_of(tmp_path)
    source, regions = two_regions(shop, pictures, "toy-seed")
    seen: list[dict[int, bytes]] = []
    for n, order in enumerate(itertools.permutations(regions)):
        done = restore(shop_of(tmp_path, f"run-{n}", fresh=True), source, order)
        seen.append({r.result.n: r.patch.pixels.tobytes() for r in done})
    assert seen[0] == seen[1]


def seeds_of(
    tmp_path: Path, pictures: Path, seed: int, *boxes: tuple[int, int, int, int]
) -> dict[object, int]:
    """Which grey the seed-showing engine gave each region, by box."""
    shop = shop_of(tmp_path)
    job = job_of(pictures, *boxes, engine="toy-seed").model_copy(update={"seed": seed})
    source = read_source(shop, job)
    store = shop.store
    found = {}
    for done in restore(shop, source, detect(shop, source).regions):
        from tasks.lossless import decode_pixels

        fill = decode_pixels(store.get(done.result.artifacts["fill"]))
        middle = fill[fill.shape[0] // 2, fill.shape[1] // 2, 0]
        found[done.result.box] = round(float(middle) * 255)
    return found


def test_a_seed_depends_on_the_region_and_the_plan_and_not_on_its_company(
    tmp_path: Path, cards: Path, pictures: Path
) -> None:
    drop_card(cards, "toy-seed", "fill", "SeedFill")
    save(pictures / "two.png", ground(100, 140))
    both = seeds_of(tmp_path, pictures, 0, LEFT, RIGHT)
    turned = seeds_of(tmp_path, pictures, 0, RIGHT, LEFT)
    alone = seeds_of(tmp_path, pictures, 0, RIGHT)
    other = seeds_of(tmp_path, pictures, 1, LEFT, RIGHT)
    assert both == turned
    assert alone.items() <= both.items()
    assert len(set(both.values())) == 2
    assert all(other[box] != both[box] for box in both)


def test_a_preview_and_its_final_share_one_detection(tmp_path: Path, cards: Path, pictures: Path) -> None:
    save(pictures / "two.png", ground(600, 900))
    boxes = (100, 100, 160, 140), (170, 100, 240, 140)
    found = {}
    for tier in ("preview", "final"):
        shop = shop_of(tmp_path, tier)
        source = read_source(shop, job_of(pictures, *boxes).model_copy(update={"tier": tier}))
        found[tier] = detect(shop, source)
    assert found["final"].done.cached
    assert [r.n for r in found["preview"].regions] == [r.n for r in found["final"].regions] == [1, 2]
    assert [r.box for r in found["final"].regions] == [(97, 97, 163, 143), (167, 97, 243, 143)]
    for small, large in zip(found["preview"].regions, found["final"].regions, strict=True):
        assert np.abs(np.array(small.box) * (900 / 612) - large.box).max() <= 4
