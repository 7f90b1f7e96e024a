"""Detectors on real pictures: what they find, what they take for something else, and what happens without them."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np
import pytest

from flows.demo.photographs import FILES
from tasks.policy.decide import decide, decide_all
from tasks.policy.detectors.contract import Detector, Detectors, identity
from tasks.policy.detectors.registry import LOADERS, load_detectors
from tasks.policy.load import default_policy
from tests.tasks.policy.pictures import SIZE, blank, photo, region, with_barcode, with_qr

HAVE = load_detectors()
FACE = (170, 60, 280, 170)
"""The astronaut's, by eye."""


def overlap(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(width, 0) * max(height, 0) / ((other[2] - other[0]) * (other[3] - other[1]))


def test_all_are_here_and_keep_the_contract() -> None:
    assert not HAVE.missing
    assert set(HAVE) == set(LOADERS)
    for detector in HAVE.values():
        assert isinstance(detector, Detector)
        for shape in ((1, 1), (3, 200), (23, 23), (24, 24), (31, 17), (2, 1)):
            assert detector.find(np.full((*shape, 3), 90, np.uint8)) == ()


def test_the_astronauts_face_is_found_and_nothing_is_written_to() -> None:
    picture = photo("astronaut")
    kept = picture.copy()
    assert any(overlap(box, FACE) > 0.6 for box in HAVE["face"].find(picture))
    np.testing.assert_array_equal(picture, kept)


def test_faces_of_lfw_are_found() -> None:
    faces = np.load(str(files("skimage").joinpath("data", "lfw_subset.npy")))
    found = [bool(HAVE["face"].find(_framed(face))) for face in faces]
    assert sum(found[:100]) >= 96, "100 faces"
    assert sum(found[100:]) <= 2, "100 pieces of pictures without one"


def _framed(face: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    grey = cv2.resize((face * 255).astype(np.uint8), (75, 75), interpolation=cv2.INTER_CUBIC)
    framed = cv2.copyMakeBorder(grey, 20, 20, 20, 20, cv2.BORDER_REFLECT)
    return np.ascontiguousarray(np.repeat(framed[..., None], 3, axis=2))


@pytest.mark.parametrize("pixels", [2, 3, 4, 6, 9])
def test_qr_codes_are_found_where_they_are(pixels: int) -> None:
    inner = (400 + 2 * pixels, 200 + 2 * pixels, 400 + 23 * pixels, 200 + 23 * pixels)
    boxes = HAVE["qr"].find(with_qr(pixels))
    assert any(overlap(box, inner) > 0.7 for box in boxes), boxes


@pytest.mark.parametrize("scale", [0.5, 0.75, 1.0, 1.5, 2.0])
def test_barcodes_are_found_where_they_are(scale: float) -> None:
    picture = cv2.resize(with_barcode(), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    where = tuple(round(v * scale) for v in (120, 200, 405, 320))
    boxes = HAVE["barcode"].find(np.asarray(picture, np.uint8))
    assert any(overlap(box, where) > 0.6 for box in boxes), boxes


def test_false_alarms_on_photographs() -> None:
    alarms = {
        (name, kind) for name in FILES for kind in HAVE
        if HAVE[kind].find(photo(name)) and (name, kind) not in PEOPLE
    }  # fmt: skip
    assert alarms == EXPECTED_ALARMS


EXPECTED_ALARMS: set[tuple[str, str]] = set()
"""Found in 12 photographs where a person sees none."""
PEOPLE = {("astronaut", "face"), ("camera", "face")}
"""The cameraman shows his profile."""


def test_same_boxes_from_many_threads() -> None:
    pictures = [photo("astronaut"), with_qr(), with_barcode(), photo("coffee")] * 2
    for detector in HAVE.values():
        alone = [detector.find(p) for p in pictures]
        with ThreadPoolExecutor(4) as threads:
            assert list(threads.map(detector.find, pictures)) == alone


def test_a_removed_cascade_is_missing_and_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2.data, "haarcascades", f"{tmp_path}/")
    left = load_detectors()
    assert set(left) == {"qr", "barcode"}
    assert set(left.missing) == {"face", "plate"}
    for rights in ("own", "licensed", "unknown"):
        decision = decide(region("SALE"), blank(), SIZE, rights, default_policy(), left)  # type: ignore[arg-type]
        assert decision.verdict == "block"
        assert decision.reason == "the face detector is missing"
        assert "FileNotFoundError" in decision.evidence
        assert decision.cure
    assert identity(left) != identity(HAVE)


@pytest.mark.parametrize(
    "content", [b"", b"<?xml version='1.0'?><opencv_storage></opencv_storage>", b"\x00" * 64]
)
def test_a_damaged_cascade_is_missing(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(cv2.data.haarcascades, tmp_path / "cascades")
    (tmp_path / "cascades" / "haarcascade_profileface.xml").write_bytes(content)
    monkeypatch.setattr(cv2.data, "haarcascades", f"{tmp_path / 'cascades'}/")
    left = load_detectors()
    assert set(left.missing) == {"face"}, "half a face detector is none"


@pytest.mark.parametrize("name", sorted(LOADERS))
def test_each_missing_detector_blocks(name: str) -> None:
    left = Detectors({k: v for k, v in HAVE.items() if k != name}, {name: "taken away"})
    decision = decide(region("SALE"), blank(), SIZE, "unknown", default_policy(), left)
    assert (decision.verdict, decision.reason) == ("block", f"the {name} detector is missing")
    both = decide_all(
        [region("SALE"), region("Aurora", "centre")], lambda box: blank(), SIZE, "own", default_policy(), left
    )
    assert {d.verdict for d in both} == {"block"}


def test_a_detector_that_breaks_blocks() -> None:
    class Broken:
        version = "1"

        def find(self, image: object, near: object = ()) -> tuple[()]:
            raise ZeroDivisionError("at the wrong moment")

    broken = Detectors({**HAVE, "face": Broken()})
    decision = decide(region("SALE"), blank(), SIZE, "own", default_policy(), broken)
    assert (decision.verdict, decision.category) == ("block", "face")
    assert "ZeroDivisionError" in decision.evidence
