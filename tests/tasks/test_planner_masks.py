"""What a mask asks of the detection stage: which engines, by whose choice, and with which parameters."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from model_registry.registry import Registry
from tasks.errors import BadRequest
from tasks.intents import MaskBoxes, MaskClick, MaskObjectBox, MaskSpec, MaskWords, RemoveObject, RemoveText
from tasks.plan import StagePlan
from tasks.planner import Request, plan

REGISTRY = Registry.load()
WORDS = MaskWords(words="the red mug")


def detection(mask: MaskSpec, engine: str = "", params: Mapping[str, float | bool] = {}) -> StagePlan:
    request = Request(engines={"detection": engine} if engine else {}, params={"detection": params})
    stage = plan(RemoveObject(mask=mask), None, REGISTRY, request).stage("detection")
    assert stage is not None
    return stage


def ids(stage: StagePlan) -> list[str]:
    return [choice.id for choice in stage.engines]


def test_a_mask_that_is_given_needs_no_engine() -> None:
    assert ids(detection(MaskBoxes(boxes=((0, 0, 9, 9),)))) == []


@pytest.mark.parametrize("mask", [MaskObjectBox(boxes=((0, 0, 9, 9),)), MaskClick(on=((1, 1),))])
def test_an_object_that_is_pointed_at_is_outlined(mask: MaskSpec) -> None:
    assert ids(detection(mask)) == ["grabcut"]
    assert ids(detection(mask, "sam")) == ["sam"]
    with pytest.raises(BadRequest, match="role 'locate', not 'segment'"):
        detection(mask, "owlv2")


@pytest.mark.parametrize(
    ("engine", "chosen"),
    [
        ("", ["grabcut", "owlv2"]),
        ("sam", ["sam", "owlv2"]),
        ("grounding-dino", ["grabcut", "grounding-dino"]),
        ("grounding-dino+sam", ["sam", "grounding-dino"]),
        ("sam+grounding-dino", ["sam", "grounding-dino"]),
    ],
)
def test_words_take_two_engines(engine: str, chosen: list[str]) -> None:
    assert ids(detection(WORDS, engine)) == chosen


@pytest.mark.parametrize("engine", ["telea", "owlv3", "owlv2+telea"])
def test_an_engine_of_neither_role_is_refused(engine: str) -> None:
    with pytest.raises(BadRequest, match="has none of these roles"):
        detection(WORDS, engine)


def test_verification_reads_no_text_where_an_object_goes() -> None:
    made = plan(RemoveObject(mask=WORDS), None, REGISTRY).stage("verification")
    assert made is not None
    assert made.engines == ()


@pytest.mark.parametrize(("name", "value"), [("grow", 65), ("grow", -1), ("refine", 2)])
def test_the_parameters_of_a_mask_are_bounded(name: str, value: float) -> None:
    with pytest.raises(BadRequest, match=r"out of bounds|not true or false"):
        detection(MaskClick(on=((1, 1),)), params={name: value})


@pytest.mark.parametrize("name", ["grow", "refine"])
def test_text_has_no_such_parameters(name: str) -> None:
    with pytest.raises(BadRequest, match=f"no parameter '{name}'"):
        plan(RemoveText(), None, REGISTRY, Request(params={"detection": {name: 1}}))


def test_a_parameter_of_the_outlining_engine_can_be_set() -> None:
    made = detection(MaskClick(on=((1, 1),)), params={"rounds": 2})
    assert dict(made.engines[0].params)["rounds"] == 2
