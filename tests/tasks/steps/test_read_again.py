"""What is read again counts as left behind only where it may be the text that was removed."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from model_registry.engines.contract import TextLine
from tasks.contracts import Zone
from tasks.steps.verify import where_removed


def line(middle: tuple[float, float], long: float, tall: float, angle: float = 0.0) -> TextLine:
    along = np.array([np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))])
    down = np.array([-along[1], along[0]])
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    corners = [np.array(middle) + a * along * long / 2 + d * down * tall / 2 for a, d in signs]
    return TextLine(tuple((float(x), float(y)) for x, y in corners), "read", 0.9)


def hole(made: TextLine) -> Zone:
    canvas = np.zeros((200, 300), np.uint8)
    cv2.fillPoly(canvas, [np.rint(made.polygon).astype(np.int32)], (1,))
    canvas[::3] = 0
    return canvas > 0


@pytest.mark.parametrize("angle", [0.0, 25.0, -70.0])
def test_what_stands_where_text_stood_is_left_behind_whole_or_in_part(angle: float) -> None:
    removed = hole(line((150, 100), 160, 30, angle))
    way = np.array([np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))])
    same, part = line((150, 100), 160, 36, angle), line(tuple(np.array([150, 100]) + 70 * way), 60, 34, angle)
    assert where_removed((same, part), removed) == (same, part)


def test_half_of_a_line_that_goes_on_beyond_what_was_removed_is_left_behind() -> None:
    long = line((180, 100), 220, 34)
    assert where_removed((long,), hole(line((110, 100), 80, 30))) == (long,)


@pytest.mark.parametrize("angle", [0.0, 25.0, -70.0])
def test_one_large_sign_and_the_line_beneath_are_not(angle: float) -> None:
    removed = hole(line((150, 100), 160, 30, angle))
    down = np.array([-np.sin(np.deg2rad(angle)), np.cos(np.deg2rad(angle))])
    sign, beneath = (
        line((150, 100), 170, 80, angle),
        line(tuple(np.array([150, 100]) + 18 * down), 150, 34, angle),
    )
    assert where_removed((sign, beneath), removed) == ()
