"""The wrapper: what engines are shown, what is refused of what they give, and what can never leak or change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from model_registry.card import Card
from model_registry.engines import wrap
from model_registry.engines.contract import Hole, Params, Pixels, TextLine
from model_registry.errors import EngineFault, EngineOutOfMemory, WeightsMissing

Do = Callable[..., Any]


def card(role: str = "fill", **facts: Any) -> Card:
    return Card.model_validate(
        {"id": "toy", "role": role, "runtime": "classical", "title": "t", "licence": "MIT"} | facts
    )


class Spy:
    """Any role; hands what it is given to `do` and remembers it."""

    def __init__(self, do: Do) -> None:
        self._do, self.seen = do, {}  # type: ignore[var-annotated]

    def fill(self, image: Pixels, hole: Hole, *, seed: int, prompt: str, params: Params) -> Pixels:
        self.seen = {"image": image, "hole": hole, "seed": seed, "prompt": prompt, "params": params}
        return self._do(image, hole)  # type: ignore[no-any-return]

    def enhance(self, image: Pixels, hole: Hole, *, seed: int, params: Params) -> Pixels:
        return self._do(image, hole)  # type: ignore[no-any-return]

    def blend(self, target: Pixels, source: Pixels, hole: Hole, zone: Hole, *, params: Params) -> Pixels:
        self.seen = {"target": target, "source": source, "hole": hole, "zone": zone}
        return self._do(target, source)  # type: ignore[no-any-return]

    def upscale(self, image: Pixels, scale: int, *, params: Params) -> Pixels:
        self.seen = {"image": image}
        return self._do(image, scale)  # type: ignore[no-any-return]

    def generate(self, prompt: str, width: int, height: int, *, seed: int, params: Params) -> Pixels:
        self.seen = {"size": (width, height)}
        return self._do(width, height)  # type: ignore[no-any-return]

    def read(self, image: np.ndarray[Any, Any], *, params: Params) -> tuple[TextLine, ...]:
        self.seen = {"image": image}
        return self._do(image)  # type: ignore[no-any-return]


@pytest.fixture
def image() -> Pixels:
    return np.random.default_rng(1).random((9, 13, 3)).astype(np.float32)


@pytest.fixture
def hole() -> Hole:
    out = np.zeros((9, 13), bool)
    out[3:6, 4:8] = True
    return out


def filled(engine: Spy, image: Pixels, hole: Hole, **facts: Any) -> Pixels:
    params: Mapping[str, Any] = facts.pop("params", {})
    return wrap.fill(card(**facts), engine, image, hole, seed=7, prompt="p", params=params)


def test_the_old_content_is_gone_before_the_engine_looks(image: Pixels, hole: Hole) -> None:
    engine = Spy(lambda shown, where: shown)
    filled(engine, image, hole)
    expected = np.tile(image[~hole].astype(np.float64).mean(0), (int(hole.sum()), 1))
    np.testing.assert_allclose(engine.seen["image"][hole], expected, atol=1e-6)
    other = image.copy()
    other[hole] = 1 - other[hole]
    first = engine.seen["image"]
    filled(engine, other, hole)
    assert (engine.seen["image"] == first).all()


def test_a_blend_is_not_shown_the_old_content_either(image: Pixels, hole: Hole) -> None:
    engine = Spy(lambda target, source: target)
    wrap.blend(card("blend"), engine, image, image[::-1].copy(), hole, hole, params={})
    assert np.ptp(engine.seen["target"][hole], axis=0).max() == 0


def test_outside_stays_bit_equal_whatever_the_engine_does(image: Pixels, hole: Hole) -> None:
    engine = Spy(lambda shown, other: np.full_like(shown, 0.5))
    before, zone = image.copy(), hole.copy()
    zone[2:7, 3:9] = True
    for made, area in (
        (filled(engine, image, hole), hole),
        (wrap.enhance(card("enhance"), engine, image, hole, seed=1, params={}), hole),
        (wrap.blend(card("blend"), engine, image, image, hole, zone, params={}), zone),
    ):
        assert (made[~area] == image[~area]).all()
        assert (made[area] == 0.5).all()
    assert (image == before).all()


def test_an_engine_that_writes_to_its_input_cannot_reach_the_callers(image: Pixels, hole: Hole) -> None:
    def scribble(shown: Pixels, other: Any) -> Pixels:
        shown[:] = 0.5
        if isinstance(other, np.ndarray):
            other[:] = 1
        return shown

    before, hole_before = image.copy(), hole.copy()
    filled(Spy(scribble), image, hole)
    wrap.enhance(card("enhance"), Spy(scribble), image, hole, seed=1, params={})
    wrap.upscale(card("clean", scales=(1,)), Spy(scribble), image, 1, params={})
    wrap.blend(card("blend"), Spy(scribble), image, image, hole, hole, params={})
    assert (image == before).all()
    assert (hole == hole_before).all()


def test_grey_pictures_are_shown_as_three_channels_and_come_back_as_one(image: Pixels, hole: Hole) -> None:
    grey = image[..., :1]
    engine = Spy(lambda shown, where: np.broadcast_to(np.float32([0.0, 0.25, 0.5]), shown.shape).copy())
    out = filled(engine, grey, hole)
    assert engine.seen["image"].shape == image.shape
    assert out.shape == grey.shape
    np.testing.assert_allclose(out[hole], 0.25)
    assert (out[~hole] == grey[~hole]).all()


@pytest.mark.parametrize(("h", "w"), [(1, 1), (1, 40), (5, 9), (16, 16), (17, 31), (33, 8)])
def test_pictures_are_padded_by_reflection_and_never_moved(h: int, w: int) -> None:
    picture = np.random.default_rng(2).random((h, w, 3)).astype(np.float32)
    size = {"minimum": 16, "multiple_of": 8}
    engine = Spy(lambda shown, scale: shown)
    out = wrap.upscale(card("clean", scales=(1,), size=size), engine, picture, 1, params={})
    shown = engine.seen["image"]
    assert (out == picture).all()
    assert shown.shape[0] % 8 == shown.shape[1] % 8 == 0
    assert min(shown.shape[:2]) >= 16
    reached = min(shown.shape[0], 2 * h - 1)
    assert (shown[h:reached, :w] == picture[::-1][1 : 1 + reached - h]).all()
    assert (shown[reached:, :w] == shown[reached - 1, :w]).all()


def test_a_padded_fill_has_a_padded_hole(image: Pixels) -> None:
    at_the_edge = np.zeros((9, 13), bool)
    at_the_edge[6:] = True
    engine = Spy(lambda shown, where: np.where(where[..., None], np.float32(0.5), shown))
    out = filled(engine, image, at_the_edge, size={"multiple_of": 16})
    assert engine.seen["hole"].shape == (16, 16)
    known = engine.seen["image"][~engine.seen["hole"]]
    assert not np.isclose(known, image[~at_the_edge].mean(0)).all(axis=1).any()
    assert (out[at_the_edge] == 0.5).all()


def test_generated_pictures_are_cropped_about_the_centre() -> None:
    def ramp(width: int, height: int) -> Pixels:
        return np.tile(np.linspace(0, 1, width, dtype=np.float32)[None, :, None], (height, 1, 3))

    engine = Spy(ramp)
    out = wrap.generate(card("generate", size={"multiple_of": 8}), engine, "p", 13, 6, seed=1, params={})
    assert engine.seen["size"] == (16, 8)
    assert (out == ramp(16, 8)[1:7, 1:14]).all()


def test_a_diffusers_engine_chooses_its_own_canvas(image: Pixels, hole: Hole) -> None:
    engine = Spy(lambda shown, where: shown)
    filled(engine, image, hole, runtime="diffusers", size={"minimum": 512, "multiple_of": 8})
    assert engine.seen["image"].shape == image.shape


def test_a_picture_over_the_maximum_is_a_fault(image: Pixels, hole: Hole) -> None:
    with pytest.raises(EngineFault, match="up to 8 px"):
        filled(Spy(lambda shown, where: shown), image, hole, size={"maximum": 8})


def nan(shown: Pixels, _: Any) -> Pixels:
    out = shown.copy()
    out[0, 0, 0] = np.nan
    return out


@pytest.mark.parametrize(
    ("do", "words"),
    [
        (nan, "not finite"),
        (lambda shown, _: np.full_like(shown, np.inf), "not finite"),
        (lambda shown, _: shown[:-1], "shape"),
        (lambda shown, _: shown.astype(np.float64), "float64"),
        (lambda shown, _: None, "NoneType"),
        (lambda shown, _: np.zeros_like(shown), "all-black"),
    ],
)
def test_broken_results_are_faults_that_name_the_engine(
    do: Do, words: str, image: Pixels, hole: Hole
) -> None:
    engine = Spy(do)
    calls: list[Do] = [
        lambda: filled(engine, image, hole),
        lambda: wrap.enhance(card("enhance"), engine, image, hole, seed=1, params={}),
        lambda: wrap.blend(card("blend"), engine, image, image, hole, hole, params={}),
        lambda: wrap.upscale(card("clean", scales=(1,)), engine, image, 1, params={}),
    ]
    for call in calls:
        with pytest.raises(EngineFault, match=f"toy.*{words}"):
            call()


def test_a_black_fill_amid_bright_surroundings_is_a_fault(image: Pixels, hole: Hole) -> None:
    black = Spy(lambda shown, where: np.where(where[..., None], np.float32(0), shown))
    with pytest.raises(EngineFault, match="black"):
        filled(black, image * np.float32(0.5) + np.float32(0.5), hole)
    dark = image.copy()
    dark[0] = 0
    assert (filled(black, dark, hole)[hole] == 0).all()


def test_black_stays_black_without_complaint(hole: Hole) -> None:
    night = np.zeros((9, 13, 3), np.float32)
    engine = Spy(lambda shown, _: shown)
    assert not filled(engine, night, hole).any()
    assert not wrap.upscale(card("clean", scales=(1,)), engine, night, 1, params={}).any()


def test_overshoot_is_clipped(image: Pixels) -> None:
    out = wrap.upscale(card("clean", scales=(1,)), Spy(lambda shown, _: shown * 3 - 1), image, 1, params={})
    assert out.min() == 0
    assert out.max() == 1


class OutOfMemoryError(RuntimeError):
    """Named as torch names its own."""


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (MemoryError(), EngineOutOfMemory),
        (OutOfMemoryError("CUDA"), EngineOutOfMemory),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), EngineOutOfMemory),
        (RuntimeError("std::bad_alloc"), EngineOutOfMemory),
        (ZeroDivisionError("odd"), EngineFault),
        (WeightsMissing("gone"), WeightsMissing),
    ],
)
def test_whatever_is_raised_is_typed(error: Exception, kind: type, image: Pixels, hole: Hole) -> None:
    def fail(*_: Any) -> Pixels:
        raise error

    with pytest.raises(kind) as caught:
        filled(Spy(fail), image, hole)
    assert type(caught.value) is kind
    assert caught.value is error or "toy" in str(caught.value)


def test_parameters_are_the_cards_and_no_others(image: Pixels, hole: Hole) -> None:
    engine = Spy(lambda shown, where: shown)
    defaults = {"radius": 3.0, "steps": 4, "mode": "a", "on": True}
    filled(engine, image, hole, defaults=defaults, params={"radius": 5})
    assert engine.seen["params"] == defaults | {"radius": 5}
    assert engine.seen["seed"] == 7
    assert engine.seen["prompt"] == "p"
    with pytest.raises(EngineFault, match=r"no parameter 'radios'.*mode, on, radius, steps"):
        filled(engine, image, hole, defaults=defaults, params={"radios": 5})
    for wrong in ({"steps": 4.5}, {"steps": True}, {"radius": "3"}, {"mode": 1}, {"on": 1}):
        with pytest.raises(EngineFault, match="is not a"):
            filled(engine, image, hole, defaults=defaults, params=wrong)


def test_a_scale_that_is_not_offered_is_a_fault(image: Pixels) -> None:
    with pytest.raises(EngineFault, match="its scales: 2, 4"):
        wrap.upscale(card("upscale", scales=(2, 4)), Spy(lambda *_: None), image, 3, params={})


def test_mistakes_of_the_caller_are_value_errors(image: Pixels, hole: Hole) -> None:
    engine = Spy(lambda shown, _: shown)
    bad = image.copy()
    bad[0, 0] = np.nan
    for picture, area in (
        (image[..., :2], hole),
        (image.astype(np.float64), hole),
        (image, hole[1:]),
        (bad, hole),
    ):
        with pytest.raises(ValueError):
            filled(engine, picture, area)
    with pytest.raises(ValueError, match="whole hole"):
        wrap.blend(card("blend"), engine, image, image, hole, np.zeros_like(hole), params={})
    with pytest.raises(ValueError):
        wrap.read_text(card("text"), engine, image, {})  # type: ignore[arg-type]


def test_an_empty_hole_asks_no_engine(image: Pixels) -> None:
    nothing = np.zeros((9, 13), bool)
    assert (filled(Spy(lambda *_: None), image, nothing) == image).all()


def test_readers_see_three_channels_and_polygons_stay_inside() -> None:
    wild = TextLine(((-3.0, -1.0), (99.0, 0.0), (99.0, 50.0), (0.0, 50.0)), "a", 0.9)
    engine = Spy(lambda image: (wild,))
    (line,) = wrap.read_text(card("text"), engine, np.zeros((10, 20, 1), np.uint8), {})
    assert engine.seen["image"].shape == (10, 20, 3)
    assert line.polygon == ((0.0, 0.0), (20.0, 0.0), (20.0, 10.0), (0.0, 10.0))
