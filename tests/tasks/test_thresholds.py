"""Thresholds: one table in the policy, shown by the plan, changed by a parameter, by kind of region, and refused when wrong."""

from __future__ import annotations

from importlib.resources import files

import pytest

from model_registry.registry import Registry
from tasks.errors import BadRequest
from tasks.intents import MaskBoxes, RemoveObject, RemoveText
from tasks.plan import EditPlan, Value
from tasks.planner import Request, plan
from tasks.policy.load import default_policy, load_policy
from tasks.policy.model import BadPolicy
from tasks.thresholds import SENTENCES, fault, of_kind

TEXT = files("tasks.policy").joinpath("default.toml").read_text(encoding="utf-8")
START = TEXT.index("\n[verification]\n")
WITHOUT = TEXT[:START] + TEXT[TEXT.index("\n[category.", START) :]
"""The policy without its table of thresholds."""
REGISTRY = Registry.load()
OBJECT = RemoveObject(mask=MaskBoxes(boxes=((0, 0, 4, 4),)))


def planned(params: dict[str, Value], thresholds: dict[str, float] | None = None) -> EditPlan:
    return plan(OBJECT, None, REGISTRY, Request(params={"verification": params}), thresholds=thresholds)


def held(made: EditPlan) -> dict[str, Value]:
    stage = made.stage("verification")
    assert stage is not None
    return dict(stage.params)


def test_the_plan_holds_and_shows_what_the_built_in_policy_says() -> None:
    made = planned({})
    assert held(made) == dict(default_policy().thresholds)
    assert "leak_max=0.04" in made.describe()
    assert {"leak_max", "seam_step_max", "residual_text_max"} <= set(held(made)) <= set(SENTENCES)


def test_a_policy_of_ones_own_changes_what_it_names_and_the_digests_with_it() -> None:
    own = load_policy(TEXT.replace("leak_max = 0.04", "leak_max = 0.5\ntext = { seam_step_max = 9 }"))
    assert own.thresholds["leak_max"] == 0.5
    assert own.thresholds["text.seam_step_max"] == 9.0
    assert own.thresholds["outside_changed_max"] == 0.0
    assert own.digest != default_policy().digest
    made = plan(OBJECT, None, REGISTRY, thresholds=own.thresholds)
    assert held(made)["leak_max"] == 0.5
    assert made.digest != planned({}).digest


def test_a_policy_without_the_table_keeps_the_built_in_one() -> None:
    assert load_policy(WITHOUT).thresholds == default_policy().thresholds


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("leek_max = 0.1", "leek_max: there is no threshold 'leek_max'; there is leak_max"),
        ("leak_max = nan", "leak_max: nan is not a number"),
        ("leak_max = inf", "is not a number"),
        ('leak_max = "low"', "'low' is not a number"),
        ("leak_max = true", "True is not a number"),
        ("sticker = { leak_max = 1 }", "sticker: there is no threshold 'sticker'"),
        (
            "text = { leek_max = 1 }",
            "text.leek_max: there is no threshold 'leek_max'; there is leak_max",
        ),
    ],
)
def test_faulty_tables_are_refused_with_the_nearest_name(given: str, said: str) -> None:
    with pytest.raises(BadPolicy, match="fault") as caught:
        load_policy(TEXT.replace("leak_max = 0.04", given))
    assert said in str(caught.value)


def test_anything_but_a_table_is_refused() -> None:
    with pytest.raises(BadPolicy, match="verification: a table is wanted"):
        load_policy("verification = 3\n" + WITHOUT)


def test_a_parameter_comes_before_the_policy_also_where_the_policy_says_nothing() -> None:
    assert held(planned({"leak_max": 0.2}))["leak_max"] == 0.2
    assert held(planned({"grain_ratio_min": 1}))["grain_ratio_min"] == 1.0
    assert held(planned({"object.leak_max": 0.2}))["object.leak_max"] == 0.2
    reading = plan(RemoveText(), None, REGISTRY, Request(params={"verification": {"min_score": 0.4}}))
    assert "min_score" not in held(reading)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("leek_max", 0.1, "there is leak_max"),
        ("leak_max", float("nan"), "nan is not a number"),
        ("leak_max", "low", "is not a number"),
        ("stroke.leak_max", 0.1, "no kind of region 'stroke'"),
    ],
)
def test_faulty_parameters_are_refused_with_the_nearest_name(name: str, value: Value, said: str) -> None:
    with pytest.raises(BadRequest, match="verification") as caught:
        planned({name: value})
    assert said in str(caught.value)


def test_a_kinds_own_thresholds_go_for_that_kind_alone() -> None:
    given = {"leak_max": 0.04, "text.leak_max": 0.1, "object.seam_step_max": 3.0}
    assert of_kind(given, "text") == {"leak_max": 0.1}
    assert of_kind(given, "object") == {"leak_max": 0.04, "seam_step_max": 3.0}
    assert of_kind(given, "picture") == {"leak_max": 0.04}


@pytest.mark.parametrize("name", SENTENCES)
def test_every_threshold_bounds_one_side_of_a_score(name: str) -> None:
    assert name.rsplit("_", 1)[1] in ("min", "max")
    assert fault(name, 1) == fault(f"picture.{name}", 0.5) == ""
