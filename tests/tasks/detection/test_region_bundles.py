"""Regions packed and unpacked."""

from __future__ import annotations

import json
from io import BytesIO
from zipfile import ZipFile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tasks.contracts import Region
from tasks.detection.levels import from_levels, to_levels
from tasks.detection.regions import regions_from_mask
from tasks.detection.serial import pack, regions_to_json, unpack
from tasks.errors import ArtifactDamaged


@st.composite
def regions(draw: st.DrawFn) -> Region:
    levels = draw(arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12))))
    height, width = levels.shape
    x, y = draw(st.integers(0, 9000)), draw(st.integers(0, 9000))
    return Region(
        draw(st.integers(1, 999)), (x, y, x + width, y + height), from_levels(levels),
        draw(st.sampled_from(["text", "object", "picture"])), draw(st.text()), draw(st.floats(0, 1)),
    )  # fmt: skip


@settings(deadline=None)
@given(given_regions=st.lists(regions(), max_size=4))
def test_regions_come_back_exactly_and_the_bytes_are_always_the_same(given_regions: list[Region]) -> None:
    bundle = pack(given_regions)
    assert pack(given_regions) == bundle
    assert {entry.date_time for entry in ZipFile(BytesIO(bundle)).infolist()} == {(1980, 1, 1, 0, 0, 0)}
    back = unpack(bundle)
    assert pack(back) == bundle
    assert regions_to_json(back) == regions_to_json(given_regions)
    for one, other in zip(back, given_regions, strict=True):
        assert one.mask.dtype == np.float32
        np.testing.assert_array_equal(one.mask, other.mask)


def test_what_is_said_of_a_region_is_plain_json() -> None:
    (region,) = regions_from_mask(np.ones((4, 6), np.float32), feather=1)
    said = regions_to_json([region])
    assert json.loads(json.dumps(said)) == said
    expected = {"n": 1, "kind": "object", "text": "", "box": [0, 0, 6, 4], "confidence": 1.0}
    assert said == [{**expected, "found": "", "note": "", "key": ""}]


@given(mask=arrays(np.float32, (3, 5), elements=st.floats(-1, 2, width=32)))
def test_the_grid_keeps_holes_and_is_its_own_image(mask: np.ndarray) -> None:
    grid = from_levels(to_levels(mask))
    np.testing.assert_array_equal(grid > 0, mask > 0)
    np.testing.assert_array_equal(from_levels(to_levels(grid)), grid)
    assert np.abs(grid - np.clip(mask, 0, 1)).max() <= 1 / 255


@given(cut=st.floats(0, 0.99), at=st.integers(0, 10**6), damage=st.integers(1, 255))
def test_a_damaged_bundle_is_recognised_or_whole(cut: float, at: int, damage: int) -> None:
    bundle = pack(regions_from_mask(np.ones((4, 6), np.float32), feather=1))
    with pytest.raises(ArtifactDamaged):
        unpack(bundle[: int(len(bundle) * cut)])
    hurt = bytearray(bundle)
    hurt[at % len(hurt)] ^= damage
    try:
        (region,) = unpack(bytes(hurt))
    except ArtifactDamaged:
        return
    assert region.mask.shape == (4, 6)


def test_a_mask_that_does_not_fit_its_box_is_not_stored() -> None:
    with pytest.raises(ValueError, match="region 7"):
        pack([Region(7, (0, 0, 5, 5), np.ones((4, 5), np.float32), "object")])
