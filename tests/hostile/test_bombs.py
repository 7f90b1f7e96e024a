"""Files made to cost hours or gigabytes end typed, at once and in little memory, and say what is wrong with them."""

from __future__ import annotations

import pytest

from flows.bench.hostile.bombing import Thrown, thrown
from flows.bench.hostile.bombs import bombs, overlapping
from tasks.contracts import PictureMeta, Raster
from tasks.detection.mask_file import mask_from_file
from tasks.errors import BadMask, Undecodable
from tasks.export.exif import clean_exif
from tasks.triage.decode import decode

MAKERS = dict(bombs())
REFUSED = ("flood", "cycle", "chain", "overlap", "bomb-16", "giant", "end-before", "frames")
READ_ALL_THE_SAME = ("png-exif-overlaps", "jpeg-exif-overlaps")
"""What only describes a picture is left out, and the picture read."""


@pytest.fixture(scope="module")
def ends() -> dict[str, Thrown]:
    return {end.name: end for end in thrown()}


def test_no_bomb_costs_five_seconds_or_a_gibibyte(ends: dict[str, Thrown]) -> None:
    assert len(ends) == len(MAKERS) >= 45
    assert [end for end in ends.values() if not end.harmless] == []


def test_floods_are_refused_and_what_is_under_the_limits_is_read(ends: dict[str, Thrown]) -> None:
    for name, end in ends.items():
        hostile = any(word in name for word in REFUSED) and name not in READ_ALL_THE_SAME
        assert (end.end == "rejected") == (hostile or name == "jpeg-30000-scans"), end


@pytest.mark.parametrize(
    "name", ["png-flood-IDAT", "jpeg-flood-comments", "tiff-cycle-of-two", "webp-frames"]
)
def test_the_refusal_names_picture_stage_reason_and_cure(name: str) -> None:
    with pytest.raises(Undecodable) as refusal:
        decode(MAKERS[name](), name="p-1", max_pixels=10**8, max_bytes=2**29)
    assert (refusal.value.picture, refusal.value.stage) == ("p-1", "triage")
    assert refusal.value.message
    assert refusal.value.cure


@pytest.mark.parametrize(
    "name", ["png-flood-prVt", "jpeg-flood-fill", "tiff-strip-flood", "bmp-run-flood", "webp-flood"]
)
def test_a_mask_is_no_way_round(name: str) -> None:
    import numpy as np

    raster = Raster(np.zeros((24, 24, 3), np.uint8), PictureMeta("PNG"))
    with pytest.raises(BadMask):
        mask_from_file(MAKERS[name](), raster)


def test_exif_that_overlaps_is_no_larger_out_than_in() -> None:
    block = overlapping(2**18)
    kept = clean_exif(block, orientation=6, size=(1, 1), strip_gps=True)
    assert kept is not None
    assert sum(len(entry.data) for entry in kept.entries.values()) <= len(block)
