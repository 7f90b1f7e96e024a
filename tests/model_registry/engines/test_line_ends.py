"""Line ends: what is left out early is never one, and a line's way into the hole is found by its nearest pixels."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from model_registry.engines.classical import structure_ends
from model_registry.engines.classical.structure_ends import _entry, line_ends
from model_registry.engines.contract import Hole, Pixels
from model_registry.engines.diffusion_pixels import smooth_under


def lined() -> tuple[Pixels, Hole]:
    """Sticks of many directions, some of which run into a round hole."""
    rng = np.random.default_rng(8)
    page = np.full((200, 220, 3), 150, np.uint8)
    for _ in range(60):
        a, b = (tuple(int(v) for v in rng.integers(0, 200, 2)) for _ in range(2))
        cv2.line(page, a, b, tuple(int(v) for v in rng.integers(0, 255, 3)), 5, cv2.LINE_AA)
    hole = np.zeros((200, 220), np.uint8)
    cv2.circle(hole, (110, 100), 30, (1,), -1)
    return smooth_under(page.astype(np.float32) / np.float32(255), hole > 0), hole > 0


def test_leaving_out_what_is_far_off_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    image, hole = lined()
    found = line_ends(image, hole)
    monkeypatch.setattr(structure_ends, "_TOO_FAR", 1e9)
    monkeypatch.setattr(structure_ends, "_near", lambda segments, outside: segments)
    every = line_ends(image, hole)
    assert len(found) == len(every) >= 4
    for one, other in zip(found, every, strict=True):
        assert (one.x, one.y, one.dx, one.dy, one.length) == (
            other.x,
            other.y,
            other.dx,
            other.dy,
            other.length,
        )
        np.testing.assert_array_equal(one.profile, other.profile)


def test_a_line_enters_at_the_first_hole_pixel_on_its_way_and_not_beyond_the_picture() -> None:
    outside = np.ones((20, 30))
    outside[:, 12:15] = 0
    right = np.array([1.0, 0.0])
    assert _entry(np.array([8.0, 10.0]), right, outside) == (11.5, 10.0)
    assert _entry(np.array([3.0, 10.0]), right, outside) is None
    assert _entry(np.array([17.0, 10.0]), right, outside) is None
    outside[:, 28:] = 0
    assert _entry(np.array([26.0, 10.0]), right, outside) == (27.5, 10.0)
    assert _entry(np.array([26.0, 18.0]), np.array([0.0, 1.0]), outside) is None
