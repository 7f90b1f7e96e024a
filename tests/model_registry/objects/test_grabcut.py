"""The embedded segmenter: its first guess from points, its points, its bounded copy, and what it does with nothing."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest

from model_registry.engines.segment_contract import Levels, ObjectPrompt
from model_registry.engines.segment_geodesic import nearer_to_points
from model_registry.engines.segment_grabcut import GrabCut

PARAMS = {"pixels": 60000, "rounds": 3}


def pot() -> tuple[Levels, Levels]:
    """A blue pot with a red lid on a grey ground, and what is which: 1 pot, 2 lid."""
    rng = np.random.default_rng(2)
    parts = np.zeros((160, 200), np.uint8)
    cv2.rectangle(parts, (60, 70), (140, 130), (1,), -1)
    cv2.rectangle(parts, (70, 45), (130, 69), (2,), -1)
    colours = np.array([(150, 150, 145), (40, 60, 160), (190, 40, 40)])
    return np.clip(colours[parts] + rng.normal(0, 4, (160, 200, 3)), 0, 255).astype(np.uint8), parts


def test_the_first_guess_stops_at_edges() -> None:
    image, parts = pot()
    guess = nearer_to_points(image, ObjectPrompt(on=((100, 100),), off=((100, 55),)))
    assert guess[parts == 1].mean() > 0.9
    assert guess[parts != 1].mean() < 0.1


def test_points_off_the_object_are_not_in_it() -> None:
    image, parts = pot()
    both = GrabCut().segment(image, ObjectPrompt(box=(50, 35, 150, 140)), params=PARAMS)
    assert both[parts > 0].mean() > 0.98
    alone = GrabCut().segment(image, ObjectPrompt(on=((100, 100),), off=((100, 55),)), params=PARAMS)
    assert alone[parts == 1].mean() > 0.95
    assert alone[parts == 2].mean() < 0.05


def test_two_alike_are_told_apart_by_the_click() -> None:
    image, parts = pot()
    twice = np.concatenate([image, image], axis=1)
    found = GrabCut().segment(twice, ObjectPrompt(on=((300, 100),)), params=PARAMS)
    assert found[:, 200:][parts == 1].mean() > 0.95
    assert not found[:, :200].any()


def test_a_ground_without_noise_takes_no_longer() -> None:
    """A white studio ground leaves the minimum cut countless equal ways."""
    plain = np.full((240, 244, 3), 128, np.uint8)
    begun = time.perf_counter()
    prompt = ObjectPrompt(on=((100, 100),), ends=(True, True, False, True))
    assert GrabCut().segment(plain, prompt, params=PARAMS).mean() < 0.01
    assert time.perf_counter() - begun < 40


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (3, 2), (17, 23)])
def test_small_pictures_of_one_colour_hold_no_object(size: tuple[int, int]) -> None:
    image = np.full((*size, 3), 90, np.uint8)
    found = GrabCut().segment(image, ObjectPrompt(on=((0, 0),)), params=PARAMS)
    assert found.shape == size
    assert found.sum() <= 9
