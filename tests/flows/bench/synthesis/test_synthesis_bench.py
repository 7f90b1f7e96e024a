"""The bench of synthesis: what it asks, that its judge knows renders and no words by heart, its control, and the whole on tiny."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flows.bench.synthesis import judge as judging
from flows.bench.synthesis import large, maker, measure, schedulers
from flows.bench.synthesis.judge import Judge, fitted, rendered
from flows.bench.synthesis.logistic import fit
from flows.bench.synthesis.prompts import ATTRIBUTES, prompts, said_in
from flows.bench.synthesis.scores import followed, following, interval
from flows.cli.bench import BENCHES
from flows.training.backdrop.scene import Light, Scene, Surface, is_held_out
from model_registry.registry import Registry
from tests.model_registry.diffusion import worded_pipeline

SIDE = 96


@pytest.fixture(scope="module")
def judge() -> Judge:
    return fitted(160, SIDE)


def test_the_bench_is_in_the_list() -> None:
    assert BENCHES["synthesis"] == "flows.bench.synthesis.measure"


def test_prompts_are_held_out_different_and_the_same_each_time() -> None:
    asked = prompts(20, held_out=True)
    assert all(is_held_out(prompt.scene) for prompt in asked)
    assert not any(is_held_out(prompt.scene) for prompt in prompts(20, held_out=False))
    assert len({prompt.text for prompt in asked}) == 20
    assert [prompt.text for prompt in prompts(20, held_out=True)] == [prompt.text for prompt in asked]


def test_only_what_the_words_say_is_judged() -> None:
    wall, floor = Surface("plaster", "beige"), Surface("wood", "oak")
    scene = Scene(wall, floor, 0.6, Light("left", "hard", "neutral"), 1)
    surfaces = {
        "wall_colour": "beige", "wall_material": "plaster", "floor_colour": "oak", "floor_material": "wood",
    }  # fmt: skip
    assert said_in("oak table in front of a beige plaster wall", scene) == surfaces
    said = said_in("oak table in front of a beige plaster wall, cool hard light from the left", scene)
    assert said == surfaces | {"side": "left", "hardness": "hard", "warmth": "cool"}
    top = dataclasses.replace(scene, floor=None, light=Light("top", "soft", "warm"))
    assert said_in("beige plaster, overhead light", top)["side"] == "top"


def test_the_judge_tells_renders_it_has_not_seen_and_not_by_chance(judge: Judge) -> None:
    asked = prompts(40, held_out=True)
    found = followed(judge, [rendered(prompt.scene, SIDE) for prompt in asked], asked)
    figures = following(found)
    assert figures["following"] > 0.6
    assert figures["following_control"] < 0.4
    assert figures["over_control_95"][0] > 0.25


def test_the_judge_misses_what_is_not_there(judge: Judge) -> None:
    """A render under light from the other side is found out, and one in another colour."""
    asked = [prompt for prompt in prompts(60, held_out=True) if prompt.said.get("side") in ("left", "right")]
    wrong = []
    for prompt in asked[:12]:
        light = prompt.scene.light
        other = dataclasses.replace(light, side="right" if light.side == "left" else "left")
        turned = rendered(dataclasses.replace(prompt.scene, light=other), SIDE)
        wrong.append(judge.follows(turned, prompt)["side"])
    assert np.mean(wrong) < 0.3


def test_the_judge_is_the_same_each_time() -> None:
    one, again = fitted(30, 64), fitted(30, 64)
    for name in ATTRIBUTES:
        assert np.array_equal(one.classifiers[name].weights, again.classifiers[name].weights)


def test_a_logistic_tells_apart_what_can_be() -> None:
    rng = np.random.default_rng(1)
    points = rng.normal(0, 0.3, (90, 2)) + np.repeat([[0, 0], [3, 0], [0, 3]], 30, axis=0)
    labels = np.repeat(["a", "b", "c"], 30)
    told = fit(list(points), list(labels))
    assert [told.tell(np.array(at)) for at in ([0, 0.1], [3, 0], [0.2, 2.8])] == ["a", "b", "c"]


def test_a_step_at_the_windows_ends_is_seen() -> None:
    rng = np.random.default_rng(2)
    even = rng.random((512, 768, 3), np.float32)
    assert large.seam_step(even) == pytest.approx(1, abs=0.05)
    stepped = even.copy()
    for end in large._ends(768):
        stepped[:, end + 1 :] = 1 - stepped[:, end + 1 :] + 0.5
    assert large.seam_step(np.asarray(stepped, np.float32)) > 1.1


def test_an_interval_holds_the_mean_and_is_narrow_for_equal_values() -> None:
    low, high = interval(np.array([0.1, 0.5, 0.9, 0.3]))
    assert low < 0.45 < high
    assert interval(np.full(5, 0.5)) == [0.5, 0.5]


@pytest.fixture
def small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, judge: Judge
) -> Callable[[], tuple[list[Any], dict[str, Any]]]:
    """The whole bench on a tiny random pipeline."""
    cards = tmp_path / "cards"
    cards.mkdir()
    worded_pipeline.build(cards)
    monkeypatch.setenv("PENTIMENTO_CARDS", str(cards))
    monkeypatch.setenv("PENTIMENTO_BENCH_OUT", str(tmp_path / "out"))
    monkeypatch.setattr(measure, "HELD_OUT", {True: 4})
    monkeypatch.setattr(measure, "SEEN", {True: 2})
    monkeypatch.setattr(measure, "fitted", lambda _count: judge)
    monkeypatch.setattr(schedulers, "STEPS", {True: (2,)})
    monkeypatch.setattr(schedulers, "REFERENCE", {"scheduler": "ddim", "steps": 3})
    monkeypatch.setattr(large, "SIZE", (160, 96))
    monkeypatch.setattr(maker, "SIDE", 48)
    return lambda: measure.measure(True)


def test_random_weights_follow_no_prompt_and_every_figure_is_there(
    small: Callable[[], tuple[list[Any], dict[str, Any]]], tmp_path: Path
) -> None:
    rows, summary = small()
    assert summary["engine"] == "tiny-drop@1"
    assert summary["same_seed_same_bytes"] is True
    assert summary["another_seed_another_picture"] is True
    assert summary["over_control_95"][0] < 0.1
    assert summary["ceiling"] > 0.5
    assert [row["scheduler"] for row in summary["schedulers"]] == ["ddim", *schedulers.NAMES]
    assert all(row["distance"] > 0 for row in summary["schedulers"][1:])
    assert summary["schedulers"][0]["distance"] == 0
    assert [row["prompts"] for row in rows] == [4, 2, 4]
    page = (tmp_path / "out" / "prompts.html").read_text(encoding="utf-8")
    assert page.count("<section>") == 5
    assert "http" not in page.replace("http-equiv", "")


def test_without_a_generator_the_bench_is_skipped_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    none = Registry(*(_without_generators()))
    monkeypatch.setattr(measure, "registry", lambda: none)
    rows, summary = measure.measure(True)
    assert rows == []
    assert "generate" in summary["skipped"]["synthesis"]


def _without_generators() -> tuple[Any, Any]:
    whole = Registry.load()
    kept = [(c, f) for c, f in zip(whole.cards, whole.folders, strict=True) if c.role != "generate"]
    return tuple(c for c, _ in kept), tuple(f for _, f in kept)


def test_the_judge_learns_from_renders_alone() -> None:
    source = Path(judging.__file__).read_text(encoding="utf-8")
    assert "maker" not in source
