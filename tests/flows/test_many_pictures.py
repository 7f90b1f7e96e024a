"""A run of many pictures: in the manifest's order, under the same key, found again in the store, and not held in memory."""

from __future__ import annotations

import csv
import gc
import hashlib
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from flows import outcomes, sheet_of_run, stored_items
from flows.catalog import refused_rows
from flows.manifest import Defaults, read_manifest
from flows.outcomes import write_outcomes
from flows.request import RunRequest
from flows.run import _run_key, ended
from flows.run_figures import figures_of
from flows.savings import cell_savings_of, savings_of
from flows.stored_items import StoredItems, stored_result, write_result
from flows.track_run import sample_of
from flows.walk import Leg, walk
from infra.settings import Settings
from infra.store.canonical import canonical_json
from tasks import prefect_tasks, spooled
from tasks.results import Enlargement, ItemResult, RungShare, StageResult
from tasks.run_files import read_jobs, write_results
from tasks.spooled import Spooled
from tasks.workshop import WorkshopSpec, workshop

RUNG = RungShare(engine="bicubic", colour="#ff0000", cells=4, seconds=0.5)
MADE = Enlargement(
    scale=2, cell=16, rungs=(RUNG, RUNG), saved=0.5, expected_loss_db=0.1, consistency_db=50.0, worst_cell_db=40.0,
    colour_shift=0.1, hallucination=0.0, corrected=0,
)  # fmt: skip


class Export:
    """Stands in for the Prefect task: writes the results that a shard's jobs would have."""

    def submit(self, spec: WorkshopSpec, shard: int) -> Any:
        shop = workshop(spec)
        jobs = read_jobs(shop, spec.run, shard)
        write_results(shop, spec.run, shard, [item_of(job.id) for job in jobs])
        return type("Future", (), {"result": lambda _: {job.id: "done" for job in jobs}})()


def item_of(name: str) -> ItemResult:
    digest = hashlib.sha256(name.encode()).hexdigest()
    stage = StageResult(stage="enhancement", engine="bicubic", seconds=0.25)
    return ItemResult(
        id=name, source=f"{name}.png", outcome="done", plan=digest, source_sha256=digest, output_sha256=digest,
        stages=(stage,) * 5, enlargement=MADE,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def few_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spooled, "AT_HAND", 20)
    for module, bound in ((outcomes, "GROUP"), (stored_items, "BLOCK"), (sheet_of_run, "ITEMS")):
        monkeypatch.setattr(module, bound, 20)
    monkeypatch.setattr(prefect_tasks, "export", Export())


def leg_of(folder: Path, rows: int, *, bad: int = 0) -> Leg:
    """Every `bad`-th row is no job."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / "manifest.csv"
    with place.open("w", encoding="utf-8", newline="") as file:
        told = csv.writer(file)
        told.writerow(["id", "image", "intent"])
        told.writerows(
            [f"p{n:05d}", f"p{n:05d}.png", "paint" if bad and n % bad == 0 else "upscale"]
            for n in range(rows)
        )
    manifest = read_manifest(str(place), Defaults(str(folder / "out")))
    settings = Settings(home=folder / "home", observe=0)
    request = RunRequest("catalog", manifest.jobs, settings, refused_rows(manifest), shard_size=16)
    return Leg(request, request.spec.model_copy(update={"run": "catalog-0123456789-1"}))


def test_items_come_in_the_manifests_order_with_refused_and_lost_ones_in_their_places(tmp_path: Path) -> None:
    leg = leg_of(tmp_path, 100, bad=7)
    leg.broken[2] = "its worker was lost"
    walk([leg], lambda share: None, window=2)
    result = ended(leg, 1.0)
    assert isinstance(result.items, Spooled)
    assert [item.id for item in result.items] == [f"p{n:05d}" for n in range(100)]
    assert [n for n, item in enumerate(result.items) if item.outcome == "rejected"] == list(range(0, 100, 7))
    assert result.counts == {"done": 85 - 16, "rejected": 15, "failed": 16}


def test_a_long_manifests_key_is_that_of_the_whole_list(tmp_path: Path) -> None:
    request = leg_of(tmp_path, 50, bad=9).request
    shop = workshop(request.spec)
    value = {
        "name": "catalog", "jobs": [job.model_dump(mode="json") for job in request.jobs],
        "refused": sorted(request.refused), "registry": shop.registry.digest, "fresh": False,
    }  # fmt: skip
    assert _run_key(request, shop) == hashlib.sha256(canonical_json(value)).hexdigest()


def test_a_long_result_is_found_again_in_the_store_and_a_short_one_is_one_document(tmp_path: Path) -> None:
    leg = leg_of(tmp_path, 50)
    walk([leg], lambda share: None, window=8)
    result = ended(leg, 1.0)
    store = workshop(leg.spec).store
    write_result(store, result)
    read = stored_result(store, result.run_id)
    assert isinstance(read.items, StoredItems)
    assert tuple(read.items) == tuple(result.items)
    assert list(read.items[17:43]) == list(result.items[17:43])
    assert "".join(read.written()) == result.model_dump_json()
    short = result.model_copy(update={"items": tuple(result.items[:5]), "run_id": "catalog-0123456789-2"})
    write_result(store, short)
    assert json.loads(store.read_run(short.run_id, "result.json")) == short.model_dump(mode="json")
    assert stored_result(store, short.run_id) == short


def peak_of(folder: Path, rows: int) -> int:
    """Bytes that Python holds at most while a run of so many rows is read, walked, gone through and kept."""
    gc.collect()
    tracemalloc.start()
    try:
        leg = leg_of(folder, rows)
        walk([leg], lambda share: None, window=2)
        result = ended(leg, 1.0)
        shop = workshop(leg.spec)
        savings_of(shop.registry, result.items, result.tier)
        cell_savings_of(shop.registry, result.items)
        assert len(sheet_of_run.sheet_of_run(shop, "many", result).items) == 20
        figures_of(result.items).metrics()
        sample_of(result.items, 8)
        write_outcomes(result.items, folder / "outcomes.parquet")
        write_result(shop.store, result)
        assert sum(len(piece) for piece in result.written()) > 1000 * rows
        assert len(result.told()["items"]) == rows
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_what_a_run_holds_does_not_grow_with_its_pictures(tmp_path: Path) -> None:
    peak_of(tmp_path / "warm", 60)  # what is loaded once
    a_picture = (peak_of(tmp_path / "many", 300) - peak_of(tmp_path / "few", 60)) / 240
    assert a_picture < 1000, f"{a_picture:.0f} bytes a picture stay in memory"
