"""Detectors that look around the regions alone see what they would see there in the whole picture."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.contracts import Box
from tasks.policy.decide import decide, decide_all
from tasks.policy.detectors.codes import CodeDetector
from tasks.policy.detectors.contract import Detector, Detectors
from tasks.policy.detectors.finders import may_hold_qr
from tasks.policy.detectors.registry import load_detectors
from tasks.policy.load import default_policy
from tasks.policy.sightings import touching
from tests.tasks.policy.pictures import SIZE, Bytes3, blank, photo, region, with_barcode, with_qr

HAVE, POLICY = load_detectors(), default_policy()
PLAIN = CodeDetector("qr", (cv2.QRCodeDetector, cv2.QRCodeDetectorAruco), (1.0,))
"""Without the quick look."""


Floats = NDArray[np.floating]


class Asked:
    """A detector that sees nothing and keeps what it was asked."""

    version = "1"

    def __init__(self) -> None:
        self.near: list[tuple[Box, ...]] = []

    def find(self, image: Bytes3, near: Sequence[Box] = ()) -> tuple[Box, ...]:
        self.near.append(tuple(near))
        return ()


def grey(picture: Bytes3) -> Bytes3:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)


def pasted(face: Floats, side: int, at: tuple[int, int]) -> Bytes3:
    levels = cv2.resize((face * 255).astype(np.uint8), (side, side), interpolation=cv2.INTER_CUBIC)
    framed = cv2.copyMakeBorder(levels, side // 4, side // 4, side // 4, side // 4, cv2.BORDER_REFLECT)
    picture = np.ascontiguousarray(photo("coffee"))
    y, x = at[1] - side // 4, at[0] - side // 4
    picture[y : y + len(framed), x : x + len(framed)] = framed[..., None]
    return picture


def test_faces_at_regions_are_found_as_in_the_whole_picture() -> None:
    faces = np.load(str(files("skimage").joinpath("data", "lfw_subset.npy")))
    whole = near = 0
    for n, face in enumerate(faces[:40]):
        side = (48, 64, 96, 144)[n % 4]
        picture = pasted(face, side, (220, 120))
        line = region("SALE", box=(200, 120 + side // 3, 420, 120 + side // 3 + 24))
        whole += bool(touching(line, HAVE["face"].find(picture)))
        near += bool(touching(line, HAVE["face"].find(picture, [line.box])))
    assert whole >= 32
    assert near >= whole - 1, "every second size is tried first"


def test_no_false_alarms_near_regions() -> None:
    boxes: list[Box] = [(20, 20, 300, 60), (100, 200, 260, 240), (40, 300, 380, 350)]
    for name in ("coffee", "gravel", "motorcycle", "rocket", "brick"):
        assert HAVE["face"].find(photo(name), boxes) == (), name


def test_a_face_far_from_every_region_may_be_left_out_and_one_at_a_second_region_is_not() -> None:
    picture = photo("astronaut")
    far, over = (300, 440, 500, 480), (180, 110, 300, 140)
    assert HAVE["face"].find(picture, [far, over])
    assert not touching(region("SALE", box=far), HAVE["face"].find(picture, [far]))


@pytest.mark.parametrize("pixels", [2, 3, 4, 6, 9])
@pytest.mark.parametrize("angle", [0, 7, 45])
def test_the_quick_look_lets_every_qr_code_pass(pixels: int, angle: int) -> None:
    turn = cv2.getRotationMatrix2D((400 + 12.5 * pixels, 200 + 12.5 * pixels), angle, 1)
    turned = cv2.warpAffine(with_qr(pixels), turn, SIZE[::-1], borderValue=(200, 200, 200))
    picture = np.asarray(turned, np.uint8)
    over: Box = (400 + 8 * pixels, 200 + 8 * pixels, 400 + 16 * pixels, 200 + 12 * pixels)
    boxes = PLAIN.find(picture)
    assert boxes or angle == 45
    if boxes:
        assert may_hold_qr(grey(picture), [over])
        assert HAVE["qr"].find(picture, [over]) == HAVE["qr"].find(picture) == boxes


def test_the_quick_look_spares_plain_pictures_and_codes_apart() -> None:
    assert not may_hold_qr(grey(blank()))
    assert not may_hold_qr(grey(photo("astronaut")))
    assert not may_hold_qr(grey(with_qr(4)), [(20, 20, 90, 40)])
    assert may_hold_qr(np.zeros((3, 3), np.uint8)), "too small to tell"


def test_a_barcode_under_one_of_many_regions_is_found() -> None:
    regions = [region("Aurora", box=(200, 220, 300, 250)), region("Aurora", box=(20, 20, 90, 40))]
    found = decide_all(regions, lambda box: with_barcode(), SIZE, "own", POLICY, HAVE)
    assert [d.category for d in found] == ["qr-or-barcode", ""]


def test_the_plate_detector_is_not_asked_about_text_that_was_read_but_must_be_there() -> None:
    asked = {name: Asked() for name in HAVE}
    given: dict[str, Detector] = {**asked}
    read, unread = region("SUMMER SALE -50%"), region("AB12 3CD", box=(20, 100, 90, 130))
    decide(read, blank(), SIZE, "own", POLICY, Detectors(given))
    assert asked["plate"].near == []
    assert asked["face"].near == asked["qr"].near == [(read.box,)]
    decide_all([read, unread], lambda box: blank(), SIZE, "own", POLICY, Detectors(given))
    assert asked["plate"].near == [(unread.box,)]
    assert asked["face"].near[-1] == (read.box, unread.box)
    left = Detectors({k: v for k, v in HAVE.items() if k != "plate"}, {"plate": "taken away"})
    assert decide(read, blank(), SIZE, "own", POLICY, left).verdict == "block"
