"""The planner is pure, its plans hash the same everywhere, and it says no in words that help."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from model_registry.registry import Registry
from tasks.contracts import Facts
from tasks.errors import BadRequest, NoEngine
from tasks.intents import (
    Clean,
    Generate,
    Intent,
    MaskBoxes,
    RemoveObject,
    RemoveText,
    Replace,
    Upscale,
)
from tasks.plan import EditPlan
from tasks.planner import Request, plan

REGISTRY = Registry.load()
FACTS = Facts(640, 480, 3, 8, "PNG", 0.1, 2.0, "0" * 16)
QUIET = Facts(640, 480, 3, 8, "PNG", 0.9, 0.0, "0" * 16)
BOX = MaskBoxes(boxes=((1, 2, 30, 40),))
INTENTS: list[Intent] = [RemoveText(), RemoveObject(mask=BOX), Upscale(scale=3), Clean()]


@pytest.mark.parametrize("intent", INTENTS, ids=lambda i: i.kind)
def test_a_plan_survives_json_and_is_hashable(intent: Intent) -> None:
    made = plan(intent, FACTS, REGISTRY)
    again = EditPlan.model_validate_json(made.canonical())
    assert again == made
    assert again.digest == made.digest
    assert len({made, again}) == 1


def test_the_hash_is_the_same_in_another_process_with_another_hash_seed() -> None:
    code = (
        "from tests.tasks.test_planner import FACTS, REGISTRY;from tasks.intents import RemoveText;"
        "from tasks.planner import plan;print(plan(RemoveText(), FACTS, REGISTRY).digest)"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert found == {plan(RemoveText(), FACTS, REGISTRY).digest}


def test_every_choice_changes_the_hash() -> None:
    requests = [
        Request(), Request(seed=1), Request(tier="preview"), Request(engines={"generation": "telea"}),
        Request(params={"blending": {"feather": 5}}), Request(engines={"blending": "soft-blend"}),
    ]  # fmt: skip
    digests = {plan(RemoveText(), FACTS, REGISTRY, r).digest for r in requests}
    assert len(digests) == len(requests)


def test_the_ladder_goes_from_cheap_to_heavy() -> None:
    generation = plan(RemoveText(), FACTS, REGISTRY).stage("generation")
    assert generation is not None
    rungs = [REGISTRY.get(e.id).cost.rung for e in generation.engines]
    assert rungs == sorted(rungs)
    assert len(rungs) >= 3


def test_a_quiet_picture_needs_no_grain() -> None:
    assert plan(RemoveText(), FACTS, REGISTRY).stage("enhancement") is not None
    assert plan(RemoveText(), QUIET, REGISTRY).stage("enhancement") is None


def test_a_named_engine_is_alone_on_its_ladder_and_keeps_its_standins() -> None:
    generation = plan(RemoveText(), FACTS, REGISTRY, Request(engines={"generation": "patchmatch"})).stage(
        "generation"
    )
    assert generation is not None
    assert [e.id for e in generation.engines] == ["patchmatch"]
    assert [e.id for e in generation.fallbacks(generation.engines[0])] == ["patchmatch", "telea"]


def test_an_unknown_engine_names_the_nearest() -> None:
    with pytest.raises(BadRequest, match="telea"):
        plan(RemoveText(), FACTS, REGISTRY, Request(engines={"generation": "tela"}))


def test_an_engine_of_another_role_is_refused() -> None:
    with pytest.raises(BadRequest, match="lanczos"):
        plan(RemoveText(), FACTS, REGISTRY, Request(engines={"generation": "lanczos"}))


def test_an_unknown_parameter_names_the_known_ones() -> None:
    with pytest.raises(BadRequest, match="feather"):
        plan(RemoveText(), FACTS, REGISTRY, Request(params={"blending": {"fether": 5}}))


def test_a_parameter_of_the_wrong_kind_is_refused() -> None:
    with pytest.raises(BadRequest, match="feather"):
        plan(RemoveText(), FACTS, REGISTRY, Request(params={"blending": {"feather": "wide"}}))


def test_replace_without_a_prompted_engine_says_what_is_missing() -> None:
    with pytest.raises(NoEngine, match="prompt") as caught:
        plan(Replace(mask=BOX, prompt="oak"), FACTS, only_named("fill"))
    assert "sd15-inpaint" in caught.value.cure


def test_generate_without_weights_says_what_is_missing() -> None:
    with pytest.raises(NoEngine, match="generate") as caught:
        plan(Generate(prompt="oak"), None, only_named("generate"))
    assert "sd15" in caught.value.cure


def only_named(role: str) -> Registry:
    """The cards as they are where no engine of this role that takes a prompt may be chosen unasked."""
    cards = (
        card.model_copy(update={"automatic": False}) if card.role == role and card.prompt != "none" else card
        for card in REGISTRY.cards
    )
    return dataclasses.replace(REGISTRY, cards=tuple(cards))


def test_an_alias_is_resolved_from_the_snapshot() -> None:
    registry = REGISTRY.with_aliases({"fill": {"champion": "navier-stokes"}})
    generation = plan(RemoveText(), FACTS, registry, Request(engines={"generation": "@champion"})).stage(
        "generation"
    )
    assert generation is not None
    assert generation.engines[0].id == "navier-stokes"


def test_the_description_names_every_stage_and_engine() -> None:
    made = plan(RemoveText(), FACTS, REGISTRY)
    text = made.describe()
    for stage in made.stages:
        assert stage.stage in text
        assert all(engine.ref in text for engine in stage.engines)
