"""The commands that only look: readable, or one JSON object on stdout and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.store.store import open_store
from tasks.plan import EditPlan
from tasks.results import ItemResult, RunResult
from tests.flows.cli.conftest import Command, picture

CARD = """\
id = "tiny"
role = "{role}"
runtime = "diffusers"
title = "Not here"
licence = "MIT"
prompt = "required"
defaults = {{ steps = 2, scheduler = "ddim" }}
[weights]
path = "tiny"
"""


def test_a_plan_is_readable(pentimento: Command) -> None:
    said = pentimento("plan", "a.png", "--remove-text", "--seed", "7", "--tier", "preview")
    assert said.code == 0
    assert "a.png" in said.out.splitlines()[0]
    assert "remove_text  tier preview  seed 7" in said.out.splitlines()[1]
    lines = {line.split()[0]: line for line in said.out.splitlines()[2:] if line[2] != " "}
    assert list(lines) == [
        "triage", "detection", "policy", "generation", "blending", "enhancement", "verification", "export"
    ]  # fmt: skip
    assert (
        "synthetic@1 -> plane@1 -> membrane@1 -> fill-small@1 -> telea@1 -> anchored@2 -> exemplar@4"
        in lines["generation"]
    )
    assert "leak_max=0.04" in said.out


def test_a_plan_is_one_object_with_the_choices_in_it(pentimento: Command) -> None:
    said = pentimento(
        "plan", "a.png", "--remove-object", "--mask", "box:1,2,30,20", "--engine", "generation=telea", "--param",
        "generation.radius=5", "--param", "blending.feather=7", "--rights", "own", "--json",
    )  # fmt: skip
    assert (said.code, said.err) == (0, "")
    made = EditPlan.model_validate(said.json)
    generation, blending = made.stage("generation"), made.stage("blending")
    assert generation is not None
    assert blending is not None
    assert [(e.id, dict(e.params)["radius"]) for e in generation.engines] == [("telea", 5.0)]
    assert blending.param("feather") == 7
    assert made.digest[:12] in pentimento(
        "plan", "a.png", "--remove-object", "--mask", "box:1,2,30,20", "--engine", "generation=telea", "--param",
        "generation.radius=5", "--param", "blending.feather=7", "--rights", "own",
    ).out  # fmt: skip


def test_several_plans_are_still_one_object(here: Path, pentimento: Command) -> None:
    picture(here / "b.png")
    said = pentimento("plan", "a.png", "b.png", "--upscale", "3", "--out", "x", "--json")
    assert [EditPlan.model_validate(plan).intent.kind for plan in said.json["plans"]] == [
        "upscale",
        "upscale",
    ]


def test_the_plan_of_an_enlargement_names_ladder_targets_and_what_is_protected(pentimento: Command) -> None:
    said = pentimento(
        "plan", "a.png", "--upscale", "4", "--protect", "1,2,30,20", "--param", "enhancement.budget=0.5"
    )
    assert said.code == 0
    assert "lanczos@" in said.out
    for words in ("protected    1,2,30,20", "budget=0.5", "loss_db=0.02", "consistency_db=45.0", "cell=32"):
        assert words in said.out, words


def test_what_generate_would_do_can_be_planned(
    pentimento: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tiny.toml").write_text(CARD.format(role="generate"), encoding="utf-8")
    monkeypatch.setenv("PENTIMENTO_CARDS", str(tmp_path))
    said = pentimento(
        "plan", "--generate", "a red cup", "--size", "64x48", "--steps", "4", "--scheduler", "euler", "--seed", "3", "--json",
        "--engine", "generation=tiny",
    )  # fmt: skip
    made = EditPlan.model_validate(said.json)
    assert made.intent.model_dump() == {"kind": "generate", "prompt": "a red cup", "width": 64, "height": 48}
    assert [stage.stage for stage in made.stages] == ["generation", "export"]
    (engine,) = made.stages[0].engines
    assert (engine.id, dict(engine.params)) == ("tiny", {"scheduler": "euler", "steps": 4})
    assert "a red cup" in pentimento("plan", "--generate", "a red cup").out.splitlines()[0]


def test_models_are_listed_for_people_and_programs(pentimento: Command) -> None:
    said = pentimento("models", "list", "--json")
    assert (said.code, said.err) == (0, "")
    engines = {engine["id"]: engine for engine in said.json["engines"]}
    assert {"rapidocr", "plane", "telea", "patchmatch", "gradient-blend", "lanczos", "sd15"} <= engines.keys()
    assert engines["telea"]["problems"] == []
    assert "models pull sd15" in engines["sd15"]["problems"][0]
    assert pentimento("models", "--json").json == said.json
    shown = pentimento("models")
    assert shown.out == pentimento("models", "list").out
    for name, card in engines.items():
        assert f"{name}@{card['version']}" in shown.out


def test_one_model_is_shown_with_its_licence_source_and_limits(pentimento: Command) -> None:
    said = pentimento("models", "show", "telea")
    assert said.code == 0
    for word in ("fill", "Apache-2.0", "Telea 2004", "Smears", "radius"):
        assert word in said.out
    assert pentimento("models", "show", "telea", "--json").json["defaults"] == {"radius": 3.0}


def test_verify_ends_with_1_while_weights_are_missing(pentimento: Command) -> None:
    said = pentimento("models", "verify", "--json")
    assert said.code == 1
    assert {"sd15", "sd15-inpaint"} <= said.json.keys()
    plain = pentimento("models", "verify")
    assert plain.code == 1
    assert "sd15: " in plain.out


@pytest.fixture
def store(here: Path, tmp_path: Path) -> None:
    """A finished run, one that was cut off, and one whose result is damaged."""
    runs = open_store(str(tmp_path / "home" / "store"), create=True)
    item = ItemResult(
        id="a", source="a.png", output="/out/[red]a.png", outcome="done", width=3, height=2,
    )  # fmt: skip
    bad = ItemResult(
        id="b", source="b.png", outcome="rejected", reason="empty [/] file", cure="ask again", stage="triage"
    )
    result = RunResult(run_id="edit-1", counts={"done": 1, "rejected": 1}, seconds=1.5, items=(item, bad))
    runs.write_run("edit-1", "result.json", result.model_dump_json().encode(), "application/json")
    runs.write_run("edit-2", "shards/00000.json", b"[]", "application/json")
    runs.write_run("edit-3", "result.json", b'{"run_id":', "application/json")


def test_runs_are_listed_with_their_outcomes(store: None, pentimento: Command) -> None:
    said = pentimento("runs")
    assert said.code == 0
    assert [line.split(maxsplit=1) for line in said.out.splitlines()] == [
        ["edit-1", "1 done, 1 rejected"], ["edit-2", "not finished"], ["edit-3", "not finished"],
    ]  # fmt: skip
    assert pentimento("runs", "--json").json == {
        "edit-1": {"done": 1, "rejected": 1},
        "edit-2": None,
        "edit-3": None,
    }


def test_one_run_is_shown_as_it_ended(store: None, pentimento: Command) -> None:
    said = pentimento("runs", "edit-1")
    assert said.code == 0
    assert "/out/[red]a.png" in said.out
    assert "triage: empty [/] file. ask again" in said.out
    assert "edit-1: 1 done, 1 rejected in 1.5 s" in said.out
    assert RunResult.model_validate(pentimento("runs", "edit-1", "--json").json).run_id == "edit-1"


@pytest.mark.parametrize(("run", "why"), [("edit-2", "no finished run"), ("edit-3", "damaged")])
def test_a_run_without_a_result_says_so(store: None, pentimento: Command, run: str, why: str) -> None:
    said = pentimento("runs", run)
    assert (said.code, said.out) == (2, "")
    assert why in said.err


def test_no_runs_at_all(pentimento: Command) -> None:
    said = pentimento("runs")
    assert (said.code, said.out) == (0, "")
    assert "no runs" in said.err
    assert json.loads(pentimento("runs", "--json").out) == {}
