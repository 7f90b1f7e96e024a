"""The bench of attention judges known maps as it should, and tells settling curves that differ from those that do not."""

from __future__ import annotations

import numpy as np
import pytest

from flows.bench.attention import curves
from flows.bench.attention.cases import UNKNOWN, cases, coloured_layout, expected_layout, rendered_layout
from flows.bench.attention.judging import Judged, judge, judged, mean_over_cases, of
from flows.training.backdrop.render import FLOOR, WALL, render
from model_registry.engines.observing import Observation


def test_cases_are_two_part_scenes_with_words_for_both() -> None:
    found = cases(8)
    assert [case.caption for case in cases(8)] == [case.caption for case in found]
    assert len({case.caption for case in found}) == 8
    for case in found:
        assert case.scene.floor is not None
        assert {part for word, part in case.words.items() if case.kind(word) == "surface"} == {WALL, FLOOR}
        assert all(word in case.caption for word in case.words)
        wall, floor = case.scene.wall, case.scene.floor
        for colour, part in ((wall.colour, WALL), (floor.colour, FLOOR)):
            if colour in case.words and wall.colour != floor.colour:
                assert case.words[colour] == part


def test_layouts_agree_with_the_renderer_and_leave_out_what_is_not_known() -> None:
    case = cases(3)[2]
    truth = render(case.scene, 256).layout.reshape(32, 8, 32, 8)
    known = rendered_layout(case.scene, (32, 32))
    for part in (WALL, FLOOR):
        whole = (truth == part).all(axis=(1, 3))
        assert (whole[known == part]).all()
        assert (whole & (known != part)).sum() <= 32
    expected = expected_layout((32, 16))
    assert expected.shape == (32, 16)
    assert (expected[:13] == WALL).all()
    assert (expected[24:] == FLOOR).all()
    assert (expected[14:23] == UNKNOWN).all()
    square = expected_layout((32, 32))
    assert ((known == square) | (square == UNKNOWN) | (known == UNKNOWN)).all()


def test_a_map_is_judged_on_known_ground_alone() -> None:
    layout = expected_layout((32, 32))
    where = np.ones((32, 32), np.float32)
    assert judged(where, layout, FLOOR) == pytest.approx((8 / 21, 8 / 21, False))
    where[16] = 100
    assert judged(where, layout, FLOOR) == pytest.approx((8 / 21, 8 / 21, False))
    where[30, 5] = 50
    share, area, hit = judged(where, layout, FLOOR)
    assert (area, hit) == (pytest.approx(8 / 21), True)
    assert share == pytest.approx((8 * 32 + 49) / (21 * 32 + 49))
    one = Judged(0, "oak", "surface", "", share, area, hit)
    assert one.lift > 1 > one.other().lift
    assert not one.other().hit


def lighting(case: int, right: bool) -> Observation:
    """Every word lights its part, or the other one."""
    chosen = cases(case + 1)[case]
    words = chosen.caption.replace(",", " ,").split()
    maps = np.full((1, 2, len(words), 16, 16), 0.01, np.float16)
    for n, word in enumerate(words):
        if word in chosen.words:
            part = chosen.words[word] if right else 1 - chosen.words[word]
            maps[:, :, n, : 6 if part == WALL else 16][..., (0 if part == WALL else 13) :, :] = 0.5
    return Observation(
        "a@1", chosen.caption, "", 1, "ddim", "", tokens=tuple(f"{w}</w>" for w in words),
        special=(False,) * len(words), attention=maps, groups=("down", "up"), attended_steps=(0,),
    )  # fmt: skip


@pytest.mark.parametrize("right", [True, False])
def test_words_that_light_the_right_part_are_told_from_those_that_do_not(right: bool) -> None:
    found = [
        one for n, case in enumerate(cases(4)) for one in judge(n, case, lighting(n, right), expected_layout)
    ]
    assert {one.group for one in found} == {"", "down", "up"}
    surface = of(found, "surface")
    assert len(surface) >= 8
    mean = mean_over_cases(surface, lambda one: float(one.hit))
    assert (mean.value, mean.low, mean.high) == (float(right), float(right), float(right))
    lift = mean_over_cases(surface, lambda one: one.lift)
    control = mean_over_cases([one.other() for one in surface], lambda one: one.lift)
    assert (lift.low > 1.2 > 0.8 > control.value) if right else (lift.high < 0.8 < 1.2 < control.value)


def settled(low: float, noise: float, seed: int) -> Observation:
    rng = np.random.default_rng(seed)
    curve = np.maximum(np.linspace(low, 0, 10) + rng.normal(0, noise, 10), 0).astype(np.float32)
    values = {"low": curve, "high": curve, "settled_low": curve[:1] * 10, "settled_high": curve[:1] * 10}
    return Observation("a@1", "x", "", seed, "ddim", "", settling=values)


def test_schedulers_that_differ_are_told_from_equal_ones() -> None:
    ones = {
        "a": [settled(1.0, 0.05, seed) for seed in range(16)],
        "b": [settled(1.0, 0.05, seed + 100) for seed in range(16)],
        "c": [settled(1.4, 0.05, seed + 200) for seed in range(16)],
    }
    rows = curves.differences(curves.table(ones))
    assert len(rows) == 3 * len(curves.MEASURES)
    for row in rows:
        assert row["differs"] == ("c" in (row["first"], row["second"])), row
        assert row["low"] <= row["difference"] <= row["high"]
    again = curves.differences(curves.table({"a": ones["a"], "same": ones["a"]}))
    assert not any(row["differs"] or row["difference"] for row in again)
    np.testing.assert_allclose(curves.mean_curve(ones["c"], "low")[0], 1.4, atol=0.1)


def test_a_picture_tells_by_its_colours_what_is_where() -> None:
    clear = 0
    for case in cases(10):
        picture = render(case.scene, 256).pixels
        found = coloured_layout(case.scene, picture, (32, 32))
        known = rendered_layout(case.scene, (32, 32))
        both = (found >= 0) & (known >= 0)
        if both.any():
            clear += 1
            assert (found == known)[both].mean() > 0.9, case.caption
            upside_down = coloured_layout(case.scene, np.ascontiguousarray(picture[::-1]), (32, 32))
            assert (upside_down == found[::-1]).mean() > 0.95
    assert clear >= 4
    flat = np.full((64, 64, 3), 0.5, np.float32)
    assert (coloured_layout(cases(1)[0].scene, flat, (32, 32)) == UNKNOWN).all()
    assert judge(0, cases(1)[0], lighting(0, True), lambda shape: np.full(shape, UNKNOWN, np.int8)) == []
