"""What detectors take for a face or a barcode and is none, and that the real ones under lettering stay guarded."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np
import pytest

from tasks.contracts import Box, Region
from tasks.policy.cleared import cleared
from tasks.policy.decide import decide
from tasks.policy.detectors.cascades import FACE, CascadeDetector, FaceDetector
from tasks.policy.detectors.codes import CodeDetector, barcode_detector
from tasks.policy.detectors.registry import load_detectors
from tasks.policy.load import default_policy
from tasks.policy.sightings import reaching
from tests.tasks.policy.pictures import SIZE, Bytes3, photo, region, with_barcode

FOLDER = Path(cv2.data.haarcascades)  # type: ignore[attr-defined]
LOOSE, STRICT = CascadeDetector(FOLDER, FACE), FaceDetector(FOLDER)
BARS = CodeDetector("barcode", (cv2.barcode.BarcodeDetector,), (0.5, 1.0, 1.5))
"""Without the proof."""
HAVE, POLICY = load_detectors(), default_policy()


def lettered(picture: Bytes3, text: str, at: tuple[int, int], size: float) -> tuple[Bytes3, Region]:
    """White letters with their left foot at `at`, and their region with 3 px around the strokes."""
    written, mask = picture.copy(), np.zeros(picture.shape[:2], np.uint8)
    for canvas, colour, thick in ((written, (255, 255, 255), 3), (mask, (255,), 9)):
        cv2.putText(canvas, text, at, cv2.FONT_HERSHEY_DUPLEX, size, colour, thick, cv2.LINE_AA)
    x, y, w, h = cv2.boundingRect(mask)
    inside = (mask[y : y + h, x : x + w] > 0).astype(np.float32)
    return written, Region(1, (x, y, x + w, y + h), inside, "text", text, 0.95)


def with_face(face: np.ndarray, side: int, at: tuple[int, int]) -> Bytes3:
    levels = cv2.resize((face * 255).astype(np.uint8), (side, side), interpolation=cv2.INTER_CUBIC)
    rim = side // 4
    framed = cv2.copyMakeBorder(levels, rim, rim, rim, rim, cv2.BORDER_REFLECT)
    picture = photo("coffee")
    y, x = at[1] - side // 4, at[0] - side // 4
    picture[y : y + len(framed), x : x + len(framed)] = framed[..., None]
    return picture


def test_a_window_that_other_cascades_do_not_back_is_no_face() -> None:
    written, line = lettered(photo("coins"), "SUMMER SALE", (20, photo("coins").shape[0] // 2), 2.0)
    box: Box = (0, 0, written.shape[1], written.shape[0])
    assert LOOSE.find(written, [box]), "one cascade alone takes coins and letters for a face"
    assert STRICT.find(written, [box]) == ()
    assert decide(line, written, written.shape[:2], "own", POLICY, HAVE).category != "face"


def test_faces_under_lettering_are_guarded_more_often_than_by_looking_at_the_letters() -> None:
    faces = np.load(str(files("skimage").joinpath("data", "lfw_subset.npy")))
    loose = under = 0
    for n, face in enumerate(faces[:40]):
        side = (64, 96, 144, 120)[n % 4]
        written, line = lettered(
            with_face(face, side, (240, 140)),
            "SALE",
            (225, 140 + 9 * side // 10),
            (0.6, 0.8, 1.2, 1.0)[n % 4],
        )
        bare = cleared(written, (0, 0, written.shape[1], written.shape[0]), [line])
        assert bare is not None
        loose += bool(reaching(line, LOOSE.find(written, [line.box])))
        under += bool(reaching(line, STRICT.find_under(written, bare, [line.box])))
    assert under >= 32
    assert under > loose + 2


def test_text_over_a_face_counts_and_text_below_its_chin_does_not() -> None:
    face: Box = (100, 100, 200, 200)
    assert reaching(region(box=(60, 140, 240, 160)), [face]) == (face,)
    assert reaching(region(box=(60, 190, 240, 210)), [face]) == (face,)
    assert reaching(region(box=(60, 210, 240, 230)), [face]) == ()
    corner = region(box=(190, 190, 300, 210))
    assert reaching(corner, [face]) == (), "the box's corner is no part of the face"
    over = region(box=(60, 140, 240, 160))
    hollow = np.zeros_like(over.mask)
    hollow[:, :30] = 1
    assert reaching(replace(over, mask=hollow), [face]) == ()


def test_the_view_is_closed_under_text_alone_and_nothing_is_written_to() -> None:
    written, line = lettered(np.full((*SIZE, 3), 90, np.uint8), "SALE", (100, 200), 2.0)
    kept, box = written.copy(), (0, 0, SIZE[1], SIZE[0])
    bare = cleared(written, box, [line])
    assert bare is not None
    assert int(np.abs(bare.astype(int) - 90).max()) <= 2
    np.testing.assert_array_equal(written, kept)
    assert cleared(written, box, [replace(line, kind="object")]) is None
    assert cleared(written[:100], (0, 0, SIZE[1], 100), [line]) is None
    half = np.asarray(cv2.resize(written, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    small = cleared(half, box, [line])
    assert small is not None
    assert int(np.abs(small.astype(int) - 90).max()) <= 4


@pytest.mark.parametrize("period", [6, 9, 12, 16])
@pytest.mark.parametrize("bent", [0, 4])
def test_striped_cloth_is_no_barcode(period: int, bent: int) -> None:
    y, x = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32)
    moved = x + bent * np.sin(y / 50) + 0.6 * bent * np.sin(y / 21 + x / 70)
    cloth = np.full(SIZE, 200, np.float32)
    cloth[60:420, 120:500] = (200 * (moved % period < period / 2) + 30)[60:420, 120:500]
    levels = np.repeat(cv2.GaussianBlur(cloth, (0, 0), 0.7).astype(np.uint8)[..., None], 3, axis=2)
    assert BARS.find(levels), "OpenCV's detector takes stripes for bars"
    assert barcode_detector().find(levels) == ()


@pytest.mark.parametrize("number", ["4006381333931", "9780201379624", "5901234123457"])
def test_a_barcode_with_lettering_across_is_found(number: str) -> None:
    written, line = lettered(with_barcode(number), "BEST PRICE", (90, 270), 1.4)
    noisy = written + np.random.default_rng(1).normal(0, 4, written.shape)
    picture = np.clip(cv2.GaussianBlur(noisy, (0, 0), 0.6), 0, 255).astype(np.uint8)
    assert barcode_detector().find(picture, [line.box])
    assert decide(line, picture, SIZE, "own", POLICY, HAVE).category == "qr-or-barcode"
