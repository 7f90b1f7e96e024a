"""Observed samplings beside their records: the same keys and bytes with and without, found again, sampled again when asked."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from model_registry.engines.observing import Observation, from_npz
from tasks.intents import Generate, MaskBoxes, RemoveObject, Replace
from tasks.job import JobSpec
from tasks.results import ItemResult
from tasks.run_files import read_results, write_jobs
from tasks.shards import export_shard, restore_shard, triage_shard
from tasks.steps import observed
from tasks.steps.item import finish
from tasks.workshop import Workshop, WorkshopSpec
from tests.model_registry.diffusion import tiny_pipeline
from tests.tasks.steps.conftest import ground, save

PROMPT = "warm oak"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cards and weights of a tiny generator and a tiny filler; not to be written to."""
    folder = tmp_path_factory.mktemp("tiny")
    tiny_pipeline.build_text_to_image(folder)
    tiny_pipeline.build_inpaint(folder)
    tiny_pipeline.write_card(folder, "generate")
    tiny_pipeline.write_card(folder, "fill")
    return folder


def shop_of(tmp_path: Path, tiny: Path, run: str, *seen: str) -> Workshop:
    spec = WorkshopSpec(store=str(tmp_path / "store"), cards=str(tiny), run=run, observed=seen)
    return Workshop(spec)


def made(steps: int = 3, out: str = "") -> JobSpec:
    return JobSpec(
        id="oak", root="/", image="", intent=Generate(prompt=PROMPT, width=64, height=64), out=out,
        engines={"generation": "tiny-sd"}, params={"generation": {"steps": steps}},
    )  # fmt: skip


def replaced(pictures: Path) -> JobSpec:
    return JobSpec(
        id="shelf", root=str(pictures), image="shelf.png",
        intent=Replace(mask=MaskBoxes(boxes=((10, 10, 30, 30), (60, 20, 84, 44))), prompt="oak", rights="own"),
        engines={"generation": "tiny-sd-inpaint"}, params={"generation": {"steps": 2, "attempts": 1}},
    )  # fmt: skip


def keys(tmp_path: Path) -> set[str]:
    """Of all records, but of those of observations."""
    folder = tmp_path / "store"
    found = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and "stages" in p.parts}
    assert found
    return {name for name in found if "/observation/" not in name}


def seen_in(shop: Workshop, result: ItemResult, name: str = "picture") -> Observation:
    (one,) = from_npz(shop.store.get(result.observations[name]))
    return one


def test_observing_changes_neither_keys_nor_bytes(tmp_path: Path, tiny: Path) -> None:
    plain = finish(shop_of(tmp_path / "plain", tiny, "r"), made())
    shop = shop_of(tmp_path / "seen", tiny, "r", "oak")
    watched = finish(shop, made())
    assert plain.observations == {}
    assert (plain.output_sha256, plain.plan) == (watched.output_sha256, watched.plan)
    assert keys(tmp_path / "plain") == keys(tmp_path / "seen")
    one = seen_in(shop, watched)
    assert (one.prompt, one.engine, one.steps) == (PROMPT, "tiny-sd@1", 3)
    assert one.attention.size
    assert "".join(one.tokens).count("</w>") >= 2


def test_what_was_made_unseen_is_sampled_again_only_when_asked(
    tmp_path: Path, tiny: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = finish(shop_of(tmp_path, tiny, "r1"), made())
    assert finish(shop_of(tmp_path, tiny, "r2"), made()).observations == {}
    shop = shop_of(tmp_path, tiny, "r3", "oak")
    asked = finish(shop, made())
    assert asked.output_sha256 == first.output_sha256
    assert observed.OTHERWISE not in seen_in(shop, asked).notes
    assert observed.OTHERWISE not in caplog.text
    later = finish(shop_of(tmp_path, tiny, "r4"), made())
    assert later.observations == asked.observations, "a later run takes it over, asked or not"


def test_a_picture_that_comes_out_otherwise_is_a_fault_that_is_told(
    tmp_path: Path, tiny: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = finish(shop_of(tmp_path, tiny, "r1"), made())
    from tasks.steps import whole

    plain = whole.wrap.generate
    monkeypatch.setattr(whole.wrap, "generate", lambda *a, **k: np.clip(plain(*a, **k) + 0.1, 0, 1))
    shop = shop_of(tmp_path, tiny, "r2", "oak")
    with caplog.at_level(logging.ERROR):
        again = finish(shop, made())
    assert again.output_sha256 == first.output_sha256, "the stored picture stays"
    assert observed.OTHERWISE in caplog.text
    assert observed.OTHERWISE in seen_in(shop, again).notes


def test_an_engine_that_breaks_while_observed_again_costs_no_picture(
    tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = finish(shop_of(tmp_path, tiny, "r1"), made())
    from model_registry.errors import EngineFault
    from tasks.steps import whole

    def breaks(*_: object, **__: object) -> None:
        raise EngineFault("no memory left")

    monkeypatch.setattr(whole.wrap, "generate", breaks)
    again = finish(shop_of(tmp_path, tiny, "r2", "oak"), made())
    assert (again.outcome, again.output_sha256, again.observations) == ("done", first.output_sha256, {})


def test_regions_of_a_replacement_are_observed_each(tmp_path: Path, tiny: Path, pictures: Path) -> None:
    save(pictures / "shelf.png", ground(64, 96))
    plain = finish(shop_of(tmp_path / "plain", tiny, "r"), replaced(pictures))
    shop = shop_of(tmp_path / "seen", tiny, "r", "shelf")
    watched = finish(shop, replaced(pictures))
    assert keys(tmp_path / "plain") == keys(tmp_path / "seen")
    assert watched.output_sha256 == plain.output_sha256
    assert set(watched.observations) == {"region-1", "region-2"}
    assert [r.artifacts["observation"] for r in watched.regions] == list(watched.observations.values())
    assert seen_in(shop, watched, "region-1").seed != seen_in(shop, watched, "region-2").seed
    engines = {"generation": "tiny-sd-inpaint", "blending": "multi-band"}
    other = replaced(pictures).model_copy(update={"engines": engines})
    again = finish(shop_of(tmp_path / "seen", tiny, "r2"), other)
    assert again.plan != watched.plan
    assert again.observations == watched.observations, (
        "a rerun that asks nothing of the fill keeps what was seen"
    )


def test_by_shards_it_is_sampled_once(tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    from tasks.steps import whole

    plain = whole.wrap.generate
    monkeypatch.setattr(whole.wrap, "generate", lambda *a, **k: calls.append(1) or plain(*a, **k))
    shop = shop_of(tmp_path, tiny, "r1", "oak")
    write_jobs(shop, "r1", 0, [made()])
    for step in (triage_shard, restore_shard, export_shard):
        step(shop, "r1", 0)
    (item,) = read_results(shop, "r1", 0)
    assert item.observations
    assert len(calls) == 1
    export_shard(shop, "r1", 0)
    assert len(calls) == 1


def test_classical_engines_are_left_alone(tmp_path: Path, tiny: Path, pictures: Path) -> None:
    save(pictures / "shelf.png", ground(64, 96))
    intent = RemoveObject(mask=MaskBoxes(boxes=((10, 10, 30, 30),)))
    job = replaced(pictures).model_copy(
        update={"intent": intent, "engines": {"generation": "telea"}, "params": {}}
    )
    result = finish(shop_of(tmp_path, tiny, "r", "shelf"), job)
    assert result.output_sha256
    assert result.observations == {}
