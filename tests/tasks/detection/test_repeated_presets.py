"""A preset holds overlays exactly, is the same bytes each time, and says so when it is damaged."""

from __future__ import annotations

import json
from io import BytesIO
from zipfile import ZipFile

import numpy as np
import pytest

from tasks.detection.presets import BadPreset, pack_overlays, unpack_overlays
from tasks.detection.repeated import Anchor, RepeatedOverlay
from tasks.detection.repeated_matte import on_grid
from tasks.detection.repeated_places import Placement


def overlay(scaled: bool = False) -> RepeatedOverlay:
    rng = np.random.default_rng(3)
    alpha = np.where(rng.random((20, 30)) > 0.5, rng.random((20, 30)), 0).astype(np.float32)
    ink = alpha[..., None] * rng.random((20, 30, 3)).astype(np.float32)
    placement = Placement(Anchor(1.0, 0.5), (100, 120), scaled)
    return RepeatedOverlay(placement, (60, 40, 90, 60), on_grid(alpha, ink), 8)


def test_overlays_come_back_exactly_and_the_bytes_are_the_same() -> None:
    given = (overlay(), overlay(scaled=True))
    data = pack_overlays(given)
    assert data == pack_overlays(given)
    back = unpack_overlays(data)
    for one, other in zip(given, back, strict=True):
        assert (one.placement, one.box, one.pictures) == (other.placement, other.box, other.pictures)
        assert one.matte.alpha.tobytes() == other.matte.alpha.tobytes()
        assert one.matte.ink.tobytes() == other.matte.ink.tobytes()
    assert pack_overlays(back) == data
    assert unpack_overlays(pack_overlays(())) == ()


def changed(**facts: object) -> bytes:
    """A bundle whose first overlay says something else."""
    out = BytesIO()
    with ZipFile(BytesIO(pack_overlays([overlay()]))) as old, ZipFile(out, "w") as new:
        for entry in old.namelist():
            data = old.read(entry)
            if entry == "overlays.json":
                index = json.loads(data)
                version = facts.pop("version", index["version"])
                index["overlays"][0].update(facts)
                data = json.dumps({**index, "version": version}).encode()
            new.writestr(entry, data)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"", b"PK\x03\x04", pack_overlays([overlay()])[:-40], changed(box=[60, 40, 91, 60]), changed(anchor=[2.0, 0.0]),
        changed(anchor=[float("nan"), 0.0]), changed(window=[10, 10]), changed(scaled="yes"), changed(pictures=-1),
        changed(box=[60, 40, 90]), changed(window=[10**9, 10**9]),
    ],
)  # fmt: skip
def test_a_damaged_preset_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(BadPreset, match=r"acme\.overlay"):
        unpack_overlays(data, "acme.overlay")


def test_another_version_is_named() -> None:
    with pytest.raises(BadPreset, match="version 99"):
        unpack_overlays(changed(version=99))


def test_every_flipped_byte_is_refused_or_still_a_matte() -> None:
    data = pack_overlays([overlay()])
    for at in range(0, len(data), 37):
        broken = bytearray(data)
        broken[at] ^= 0x55
        try:
            for found in unpack_overlays(bytes(broken)):
                assert found.matte.alpha.shape == (20, 30)
        except BadPreset:
            pass
