"""Rendered training pictures: the same again, laid out as said, lit as said, named as drawn, held-out ones kept out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from flows.training.backdrop.caption import all_words, caption, spans
from flows.training.backdrop.pictures import picture, scene_of, store, stored
from flows.training.backdrop.render import FLOOR, WALL, render
from flows.training.backdrop.scene import (
    HELD_OUT,
    MATERIALS,
    PALETTE,
    Light,
    Scene,
    Surface,
    draw_scene,
    is_held_out,
)

SIDE = 96
EVEN = Light("front", "soft", "neutral")


def flat(material: str, colour: str, light: Light = EVEN, seed: int = 1) -> Scene:
    return Scene(Surface(material, colour), None, 1.0, light, seed)


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_scene_is_rendered_the_same_again_and_another_seed_is_another_picture() -> None:
    scene = draw_scene(rng(3))
    assert scene == draw_scene(rng(3))
    first = render(scene, SIDE)
    assert first.pixels.dtype == np.float32
    assert 0 <= first.pixels.min() <= first.pixels.max() <= 1
    np.testing.assert_array_equal(first.pixels, render(scene, SIDE).pixels)
    other = render(replace(scene, seed=scene.seed + 1), SIDE).pixels
    assert float(np.abs(first.pixels - other).mean()) > 0.002


@pytest.mark.parametrize("material", MATERIALS)
def test_every_colour_of_a_material_is_nearest_to_its_own_name(material: str) -> None:
    """In the brightest fifth of pictures, since light and veins take away from colours and hardly add to them."""
    for colour in MATERIALS[material]:
        pixels = np.concatenate(
            [render(flat(material, colour, seed=n), SIDE).pixels for n in range(4)]
        ).reshape(-1, 3)
        bright = pixels[pixels.sum(1) >= np.quantile(pixels.sum(1), 0.8)].mean(0)
        gaps = {name: float(np.abs(bright - PALETTE[name]).sum()) for name in MATERIALS[material]}
        assert gaps[colour] <= min(gaps.values()) + 0.15, (colour, gaps)


def test_the_layout_is_the_horizon_and_colours_lie_on_either_side_of_it() -> None:
    scene = Scene(Surface("studio", "white"), Surface("paper", "navy"), 0.6, EVEN, 4)
    made = render(scene, SIDE)
    line = round(0.6 * SIDE)
    assert (made.layout[:line] == WALL).all()
    assert (made.layout[line:] == FLOOR).all()
    assert float(made.pixels[made.layout == WALL].mean()) > 0.6
    assert float(made.pixels[made.layout == FLOOR].mean()) < 0.35
    assert (render(flat("studio", "white"), SIDE).layout == WALL).all()


@pytest.mark.parametrize("quality", ["soft", "hard"])
def test_light_comes_from_where_it_is_said_to(quality: str) -> None:
    def lit(side: str) -> NDArray[np.float32]:
        light = Light(side, quality, "neutral")  # type: ignore[arg-type]
        made = [render(flat("studio", "grey", light, n), SIDE).pixels.mean(2) for n in range(4)]
        return np.asarray(np.mean(made, axis=0), np.float32)

    third = SIDE // 3
    for side, picture_ in (("left", lit("left")), ("right", lit("right")[:, ::-1]), ("top", lit("top").T)):
        assert picture_[:, :third].mean() > picture_[:, -third:].mean() + 0.08, side
    front = lit("front")
    assert front[third:-third, third:-third].mean() > front[:8, :8].mean() + 0.05


def test_warm_light_is_redder_than_cool_light() -> None:
    def red(warmth: str) -> float:
        pixels = render(flat("plaster", "grey", Light("left", "soft", warmth)), SIDE).pixels  # type: ignore[arg-type]
        return float((pixels[..., 0] - pixels[..., 2]).mean())

    assert red("warm") > red("neutral") + 0.03 > red("cool") + 0.06


def test_captions_name_what_is_drawn_and_say_which_part_each_word_is_about() -> None:
    known = set(all_words())
    for seed in range(300):
        scene = draw_scene(rng(seed))
        said = caption(scene, rng(seed))
        assert said == caption(scene, rng(seed))
        words = said.replace(",", "").split()
        assert set(words) <= known
        for surface in (scene.wall, scene.floor):
            assert (
                surface is None or surface.colour in words or (surface.colour == "grey" and "gray" in words)
            )
        about = spans(said, scene)
        assert set(about) <= set(words)
        if scene.floor and scene.floor.colour != scene.wall.colour:
            assert about.get(scene.floor.colour, "floor") == "floor"
            assert about.get(scene.wall.colour, "wall") == "wall"
        if scene.floor is None:
            assert "floor" not in about.values()


def test_words_that_join_two_surfaces_are_not_about_light() -> None:
    scene = Scene(Surface("plaster", "beige"), Surface("marble", "grey"), 0.5, EVEN, 1)
    about = spans("grey marble in front of a beige plaster wall, soft light from the left", scene)
    assert about == {
        "grey": "floor", "marble": "floor", "beige": "wall", "plaster": "wall", "wall": "wall",
        "soft": "light", "light": "light", "left": "light",
    }  # fmt: skip
    assert "above" not in spans("beige plaster wall above a grey marble table top", scene)
    assert spans("grey marble, soft light from above", scene)["above"] == "light"


def test_held_out_combinations_are_never_among_those_to_learn_from_but_their_halves_are() -> None:
    learnt = [scene_of(n) for n in range(400)]
    seen = {(s.material, s.colour) for one in learnt for s in (one.wall, one.floor) if s is not None}
    assert not seen & HELD_OUT
    for material, colour in HELD_OUT:
        assert colour in MATERIALS[material]
        assert any(m == material for m, _ in seen)
        assert any(c == colour for _, c in seen)
    assert all(is_held_out(scene_of(n, held_out=True)) for n in range(50))


def test_a_file_of_pictures_cut_off_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = tmp_path / "pictures.u8"
    store(path, 2)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - 1000])
    store(path, 2)
    assert path.read_bytes() == whole
    np.testing.assert_array_equal(stored(path)[1], picture(scene_of(1)))
