"""The benchmarks' bicubic: its kernel, its borders, and the very bytes of Set5's small pictures."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from flows.training.upscale_network.imresize import Bytes3, cubic, imresize

SET5 = Path(os.environ.get("PENTIMENTO_DATA", "")) / "dev" / "sr"


def read(path: Path) -> Bytes3:
    return np.ascontiguousarray(np.asarray(cv2.imread(str(path)), np.uint8)[..., ::-1])


@pytest.mark.skipif(
    not os.environ.get("PENTIMENTO_DATA") or not (SET5 / "Set5_x2").is_dir(),
    reason="PENTIMENTO_DATA does not hold Set5",
)
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_the_small_pictures_of_set5_are_made_to_the_byte(scale: int) -> None:
    found = sorted((SET5 / f"Set5_x{scale}").glob("*_HR.png"))
    assert len(found) == 5
    for path in found:
        small = read(path.with_name(path.name.replace("_HR", "_LR")))
        assert (imresize(read(path), *small.shape[:2]) == small).all(), path.name


def test_a_flat_picture_stays_flat_and_none_is_changed(drawn: Bytes3) -> None:
    flat = np.full((31, 17, 3), 93, np.uint8)
    before = drawn.copy()
    for size in ((62, 34), (10, 6), (31, 17), (7, 40)):
        assert (imresize(flat, *size) == 93).all()
        assert imresize(drawn, *size).shape == (*size, 3)
    assert (drawn == before).all()
    assert (imresize(drawn, 240, 320) == drawn).all()


def test_the_kernel_passes_through_its_points_and_sums_to_one() -> None:
    assert cubic(np.array([0.0, 1.0, 2.0, -1.0])).tolist() == [1.0, 0.0, 0.0, 0.0]
    for shift in (0.0, 0.25, 0.5, 0.9):
        assert cubic(np.asarray(shift - np.arange(-3, 4.0), np.float64)).sum() == pytest.approx(1.0)


def test_shrinking_is_smoothed_first() -> None:
    """A board of single pixels is grey when halved; without the wider kernel it would stay black and white."""
    board = (np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8)[..., None].repeat(3, 2)
    inner = imresize(board, 24, 24)[4:-4, 4:-4].astype(int)
    assert abs(inner - 127).max() < 20
