"""What of the ink's colour is kept for text: letters, dots, quotes and signs; not things behind or beside them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from model_registry.engines.contract import TextLine
from tasks.detection.strokes_lines import line_masks
from tests.tasks.detection.lettering import INK, MARGIN, Written, noisy, written

Zone = NDArray[np.bool_]
ROOM = 7
"""px that a reader's box leaves around the letters."""


def box_of(case: Written) -> tuple[int, int, int, int]:
    """x0, y0, x1, y1 of what a reader would draw."""
    rows, columns = np.nonzero(case.visible)
    return (
        int(columns.min()) - ROOM, int(rows.min()) - ROOM, int(columns.max()) + 1 + ROOM, int(rows.max()) + 1 + ROOM,
    )  # fmt: skip


def hole_of(picture: NDArray[np.uint8], box: tuple[int, int, int, int], text: str) -> Zone:
    x0, y0, x1, y1 = box
    corners = ((float(x0), float(y0)), (float(x1), float(y0)), (float(x1), float(y1)), (float(x0), float(y1)))
    made = line_masks(picture, [TextLine(corners, text, 0.9)], 0.1)
    (mask,) = made.values()
    assert mask.found == "strokes", mask.reason
    hole = np.zeros(picture.shape[:2], np.bool_)
    left, top, right, bottom = mask.box
    hole[top:bottom, left:right] = mask.mask > 0
    return hole


def disc(case: Written, x: int, y: int, radius: int) -> tuple[NDArray[np.uint8], Zone]:
    """The picture with a disc of ink colour under the text."""
    mark = np.zeros(case.picture.shape[:2], np.uint8)
    cv2.circle(mark, (x, y), radius, (1,), cv2.FILLED)
    own = (mark > 0) & ~case.overlay
    return np.where(own[..., None], np.array(INK, np.uint8), case.picture).astype(np.uint8), own


def far_from(case: Written, hole: Zone, by: float) -> int:
    distance = cv2.distanceTransform((~case.overlay).astype(np.uint8), cv2.DIST_L2, 5)
    return int((hole & (distance > by)).sum())


def corners_of(box: tuple[int, int, int, int]) -> Iterator[tuple[int, int]]:
    x0, y0, x1, y1 = box
    return ((x, y) for x in (x0 + 1, x1 - 1) for y in (y0 + 1, y1 - 1))


@pytest.mark.parametrize("corner", range(4))
@pytest.mark.parametrize("radius", [2, 5])
def test_a_disc_of_ink_colour_in_the_corner_is_left(corner: int, radius: int) -> None:
    case = written("land over hill", size=40)
    x, y = list(corners_of(box_of(case)))[corner]
    picture, own = disc(case, x, y, radius)
    hole = hole_of(picture, box_of(case), "land over hill")
    assert not (hole & own)[cv2.distanceTransform((~case.overlay).astype(np.uint8), cv2.DIST_L2, 5) > 9].any()
    assert far_from(case, hole, 9) == 0
    assert hole[case.visible].all()


@pytest.mark.parametrize("side", ["above", "below"])
def test_a_disc_cut_by_the_polygon_is_left(side: str) -> None:
    case = written("land over hill", size=40)
    box = box_of(case)
    picture, _ = disc(case, (box[0] + box[2]) // 2, box[1] - 6 if side == "above" else box[3] + 6, 10)
    hole = hole_of(picture, box, "land over hill")
    assert far_from(case, hole, 9) == 0
    assert hole[case.visible].all()


@pytest.mark.parametrize("grain", [0, 14])
@pytest.mark.parametrize(
    "text",
    [
        "\u00efn a\u00e9rial \u00fcber",
        '"Quoted" it\'s',
        "-50% off!",
        "a: b; c, d.",
        "i j ! ?",
        "No_1 (x)",
        "e-mail = 3",
        "pig in sea",
        "'an'",
        "\u00c9RNE \u00c4",
    ],
)
def test_dots_accents_quotes_and_signs_stay(text: str, grain: int) -> None:
    case = written(text, size=40)
    case = noisy(case, grain) if grain else case
    hole = hole_of(case.picture, box_of(written(text, size=40)), text)
    letters = written(text, size=40).visible
    assert hole[letters].mean() > 0.998


@pytest.mark.parametrize("text", ["-left and right-", "'quoted'", "Illicit", "1 to 1", "jog", "W.", "7"])
def test_first_and_last_letters_stay(text: str) -> None:
    case = written(text, size=36)
    hole = hole_of(case.picture, box_of(case), text)
    assert hole[case.visible].all()


def test_wide_spacing_stays() -> None:
    text = "W   I   D   E     O   N   E"
    case = written(text, size=36)
    hole = hole_of(case.picture, box_of(case), text.replace(" ", ""))
    assert hole[case.visible].all()
    columns = np.flatnonzero(case.visible.any(axis=0))
    assert max(b - a for a, b in pairwise(columns)) > 20
    assert far_from(case, hole, 9) == 0


def test_a_single_descender_and_a_single_ascender_stay() -> None:
    for text in ("nanny sea", "sea lane"):
        case = written(text, size=40)
        assert hole_of(case.picture, box_of(case), text)[case.visible].all()


def test_a_box_askew_keeps_its_letters_and_leaves_the_disc() -> None:
    text = "man over sea"
    case = written(text, size=40, angle=2)
    rows, columns = np.nonzero(case.visible)
    box = (
        int(columns.min()) - ROOM,
        int(rows.min()) - ROOM + 3,
        int(columns.max()) + ROOM,
        int(rows.max()) + ROOM - 3,
    )
    hole = hole_of(case.picture, box, text)
    assert hole[case.visible].mean() > 0.999
    assert case.picture.shape[0] > 2 * MARGIN


def test_a_speck_below_the_feet_is_left_where_others_descend() -> None:
    text = "sea pig sea"
    case = written(text, size=64)
    rows, columns = np.nonzero(case.visible)
    first = columns < columns.min() + 60
    foot, left = int(rows[first].max()), int(columns.min())
    picture, speck = disc(case, left + 20, foot + 11, 3)
    hole = hole_of(picture, box_of(case), text)
    assert not (hole & speck).any()
    assert hole[case.visible].all()
