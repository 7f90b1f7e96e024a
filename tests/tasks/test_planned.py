"""A plan that is found again is the plan that would be made, and nothing that a plan depends on is overlooked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from model_registry.registry import Registry
from tasks.contracts import Facts
from tasks.errors import BadRequest
from tasks.intents import Clean, Intent, RemoveText, Upscale
from tasks.planned import digest_of, plan_of
from tasks.planner import Request, plan
from tasks.policy.load import default_policy

FACTS = Facts(64, 48, 3, 8, "PNG", 0.5, 2.0, "0" * 16)
THRESHOLDS = default_policy().thresholds


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.load()


def both(registry: Registry, intent: Intent, facts: Facts | None, request: Request) -> None:
    made = plan(intent, facts, registry, request, {"rules": "r"}, THRESHOLDS)
    for _ in range(2):
        found = plan_of(intent, facts, registry, request, {"rules": "r"}, THRESHOLDS)
        assert found.canonical() == made.canonical()
        assert digest_of(found) == made.digest


def test_it_is_the_plan_that_would_be_made(registry: Registry) -> None:
    for intent in (Upscale(scale=2), Upscale(scale=3), Clean(), RemoveText(), RemoveText(text="all")):
        for facts in (FACTS, replace(FACTS, noise=0.0), replace(FACTS, width=63), None):
            for request in (Request(), Request("preview"), Request(seed=7)):
                both(registry, intent, facts, request)
    for asked in ({"enhancement": {"cell": 64}}, {"export": {"quality": 70}}, {"export": {"quality": 71}}):
        both(registry, Upscale(scale=2), FACTS, Request(params=asked))
    for engine in ("lanczos", "bicubic"):
        both(registry, Upscale(scale=2), FACTS, Request(engines={"enhancement": engine}))


def test_an_alias_is_looked_up_in_its_own_registry(registry: Registry) -> None:
    request = Request(engines={"enhancement": "@champion"})
    for engine in ("lanczos", "bicubic"):
        named = registry.with_aliases({"upscale": {"champion": engine}}, {})
        both(named, Upscale(scale=2), FACTS, request)


def test_a_protected_box_is_held_against_each_picture(registry: Registry) -> None:
    intent = Upscale(scale=2, protect=((60, 40, 64, 48),))
    both(registry, intent, FACTS, Request())
    with pytest.raises(BadRequest, match="outside"):
        plan_of(intent, replace(FACTS, width=50, height=40), registry, Request(), {"rules": "r"}, THRESHOLDS)


def test_equal_numbers_of_other_types_are_other_plans(registry: Registry) -> None:
    """1 == 1.0 == True, but not in a digest."""
    found = plan_of(Upscale(scale=2), FACTS, registry, Request(), {}, THRESHOLDS)
    digest_of(found)
    stages = tuple(
        one.model_copy(update={"params": tuple((k, float(v) if v == 32 else v) for k, v in one.params)})
        for one in found.stages
    )
    other = found.model_copy(update={"stages": stages})
    assert other == found
    assert digest_of(other) == other.digest != digest_of(found)
