"""Pictures and surfaces from words, by the embedded generator or one of its layout: chosen unasked, and honest about words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model_registry.registry import PACKAGED, Registry
from tasks.errors import BadRequest
from tasks.intents import Generate, Intent, MaskBoxes, RemoveObject, RemoveText, Replace
from tasks.job import JobSpec
from tasks.plan import Tier
from tasks.planner import Request, plan
from tasks.planner_replace import CONTINUES
from tasks.results import ItemResult
from tasks.steps.item import finish
from tasks.workshop import Workshop, WorkshopSpec
from tests.model_registry.diffusion import worded_pipeline
from tests.tasks.steps.conftest import ground, load, save

TRAINED = (PACKAGED / "backdrop" / "model_index.json").is_file()
BOX = MaskBoxes(boxes=((30, 20, 90, 60),))


@pytest.fixture(scope="module", params=["tiny-drop", *(["backdrop"] if TRAINED else [])])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Id of the generator that stands first, and the folder of further cards."""
    folder = tmp_path_factory.mktemp("cards")
    if request.param == "tiny-drop":
        worded_pipeline.build(folder)
    return request.param, folder


def done(
    tmp_path: Path, engine: tuple[str, Path], intent: Intent, tier: Tier = "final", turn: str = "1", **asked: Any
) -> ItemResult:  # fmt: skip
    spec = WorkshopSpec(store=str(tmp_path / "store"), cards=str(engine[1]), run=turn, fresh=True)
    given = {"generation": {"steps": 2} | asked.pop("params", {})}
    job = JobSpec.model_validate({
        "id": "a", "root": str(tmp_path), "image": "" if isinstance(intent, Generate) else "a.png", "tier": tier,
        "out": str(tmp_path / f"out-{turn}"), "intent": intent, "params": given, **asked,
    })  # fmt: skip
    return finish(Workshop(spec), job)


def made(text: str, width: int = 96, height: int = 64) -> Generate:
    return Generate(prompt=text, width=width, height=height)


@pytest.mark.parametrize("tier", ["preview", "final"])
def test_a_picture_is_made_unasked_offline_in_both_tiers(
    tmp_path: Path, engine: tuple[str, Path], tier: Tier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("the network was asked"))
    item = done(tmp_path, engine, made("warm oak table top, soft light from the left"), tier)
    assert (item.outcome, item.reason) == ("done", "")
    assert [s.engine for s in item.stages if s.stage == "generation"] == [engine[0]]
    assert load(item.output).shape == (64, 96, 3)


def test_same_seed_same_bytes_another_seed_or_prompt_another_picture(
    tmp_path: Path, engine: tuple[str, Path]
) -> None:
    def bytes_of(text: str, seed: int, turn: str) -> bytes:
        return Path(done(tmp_path, engine, made(text), seed=seed, turn=turn).output).read_bytes()

    first = bytes_of("grey marble", 1, "1")
    assert bytes_of("grey marble", 1, "2") == first
    assert bytes_of("grey marble", 2, "3") != first
    assert bytes_of("red paper", 1, "4") != first


def test_words_that_it_does_not_know_are_named_with_the_cure(
    tmp_path: Path, engine: tuple[str, Path]
) -> None:
    item = done(tmp_path, engine, made("a ceramic vase on walnut, soft light from above"))
    assert item.outcome == "degraded"
    assert item.stage == "generation"
    assert f"{engine[0]} does not know the words ceramic, vase" in item.reason
    assert "--engine" in item.cure
    again = done(tmp_path, engine, made("a ceramic vase on walnut, soft light from above"), turn="1")
    assert (again.outcome, again.reason) == (item.outcome, item.reason)


def test_a_scheduler_for_distilled_models_is_said_to_be_wrong(
    tmp_path: Path, engine: tuple[str, Path]
) -> None:
    item = done(tmp_path, engine, made("oak"), params={"scheduler": "lcm"})
    assert item.outcome == "degraded"
    assert "lcm is for models distilled for it" in item.reason


def test_what_is_over_the_windows_limit_is_noted(tmp_path: Path, engine: tuple[str, Path]) -> None:
    item = done(tmp_path, engine, made("oak", 96, 64), params={"windowed_side": 0, "max_side": 64})
    assert item.outcome == "done"
    assert item.notes == ("made at 64×43 pixels and scaled up to 96×64",)


def test_a_masked_area_is_replaced_unasked_and_nothing_else_changes(
    tmp_path: Path, engine: tuple[str, Path]
) -> None:
    levels = ground(80, 120)
    save(tmp_path / "a.png", levels)
    item = done(tmp_path, engine, Replace(mask=BOX, prompt="walnut planks"))
    assert item.outcome in ("done", "degraded"), item.reason
    assert "does not know" not in item.reason
    assert [region.engine for region in item.regions] == [f"{engine[0]}-fill"]
    after = load(item.output)
    (region,) = item.regions
    x0, y0, x1, y1 = region.box
    outside = np.ones(levels.shape[:2], bool)
    outside[y0:y1, x0:x1] = False
    assert np.array_equal(after[outside], levels[outside])
    assert not np.array_equal(after[30:50, 40:80], levels[30:50, 40:80])
    unknown = done(tmp_path, engine, Replace(mask=BOX, prompt="a vase"), turn="2")
    assert unknown.outcome in ("degraded", "needs-review")
    assert f"region 1: {engine[0]}-fill does not know the word vase" in unknown.reason


def test_what_replaces_is_joined_without_being_drawn_to_what_was_there(
    tmp_path: Path, engine: tuple[str, Path]
) -> None:
    """And it is not held against its surroundings, which it was asked not to look like."""
    made = plan(Replace(mask=BOX, prompt="oak"), None, Registry.load(engine[1]))
    blending, verification = made.stage("blending"), made.stage("verification")
    assert blending is not None
    assert verification is not None
    assert [choice.id for choice in blending.engines] == ["soft-blend"]
    assert {name for name, _ in verification.params} >= {"leak_max", "outside_changed_max"}
    assert not {name for name, _ in verification.params} & set(CONTINUES)
    asked = Request(params={"verification": {"seam_step_max": 3.0}})
    held = plan(Replace(mask=BOX, prompt="oak"), None, Registry.load(engine[1]), asked).stage("verification")
    assert held is not None
    assert held.number("seam_step_max") == 3.0
    removal = plan(RemoveObject(mask=BOX), None, Registry.load(engine[1])).stage("verification")
    assert removal is not None
    assert {name for name, _ in removal.params} >= set(CONTINUES)


def test_it_never_stands_in_a_ladder_that_has_no_prompt(engine: tuple[str, Path]) -> None:
    registry = Registry.load(engine[1])
    for intent in (RemoveObject(mask=BOX), RemoveText()):
        stage = plan(intent, None, registry).stage("generation")
        assert stage is not None
        assert f"{engine[0]}-fill" not in [choice.id for choice in (*stage.engines, *stage.standins)]
        with pytest.raises(BadRequest, match="needs a prompt"):
            plan(intent, None, registry, Request(engines={"generation": f"{engine[0]}-fill"}))


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"scheduler": "dpm+"}, "`dpm\\+` is unknown; nearest: dpm\\+\\+"),
        ({"scheduler": "eular"}, "nearest: euler"),
        ({"scheduler": "euler", "eta": 0.5}, "`euler` takes no eta.*ddim do take it"),
        ({"scheduler": "ddim", "karras": True}, "`ddim` takes no karras"),
        ({"steps": 0}, "`steps` is out of range"),
        ({"spacing": "even"}, "`spacing` is out of range"),
        ({"stepz": 4}, "no parameter 'stepz' in stage generation; nearest: steps"),
    ],
    ids=str,
)
def test_sampling_that_cannot_be_is_refused_before_anything_is_loaded(
    engine: tuple[str, Path], params: Any, words: str
) -> None:
    with pytest.raises(BadRequest, match=words):
        plan(made("oak"), None, Registry.load(engine[1]), Request(params={"generation": params}))


@pytest.mark.parametrize(
    "params",
    [
        {"scheduler": "ddim", "eta": 1.0}, {"scheduler": "dpm++", "karras": True}, {"scheduler": "dpm++", "order": 1},
        {"scheduler": "unipc", "order": 1}, {"scheduler": "euler", "karras": True},
        {"scheduler": "euler", "spacing": "linspace"}, {"scheduler": "dpm++-sde", "order": 1},
    ],
    ids=str,
)  # fmt: skip
def test_a_schedulers_parameters_change_the_picture(
    tmp_path: Path, engine: tuple[str, Path], params: dict[str, Any]
) -> None:
    steps = {"steps": 4}
    plain = done(tmp_path, engine, made("oak"), params=steps | {"scheduler": params["scheduler"]})
    set_ = done(tmp_path, engine, made("oak"), params=steps | params, turn="2")
    assert plain.outcome == set_.outcome == "done"
    assert plain.output_sha256 != set_.output_sha256
