"""What is generated is looked at where the policy demands it, and only there: withheld, reviewed or passed, never waved through."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.intents import Generate, MaskBoxes, RemoveObject, Replace
from tasks.job import JobSpec
from tasks.results import ItemResult
from tasks.steps.item import finish
from tasks.steps.source import read_source
from tasks.workshop import Workshop, WorkshopSpec
from tests.model_registry.vision.tiny_vision import save_classifier, vision_card
from tests.tasks.policy.test_policy_files import TEXT
from tests.tasks.steps.conftest import drop_card, ground, save

TOYS = "tests.tasks.steps.toy_generators"
DEMAND = '[safety]\nengine = "looker"\nblock = { nsfw = 0.8 }\nreview = { nsfw = 0.3 }\n'


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier that takes light pictures for what must not be shown, and grey ones for doubtful."""
    return save_classifier(tmp_path_factory.mktemp("safety") / "looker", gain=2)


@pytest.fixture
def cards(tmp_path: Path, weights: Path) -> Path:
    folder = tmp_path / "cards"
    folder.mkdir()
    drop_card(folder, "light", "generate", f"{TOYS}:PromptPicture")
    drop_card(folder, "put-in", "fill", f"{TOYS}:ShadeFill", 'prompt = "required"')
    vision_card(folder, "looker", "safety", weights)
    return folder


def shop(tmp_path: Path, demand: str = DEMAND, run: str = "run-1") -> Workshop:
    policy = tmp_path / f"policy-{abs(hash(demand))}.toml"
    policy.write_text(f"{demand}\n{TEXT}", encoding="utf-8")
    return Workshop(
        WorkshopSpec(
            store=str(tmp_path / "store"), cards=str(tmp_path / "cards"), policy=str(policy), run=run
        )
    )


def new(tmp_path: Path, shade: str) -> JobSpec:
    """A picture of this grey, 0–255."""
    return JobSpec(
        id="new", root="/", image="", intent=Generate(prompt=shade, width=48, height=32), out=str(tmp_path / "out"),
        engines={"generation": "light"},
    )  # fmt: skip


def edited(tmp_path: Path, shade: str, pictures: Path) -> JobSpec:
    """A dark picture with two squares, into which this grey is put."""
    save(pictures / "a.png", ground(90, 300) // 8)
    mask = MaskBoxes(boxes=((10, 10, 80, 80), (200, 10, 280, 80)))
    return JobSpec(
        id="a", root=str(pictures), image="a.png", intent=Replace(mask=mask, prompt=shade, rights="own"),
        out=str(tmp_path / "out"), engines={"generation": "put-in"}, params={"generation": {"attempts": 1}},
    )  # fmt: skip


def files(tmp_path: Path) -> list[str]:
    out = tmp_path / "out"
    return (
        sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()) if out.exists() else []
    )


def records(tmp_path: Path, stage: str) -> int:
    return sum(1 for p in (tmp_path / "store").rglob("*") if p.is_file() and stage in p.parts)


@pytest.mark.usefixtures("cards")
@pytest.mark.parametrize(
    ("shade", "outcome", "out"),
    [("20", "done", ["new.png"]), ("128", "needs-review", ["needs-review/new.png"]), ("250", "blocked", [])],
)
def test_a_new_picture_passes_waits_or_is_withheld(
    tmp_path: Path, shade: str, outcome: str, out: list[str]
) -> None:
    result = finish(shop(tmp_path), new(tmp_path, shade))
    assert (result.outcome, files(tmp_path)) == (outcome, out)
    if outcome == "done":
        assert any(note.startswith("looked at by looker@1: normal 0.") for note in result.notes)
        return
    assert result.stage == "policy"
    assert result.reason.startswith("looker takes it for nsfw (nsfw ")
    assert result.cure
    if outcome == "blocked":
        assert (result.output, result.output_sha256, result.thumbnails, result.regions) == ("", "", {}, ())
        assert not any(stage.artifact for stage in result.stages)


@pytest.mark.usefixtures("cards")
def test_what_a_prompt_put_in_is_looked_at_where_it_was_put(tmp_path: Path, pictures: Path) -> None:
    strict = DEMAND.replace(
        "block = { nsfw = 0.8 }", "block = { nsfw = 0.33 }"
    )  # dark surroundings are seen along
    passed = finish(shop(tmp_path, strict), edited(tmp_path, "20", pictures))
    assert passed.outcome not in ("blocked", "needs-review")
    blocked = finish(shop(tmp_path, strict), edited(tmp_path, "255", pictures))
    assert (blocked.outcome, blocked.stage, blocked.output) == ("blocked", "policy", "")
    assert [r.policy.verdict for r in blocked.regions] == ["block", "block"]
    assert all(r.policy.category == "generated-content" and not r.artifacts for r in blocked.regions)
    assert list(blocked.thumbnails) == ["before"]


@pytest.mark.usefixtures("cards")
def test_without_its_weights_nothing_is_handed_out_and_the_cure_is_named(
    tmp_path: Path, pictures: Path, weights: Path
) -> None:
    moved = weights.rename(weights.with_name("elsewhere"))
    try:
        for job in (new(tmp_path, "20"), edited(tmp_path, "20", pictures)):
            result = finish(shop(tmp_path), job)
            assert (result.outcome, result.stage, files(tmp_path)) == ("blocked", "policy", [])
            assert (
                "the policy asks for looker to look at what is generated, and it cannot: looker: no weights"
                in result.reason
            )
            assert "put the weights there" in result.cure
    finally:
        moved.rename(weights)
    again = finish(shop(tmp_path, run="run-2"), new(tmp_path, "20"))
    assert again.outcome == "done"
    assert next(s for s in again.stages if s.stage == "generation").cached


@pytest.mark.usefixtures("cards")
def test_a_classifier_that_breaks_is_unknown_or_lacks_the_label_blocks(tmp_path: Path) -> None:
    drop_card(tmp_path / "cards", "broken", "safety", f"{TOYS}:NoLooker")
    for demand, said in (
        (DEMAND.replace("looker", "broken"), "broken failed (RuntimeError: no eyes)"),
        (DEMAND.replace("looker", "nobody"), "there is no engine 'nobody'"),
        (DEMAND.replace("looker", "nsfw-vit"), "has not been pulled"),
        (DEMAND.replace("looker", "telea"), "has role 'fill', not 'safety'"),
        (
            DEMAND.replace("block = { nsfw", "block = { gore"),
            "looker knows no label gore; it knows normal, nsfw",
        ),
    ):
        result = finish(shop(tmp_path, demand), new(tmp_path, "20"))
        assert (result.outcome, files(tmp_path)) == ("blocked", []), demand
        assert said in result.reason
        assert result.cure


@pytest.mark.usefixtures("cards")
def test_nobody_looks_where_nobody_is_asked(tmp_path: Path, pictures: Path) -> None:
    plain = shop(tmp_path, "")
    result = finish(plain, new(tmp_path, "250"))
    assert (result.outcome, records(tmp_path, "safety")) == ("done", 0)
    stages = [stage.stage for stage in read_source(plain, new(tmp_path, "250")).plan.stages]
    assert stages == ["generation", "export"]
    save(pictures / "b.png", ground(60, 90))
    removed = JobSpec(
        id="b", root=str(pictures), image="b.png",
        intent=RemoveObject(mask=MaskBoxes(boxes=((20, 20, 50, 40),)), rights="own"), engines={"generation": "telea"},
    )  # fmt: skip
    finish(shop(tmp_path), removed)
    assert records(tmp_path, "safety") == 0  # a classical fill generates nothing


@pytest.mark.usefixtures("cards")
def test_a_picture_made_before_the_demand_is_looked_at_once_it_is_there(tmp_path: Path) -> None:
    before: ItemResult = finish(shop(tmp_path, ""), new(tmp_path, "250"))
    assert before.outcome == "done"
    after = finish(shop(tmp_path, run="run-2"), new(tmp_path, "250"))
    assert after.outcome == "blocked"
    assert after.plan != before.plan
    stages = read_source(shop(tmp_path), new(tmp_path, "250")).plan.stages
    assert [stage.stage for stage in stages] == ["policy", "generation", "export"]
    assert "looker@1" in str(dict(stages[0].params)["safety"])


@pytest.mark.usefixtures("cards")
def test_scores_are_remembered_by_content(tmp_path: Path) -> None:
    finish(shop(tmp_path), new(tmp_path, "128"))
    assert records(tmp_path, "safety") == 1
    stricter = finish(shop(tmp_path, DEMAND.replace("0.8", "0.4"), run="run-2"), new(tmp_path, "128"))
    assert stricter.outcome == "blocked"
    assert records(tmp_path, "safety") == 1
