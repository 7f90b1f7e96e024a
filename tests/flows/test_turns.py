"""Several runs walked together take turns, forwards and backwards, and each run's shards stay its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from flows.request import RunRequest
from flows.walk import Leg, collect, walk
from infra.settings import Settings
from tasks import prefect_tasks
from tasks.intents import Intent, MaskBoxes, RemoveObject, Upscale
from tasks.job import JobSpec
from tasks.results import ItemResult
from tasks.run_files import write_results
from tasks.workshop import WorkshopSpec, workshop

BROKEN: set[tuple[str, str, int]] = set()
"""Task, run and shard that give up."""


class Task:
    """Stands in for a Prefect task: notes what was asked, and does it at once."""

    def __init__(self, name: str, asked: list[tuple[str, str, int]]) -> None:
        self.name, self.asked = name, asked

    def submit(self, spec: WorkshopSpec, shard: int) -> Any:
        self.asked.append((self.name, spec.run, shard))
        if self.name == "export":
            jobs = [ItemResult(id=f"{spec.run}-{shard}", source="", outcome="done")]
            write_results(workshop(spec), spec.run, shard, jobs)
        outcome = {f"{shard}": "done"} if self.name == "export" else 1
        fault = RuntimeError("no") if (self.name, spec.run, shard) in BROKEN else None
        return type("Future", (), {"result": lambda _: _raise(fault) if fault else outcome})()


def _raise(fault: Exception) -> None:
    raise fault


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, int]]:
    seen: list[tuple[str, str, int]] = []
    for name in ("triage", "detection", "restoration", "export"):
        monkeypatch.setattr(prefect_tasks, name, Task(name, seen))
    return seen


REGIONS = RemoveObject(mask=MaskBoxes(boxes=((0, 0, 8, 8),)), rights="own")


def legs(folder: Path, shards: int, intent: Intent = REGIONS) -> list[Leg]:
    jobs = tuple(JobSpec(id=f"p{n}", root="r", image=f"{n}.png", intent=intent) for n in range(shards))
    request = RunRequest("variant", jobs, Settings(home=folder), shard_size=1)
    return [Leg(request, request.spec.model_copy(update={"run": name})) for name in ("a", "b")]


def test_runs_take_turns_forwards_and_backwards(asked: list[tuple[str, str, int]], tmp_path: Path) -> None:
    told: list[float] = []
    walk(legs(tmp_path, 6), told.append, window=2)
    turns = [run for task, run, shard in asked if task == "export" and shard % 2 == 0]
    assert turns == ["a", "b", "b", "a", "a", "b"]
    triage = [run for task, run, shard in asked if task == "triage" and shard % 2 == 0]
    assert triage == turns
    assert told[-1] == 1.0
    assert told == sorted(told)


def test_a_shard_that_breaks_down_in_one_run_is_whole_in_the_other(
    asked: list[tuple[str, str, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = legs(tmp_path, 4)
    monkeypatch.setattr(sys.modules[__name__], "BROKEN", {("detection", "b", 2)})
    walk(both, lambda share: None, window=1)
    assert both[1].broken == {2: "no"}
    assert both[0].broken == {}
    assert [item.outcome for item in collect(both[0])] == ["done"] * 4
    assert [item.outcome for item in collect(both[1])] == ["done", "done", "failed", "done"]


def test_a_run_alone_is_walked_in_order(asked: list[tuple[str, str, int]], tmp_path: Path) -> None:
    walk(legs(tmp_path, 5)[:1], lambda share: None, window=4)
    assert [shard for task, _, shard in asked if task == "export"] == [0, 1, 2, 3, 4]
    assert [task for task, _, _ in asked][:5] == ["triage"] * 5


def test_a_shard_of_whole_pictures_goes_through_one_task(
    asked: list[tuple[str, str, int]], tmp_path: Path
) -> None:
    whole = legs(tmp_path, 4, Upscale())[:1]
    walk(whole, lambda share: None, window=2)
    assert asked == [("export", "a", shard) for shard in range(4)]
    assert [item.outcome for item in collect(whole[0])] == ["done"] * 4
