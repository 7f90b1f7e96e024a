"""`pentimento rerun` as a person types it, and what it says to wrong words before anything is started."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from infra.store.store import Store
from tasks.results import RunResult
from tests.flows.cli.conftest import Command
from tests.flows.cli.conftest import pentimento as pentimento
from tests.flows.rerun.conftest import again
from tests.flows.review.conftest import picture


@pytest.fixture
def here(run: RunResult) -> None:
    """The command runs where the run was made."""


def test_it_runs_and_says_what_it_is_of(pentimento: Command, run: RunResult, store: Store) -> None:
    said = pentimento(
        "rerun", run.run_id, "--image", "fine", "--region", "2", "--engine", "generation=telea",
        "--param", "blending.feather=4", "--by", "Ann", "--json",
    )  # fmt: skip
    assert said.code == 0, said.err
    assert said.json["rerun"]["parent"] == run.run_id
    assert said.json["rerun"]["params"] == {"blending": {"feather": 4}}
    assert [r["engine"] for r in said.json["items"][0]["regions"]][1] == "telea"
    shown = pentimento("runs", said.json["run_id"]).out
    assert (
        f"rerun of      {run.run_id}: fine, region 2 with generation=telea, blending.feather=4, asked"
        in shown
    )
    listed = pentimento("review", run.run_id)
    assert f"fine@{said.json['run_id']}: region 2 with generation=telea" in listed.out


def test_review_lists_reruns_and_takes_one(pentimento: Command, run: RunResult) -> None:
    rerun = again(run.run_id, "waits", 2, engines={"generation": "telea"}).run_id
    (one,) = pentimento("review", run.run_id, "--json").json["reruns"]
    assert (one["run_id"], one["picture"], one["in_place"]) == (rerun, "waits", False)
    said = pentimento("review", run.run_id, "--approve", f"waits@{rerun}", "--by", "Ann", "--json")
    assert said.code == 0, said.err
    assert said.json["reruns"][0]["in_place"]
    assert said.json["counts"]["approved"] == 1
    assert "(in its place)" in pentimento("review", run.run_id).out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["{run}7", "fine", "--engine", "generation=telea"], ["did you mean {run}?", "pentimento runs"]),
        (["{run}", "fin", "--engine", "generation=telea"], ["no picture 'fin'", "did you mean fine?", "it has fine, waits"]),
        (["{run}", "--engine", "generation=telea"], ["has 2 pictures", "it has fine, waits"]),
        (["{run}", "fine", "--region", "5", "--engine", "generation=telea"], ["fine: it has no region 5", "mean 3?", "1, 2, 3"]),
        (["{run}", "fine", "--engine", "generation=tela"], ["fine: generation: there is no engine", "telea"]),
        (["{run}", "fine", "--region", "2", "--engine", "generation=tela"], ["fine: generation: there is no engine", "telea"]),
        (["{run}", "fine", "--region", "2", "--engine", "blending=telea"], ["fine: blending:", "engines of role"]),
        (["{run}", "fine", "--region", "2", "--param", "blending.fether=5"], ["'fether' in stage blending", "feather"]),
        (["{run}", "fine", "--region", "2", "--param", "blending.feather=999"], ["out of bounds"]),
        (["{run}", "fine", "--region", "2", "--param", "export.quality=5"], ["fine: export:", "leave out --region"]),
        (["{run}", "fine", "--region", "2", "--tier", "preview"], ["a tier is of the whole picture"]),
        (["{run}", "fine", "--region", "2"], ["nothing was asked for otherwise", "--engine"]),
        (["{run}", "fine"], ["nothing was asked for otherwise"]),
        (["{run}", "fine", "--tier", "final"], ["nothing was asked for otherwise"]),
        (["{run}", "fine", "--tier", "fnal"], ["mean final?"]),
        (["{run}", "fine", "--engine", "detection=rapidocr"], ["detection"]),
        (["{run}", "fine", "--image", "waits", "--engine", "generation=telea"], ["two pictures"]),
        (["{run}", "fine", "--engine", "generation=telea", "--out", "in/fine.png"], ["would write over what is read"]),
        (["{run}", "fine", "--engine", "generation=telea", "--out", "a.bmp"], [".bmp files are not written"]),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else "",
)  # fmt: skip
def test_wrong_words_are_refused_with_a_cure_and_nothing_is_made(
    pentimento: Command, run: RunResult, store: Store, words: list[str], said: list[str]
) -> None:
    heard = pentimento("rerun", *(word.format(run=run.run_id) for word in words))
    assert heard.code == 2, heard.err
    assert heard.out == ""
    assert "Cure:" in heard.err
    for part in said:
        assert part.format(run=run.run_id) in heard.err, heard.err
    assert store.run_ids() == [run.run_id]


def test_another_source_is_refused_and_a_lost_one_too(
    pentimento: Command, run: RunResult, folder: Path
) -> None:
    words = ("rerun", run.run_id, "fine", "--region", "2", "--engine", "generation=telea")
    shutil.move(folder / "in" / "fine.png", folder / "in" / "away.png")
    picture(folder / "in" / "fine.png", seed=99)
    heard = pentimento(*words)
    assert heard.code == 2
    assert "fine: triage: the source is not what it was" in heard.err
