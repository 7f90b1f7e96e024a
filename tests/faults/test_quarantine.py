"""A picture that kills its worker ends as failed after so many tries, and its neighbours are finished."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.bench.faults.toys import write_cards, write_picture
from infra.store.at_work import FOLDER, mark_of
from infra.store.store import open_store
from tasks.intents import MaskBoxes, RemoveObject
from tasks.job import JobSpec
from tasks.results import ItemResult
from tasks.run_files import read_results, write_jobs
from tasks.workshop import Workshop, WorkshopSpec
from tests.faults import shard_process

Ended = Callable[..., int]
BOXES = MaskBoxes(boxes=((12, 14, 30, 24),))
MADE = ("done", "degraded")
IDS = ("before", "poison", "after")


def job(folder: Path, id_: str, engine: str = "toy-deadly") -> JobSpec:
    return JobSpec(
        id=id_, root=str(folder / "in"), image=f"{id_}.png", intent=RemoveObject(mask=BOXES, rights="own"),
        out=str(folder / "out"), engines={"generation": engine}, params={"generation": {"attempts": 1}},
    )  # fmt: skip


def fill(folder: Path) -> None:
    for seed, name in enumerate(IDS):
        write_picture(folder / "in" / f"{name}.png", seed, deadly=name == "poison")
    write_cards(folder / "cards")


def spec_of(folder: Path, run: str = "catalog-0-0", **more: object) -> WorkshopSpec:
    return WorkshopSpec(store=str(folder / "store"), cards=str(folder / "cards"), run=run, **more)


def begun(spec: WorkshopSpec, *jobs: JobSpec) -> WorkshopSpec:
    write_jobs(Workshop(spec), spec.run, 0, jobs)
    return spec


def results(spec: WorkshopSpec) -> dict[str, ItemResult]:
    return {one.id: one for one in read_results(Workshop(spec), spec.run, 0)}


@pytest.fixture
def poisoned(tmp_path: Path) -> WorkshopSpec:
    fill(tmp_path)
    return begun(spec_of(tmp_path), *(job(tmp_path, name) for name in IDS))


def test_after_three_deaths_the_picture_has_failed_and_its_neighbours_are_done(
    tmp_path: Path, poisoned: WorkshopSpec, ended: Ended
) -> None:
    # The third try is made alone, and the run outlives it.
    deaths = [ended(shard_process.through, poisoned, 0) for _ in range(3)]
    assert deaths == [-signal.SIGKILL, -signal.SIGKILL, 0]
    found = results(poisoned)
    assert [found[name].outcome for name in IDS] == ["done", "failed", "done"]
    assert found["poison"].reason == "killed its worker 3 times"
    assert found["poison"].stage == "restoration"
    assert "--fresh" in found["poison"].cure
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["after.png", "before.png"]
    assert not any(FOLDER in name for name in open_store(poisoned.store).run_names(poisoned.run))

    again = begun(spec_of(tmp_path, "catalog-0-1"), *(job(tmp_path, name) for name in IDS))
    assert ended(shard_process.through, again, 0) == 0, "a later run does not try it"
    assert results(again)["poison"].reason == "killed its worker 3 times"


def test_it_is_tried_again_when_asked_or_when_it_is_another_picture(
    tmp_path: Path, poisoned: WorkshopSpec, ended: Ended
) -> None:
    for _ in range(3):
        ended(shard_process.through, poisoned, 0)
    fresh = begun(spec_of(tmp_path, "catalog-1-0", fresh=True), job(tmp_path, "poison"))
    assert ended(shard_process.through, fresh, 0) == -signal.SIGKILL, "--fresh tries it as it is"

    engine = begun(spec_of(tmp_path, "catalog-2-0"), job(tmp_path, "poison", "toy-fill"))
    assert ended(shard_process.through, engine, 0) == 0
    assert results(engine)["poison"].outcome in MADE, "another engine"

    write_picture(tmp_path / "in" / "poison.png", 9)
    mended = begun(spec_of(tmp_path, "catalog-3-0"), job(tmp_path, "poison"))
    assert ended(shard_process.through, mended, 0) == 0
    assert results(mended)["poison"].outcome in MADE, "another file of the same name"


@pytest.mark.parametrize("tries", [1, 2])
def test_so_many_times_as_the_setting_says(
    tmp_path: Path, poisoned: WorkshopSpec, ended: Ended, tries: int
) -> None:
    spec = poisoned.model_copy(update={"tries": tries})
    assert ended(shard_process.through, spec, 0) == -signal.SIGKILL
    assert ended(shard_process.through, spec, 0) == 0
    assert results(spec)["poison"].reason == f"killed its worker {tries} time{'s' * (tries > 1)}"


def test_kills_of_an_innocent_picture_count_once_each_and_success_forgets_them(
    tmp_path: Path, ended: Ended
) -> None:
    fill(tmp_path)
    jobs = [job(tmp_path, name, "toy-fill") for name in ("before", "after")]
    spec = begun(spec_of(tmp_path), *jobs)
    for n in (1, 2):
        assert ended(shard_process.killed_at, spec, 0, "after") == -signal.SIGKILL
        assert ended(shard_process.killed_between, spec, 0) == -signal.SIGKILL, (
            "nothing is at work: nobody's fault"
        )
        ledger = Workshop(spec).ledger
        assert len(ledger.of(jobs[1]).tokens) == n
        assert not ledger.of(jobs[0]).tokens
    assert ended(shard_process.through, spec, 0) == 0
    assert [one.outcome for one in results(spec).values()] == ["done", "done"]
    assert not Workshop(spec).ledger.of(jobs[1]).tokens
    assert not list(open_store(spec.store).backend.keys("stages/tries/"))


def test_who_is_asked_to_end_kills_nobody(tmp_path: Path, ended: Ended) -> None:
    fill(tmp_path)
    jobs = [job(tmp_path, "before", "toy-fill")]
    spec = begun(spec_of(tmp_path), *jobs)
    assert ended(shard_process.killed_at, spec, 0, "before", signal.SIGINT) == 1, "KeyboardInterrupt"
    with mark_of(open_store(spec.store), spec.run, "00000", "triage") as mark:
        assert mark.left is None


def test_a_living_owner_is_not_taken_for_dead(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    with mark_of(store, "run", "00000", "triage") as mine:
        mine.at("picture")
        with mark_of(store, "run", "00000", "triage") as other:
            assert other.left is None
            other.at("another")
        assert (tmp_path / "runs" / "run" / FOLDER / "00000").is_file(), "still the first one's"
    assert not list((tmp_path / "runs" / "run" / FOLDER).iterdir())
