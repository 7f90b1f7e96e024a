"""Which rung a region starts on, with an engine that suits drawn grounds alone."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from model_registry.registry import Registry
from tasks.generation.ladder import RegionFacts, first_rung, region_facts, rungs_to_try
from tasks.intents import RemoveText
from tasks.plan import EngineChoice
from tasks.planner import Request, plan

HOLE = np.zeros((90, 160), bool)
HOLE[30:60, 30:130:7] = HOLE[30:60, 31:130:7] = True


def choice(name: str, **suits: float | bool) -> EngineChoice:
    return EngineChoice.model_validate({"id": name, "version": "1", "runtime": "classical", **suits})


LADDER = (
    choice("drawn", synthetic=True), choice("plane", max_ring_residual=2.0), choice("thin", max_thickness=8.0), choice("any"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "rung"),
    [
        (RegionFacts(0.1, 3.0, 50, synthetic=True), 0),
        (RegionFacts(60.0, 30.0, 50, synthetic=True), 0),
        (RegionFacts(0.1, 3.0, 50), 1),
        (RegionFacts(60.0, 3.0, 50), 2),
        (RegionFacts(60.0, 30.0, 50), 3),
    ],
)
def test_an_engine_for_drawn_grounds_starts_there_alone(facts: RegionFacts, rung: int) -> None:
    assert first_rung(LADDER, facts) == rung


def test_an_engine_named_alone_is_used_whatever_the_ground() -> None:
    assert first_rung(LADDER[:1], RegionFacts(60.0, 30.0, 50)) == 0


def test_an_unsuited_engine_in_the_middle_is_passed_over() -> None:
    ladder = (LADDER[1], LADDER[0], LADDER[3])
    assert first_rung(ladder, RegionFacts(60.0, 30.0, 50)) == 2
    assert first_rung(ladder, RegionFacts(60.0, 30.0, 50, synthetic=True)) == 1


def test_a_climb_goes_past_engines_for_drawn_grounds_where_there_is_none() -> None:
    ladder = (choice("first"), LADDER[0], LADDER[1], LADDER[3])
    photo, screen = RegionFacts(0.1, 3.0, 50), RegionFacts(0.1, 3.0, 50, synthetic=True)
    assert [e.id for e in rungs_to_try(ladder, photo, 2)] == ["first", "plane"]
    assert [e.id for e in rungs_to_try(ladder, screen, 2)] == ["first", "drawn"]
    assert [e.id for e in rungs_to_try(LADDER, screen, 2)] == ["drawn", "plane"]
    assert [e.id for e in rungs_to_try(LADDER, RegionFacts(60.0, 30.0, 50), 2)] == ["any"]
    assert [e.id for e in rungs_to_try(LADDER[:1], photo, 2)] == ["drawn"]


def test_a_climb_goes_past_engines_that_do_not_suit_the_region() -> None:
    smooth_and_wide, smooth_and_thin = RegionFacts(1.0, 30.0, 50), RegionFacts(1.0, 3.0, 50)
    assert [e.id for e in rungs_to_try(LADDER, smooth_and_wide, 2)] == ["plane", "any"]
    assert [e.id for e in rungs_to_try(LADDER, smooth_and_thin, 2)] == ["plane", "thin"]


def test_facts_tell_a_screen_from_a_photograph() -> None:
    screen = np.full((90, 160, 3), 0.8, np.float32)
    screen[45:47] = 0.2
    assert region_facts(screen, HOLE).synthetic
    assert region_facts(screen[..., :1], HOLE).synthetic
    photo = data.coffee()[100:190, 100:260].astype(np.float32) / np.float32(255)
    assert not region_facts(photo, HOLE).synthetic


def test_facts_do_not_look_into_the_hole() -> None:
    screen = np.full((90, 160, 3), 0.8, np.float32)
    noisy = np.where(HOLE[..., None], np.random.default_rng(1).random(screen.shape, np.float32), screen)
    assert region_facts(noisy, HOLE) == region_facts(screen, HOLE)


def test_the_plan_carries_what_the_card_says() -> None:
    made = plan(RemoveText(rights="own"), None, Registry.load(), Request())
    generation = made.stage("generation")
    assert generation is not None
    assert [engine.id for engine in generation.engines][:2] == ["synthetic", "plane"]
    assert [engine.synthetic for engine in generation.engines][:2] == [True, False]
