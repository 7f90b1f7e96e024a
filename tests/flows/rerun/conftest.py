"""One run of two pictures with three regions each, really made by the edit flow, with its sheet; copied for every test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from flows.edit import run_edit
from flows.rerun import run_rerun
from flows.rerun_request import rerun_request
from flows.rerun_wish import Wish
from flows.reruns import inherit, link
from flows.run import finish, start
from flows.stored_items import RESULT
from infra.settings import Settings
from infra.store.store import Store, open_store
from tasks.results import ItemResult, RegionResult, RunResult, count
from tasks.run_files import read_results, write_jobs
from tasks.shards import detect_shard, export_shard, restore_shard, triage_shard
from tasks.workshop import workshop
from tests.flows.review.conftest import job, picture


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, prefect_server: None) -> tuple[Path, RunResult]:
    """The folder of everything, and the run: `fine` is done, `waits` waits for review. Never written to but by copies."""
    folder = tmp_path_factory.mktemp("rerun") / "all"
    for seed, name in enumerate(("fine", "waits"), 5):
        picture(folder / "in" / f"{name}.png", seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENTIMENTO_HOME", str(folder / "home"))
        jobs = (
            job(folder / "in", "fine", str(folder / "out")),
            job(folder / "in", "waits", str(folder / "out"), waits=True),
        )
        result = RunResult.model_validate(run_edit(jobs))
    return folder, result


@pytest.fixture
def run(made: tuple[Path, RunResult], monkeypatch: pytest.MonkeyPatch) -> Iterator[RunResult]:
    """The run as it was made, in its own folder; what a test adds is taken away again."""
    folder, result = made
    kept = folder.with_name("kept")
    shutil.copytree(folder, kept)
    monkeypatch.setenv("PENTIMENTO_HOME", str(folder / "home"))
    monkeypatch.chdir(folder)
    yield result
    shutil.rmtree(folder)
    kept.rename(folder)


@pytest.fixture
def folder(made: tuple[Path, RunResult]) -> Path:
    return made[0]


@pytest.fixture
def store(folder: Path) -> Store:
    return open_store(str(folder / "home" / "store"))


def again(run_id: str, picture: str = "fine", region: int = 0, **more: object) -> RunResult:
    """A rerun by the steps of the flow, without Prefect and its sheets."""
    request = rerun_request(Settings(), Wish(run_id, picture, region, **more))  # type: ignore[arg-type]
    spec = start(request)
    shop = workshop(spec)
    assert request.rerun
    inherit(shop.store, request.rerun.parent, spec.run)
    write_jobs(shop, spec.run, 0, request.jobs)
    for step in (triage_shard, detect_shard, restore_shard, export_shard):
        step(shop, spec.run, 0)
    items = read_results(shop, spec.run, 0)
    result = RunResult(
        run_id=spec.run, counts=count(items), seconds=0.1, items=items, tier=request.jobs[0].tier, rerun=request.rerun
    )  # fmt: skip
    shop.store.write_run(spec.run, RESULT, result.model_dump_json().encode(), "application/json")
    finish(request, spec)
    link(shop.store, result)
    return result


def by_flow(run_id: str, picture: str = "fine", region: int = 0, **more: object) -> RunResult:
    """A rerun as it is."""
    return RunResult.model_validate(run_rerun(Wish(run_id, picture, region, **more)))  # type: ignore[arg-type]


def item_of(result: RunResult, picture: str) -> ItemResult:
    return next(item for item in result.items if item.id == picture)


def region_of(item: ItemResult, n: int) -> RegionResult:
    return next(region for region in item.regions if region.n == n)


def computed(result: RunResult) -> Sequence[tuple[str, int]]:
    """Stage and region of all that was not found in the store."""
    return [(s.stage, s.region) for item in result.items for s in item.stages if not s.cached]
