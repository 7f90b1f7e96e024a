"""Which pictures of a run are observed: by their ids alone, whatever the order, the shards or the number of workers."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from flows.request import RunRequest
from flows.watched import watched
from infra.settings import Settings
from tasks.intents import Generate, Intent, MaskBoxes, RemoveObject, RemoveText, Replace
from tasks.job import JobSpec

MASK = MaskBoxes(boxes=((0, 0, 4, 4),))


def job(id_: str, intent: Intent | None = None, **engines: str) -> JobSpec:
    return JobSpec(id=id_, root="/", image="", intent=intent or Generate(prompt="oak"), engines=engines)


JOBS = [job(f"p{n:02d}") for n in range(20)]


def test_the_order_of_the_jobs_and_the_shards_change_nothing(tmp_path: Path) -> None:
    shuffled = JOBS.copy()
    random.Random(3).shuffle(shuffled)
    assert watched(shuffled, 5) == watched(JOBS, 5) == ("p00", "p05", "p10", "p14", "p19")
    settings = Settings(home=tmp_path).observing(5)
    specs = {
        RunRequest("edit", tuple(jobs), settings, shard_size=size).spec
        for jobs in (JOBS, shuffled)
        for size in (1, 16)
    }
    assert {spec.observed for spec in specs} == {watched(JOBS, 5)}


@pytest.mark.parametrize("most", range(25))
def test_as_many_as_asked_for_and_no_more(most: int) -> None:
    found = watched(JOBS, most)
    assert len(found) == len(set(found)) == min(most, 20)
    assert list(found) == sorted(found)


def test_what_answers_a_prompt_goes_before_what_an_engine_was_named_for() -> None:
    removed = job("a", RemoveObject(mask=MASK), generation="sd15-inpaint")
    plain = job("b", RemoveText())
    replaced = job("c", Replace(mask=MASK, prompt="oak"))
    assert watched([removed, plain, replaced], 3) == ("c",)
    assert watched([removed, plain], 3) == ("a",)
    assert watched([plain], 3) == ()


def test_nothing_is_observed_unless_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert RunRequest("edit", tuple(JOBS), Settings(home=tmp_path)).spec.observed == ()
    monkeypatch.setenv("PENTIMENTO_OBSERVE", "2")
    assert RunRequest("edit", tuple(JOBS), Settings(home=tmp_path)).spec.observed == ("p00", "p19")
    assert Settings(home=tmp_path).observing(None).observe == 2
    assert Settings(home=tmp_path).observing(0).observe == 0
