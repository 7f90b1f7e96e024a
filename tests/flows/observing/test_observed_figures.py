"""When samplings settled, prompts as vectors, and what of it MLflow is told."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from flows.observing.figures import (
    curve,
    main_of,
    prompt_vector,
    prompts_npz,
    settled_share,
    settled_step,
    settling_metrics,
)
from flows.observing.tracked import files_of, metrics_of_seen, pictures_of
from model_registry.engines.observing import Observation, from_npz
from tasks.results import ItemResult
from tests.flows.observing.made import observation


def with_settled(low: float, steps: int = 20) -> Observation:
    one = observation(steps=steps)
    return replace(one, settling={**one.settling, "settled_low": np.array([low], np.float32)})


def test_settled_steps_are_steps_or_not_known() -> None:
    assert settled_step(with_settled(4), "low") == 4
    assert settled_share(with_settled(19), "low") == 1
    assert settled_share(with_settled(2, 5), "low") == 0.5
    for unknown in (20.0, -1.0, float("nan")):
        assert settled_step(with_settled(unknown), "low") is None
    assert settled_step(replace(observation(), settling={}), "high") is None


def test_a_slower_sampling_settles_later_and_the_curves_say_so() -> None:
    quick, slow = observation(pace=0.5), observation(pace=0.15)
    for part in ("low", "high"):
        first, second = settled_share(quick, part), settled_share(slow, part)
        assert first is not None
        assert second is not None
        assert first < second
    assert curve(quick, "low")[5] < curve(slow, "low")[5]
    assert curve(quick, "no such").size == 0
    assert curve(replace(quick, steps=7), "low").size == 0, "a value a step, or none"


def test_metrics_are_means_over_what_was_observed() -> None:
    collapsed = replace(
        observation(), settling={**observation().settling, "collapsed": np.array([1.0], np.float32)}
    )
    metrics = settling_metrics([with_settled(0), with_settled(19), collapsed])
    own = settled_share(observation(), "low")
    assert own is not None
    assert metrics["settled_low"] == pytest.approx((0 + 1 + own) / 3)
    assert metrics["observed"] == 3
    assert metrics["collapsed"] == 1
    assert settling_metrics([]) == {}


def test_a_prompt_is_its_pooled_vector_or_the_mean_of_its_tokens() -> None:
    one = observation()
    pooled = prompt_vector(one)
    assert pooled is not None
    assert np.array_equal(pooled, one.embeddings["pooled"].astype(np.float32))
    rows = np.arange(12, dtype=np.float16).reshape(3, 4)
    mean = prompt_vector(replace(one, embeddings={"projected": rows}))
    assert mean is not None
    assert mean.tolist() == [4, 5, 6, 7]
    assert prompt_vector(replace(one, embeddings={})) is None


def test_the_prompts_of_a_run_are_read_back_without_pickles() -> None:
    short = replace(observation("grey plaster", seed=8), embeddings={"pooled": np.ones(4, np.float16)})
    data = prompts_npz({"a": observation(), "b": short, "c": replace(observation(), embeddings={})})
    with np.load(io.BytesIO(data), allow_pickle=False) as read:
        assert read["ids"].tolist() == ["a", "b", "c"]
        assert read["prompts"][1] == "grey plaster"
        assert read["vectors"].shape == (3, 16)
        assert read["vectors"][1].tolist() == [1] * 4 + [0] * 12
        assert not read["vectors"][2].any()
        assert "oa k</w>" in read["tokens"][0]
    assert np.load(io.BytesIO(prompts_npz({})), allow_pickle=False)["ids"].size == 0


def test_mlflow_is_told_by_place_in_the_sample() -> None:
    items = [ItemResult(id=name, source="", outcome="done") for name in ("plain", "oak", "shelf")]
    seen = {
        "oak": {"picture": (observation(),)},
        "shelf": {"region-1": (observation(),), "region-2": (observation(seed=9),)},
    }
    files = files_of(seen)
    assert set(files) == {
        "observations/oak.npz", "observations/shelf/region-1.npz", "observations/shelf/region-2.npz", "prompts.npz",
    }  # fmt: skip
    assert [one.seed for one in from_npz(files["observations/shelf/region-2.npz"])] == [9]
    ids = np.load(io.BytesIO(files["prompts.npz"]), allow_pickle=False)["ids"].tolist()
    assert ids == ["oak", "shelf#region-1", "shelf#region-2"]
    pictures = list(pictures_of(seen, items))
    assert [(p.key, p.step, p.item) for p in pictures] == [
        ("observe/steps", 1, "oak"), ("observe/attention", 1, "oak"),
        ("observe/steps", 2, "shelf"), ("observe/attention", 2, "shelf"),
    ]  # fmt: skip
    assert Image.open(io.BytesIO(pictures[0].data)).size[0] > 6 * 128
    assert metrics_of_seen(seen)["observed"] == 3
    assert (files_of({}), list(pictures_of({}, items)), metrics_of_seen({})) == ({}, [], {})


def test_the_sampling_that_laid_the_picture_out_speaks_for_it() -> None:
    laid, sharpened = observation(seed=1), observation(seed=2)
    assert main_of((laid, sharpened)) is laid
    broken = replace(observation(seed=3), dtype="float16")
    assert main_of((broken, laid, sharpened)) is laid, "what was black or not finite is not what came out"
