"""Regions as bytes and back: one deterministic bundle, masks as 8-bit PNG."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Sequence
from io import BytesIO
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import cv2
import numpy as np

from tasks.contracts import JsonObject, Region
from tasks.detection.levels import Levels, from_levels, to_levels
from tasks.errors import ArtifactDamaged

_EPOCH = (1980, 1, 1, 0, 0, 0)
_INDEX = "regions.json"
_DAMAGE = (
    BadZipFile, zlib.error, struct.error, cv2.error,
    KeyError, ValueError, TypeError, AttributeError, EOFError, OSError, RuntimeError,
)  # fmt: skip
"""What reading a damaged bundle raises: a flipped bit can make an entry look encrypted, compressed or misplaced."""


def regions_to_json(regions: Sequence[Region]) -> list[JsonObject]:
    """What a region says besides its mask."""
    return [
        {
            "n": r.n, "kind": r.kind, "text": r.text, "box": list(r.box), "confidence": r.confidence, "found": r.found,
            "note": r.note, "key": r.key,
        }
        for r in regions
    ]  # fmt: skip


def pack(regions: Sequence[Region]) -> bytes:
    """A zip of stored entries: `regions.json` and `mask/<place>.png` for each region in turn; the same bytes each time.

    Masks are stored on 256 levels: exact for the masks regions are made with, and `mask > 0` always survives.
    ValueError when a mask is not of its box's size, or is empty-sided."""
    out = BytesIO()
    with ZipFile(out, "w", ZIP_STORED) as bundle:
        index = json.dumps(regions_to_json(regions), sort_keys=True, separators=(",", ":"))
        bundle.writestr(ZipInfo(_INDEX, _EPOCH), index)
        for place, region in enumerate(regions):
            x0, y0, x1, y1 = region.box
            if region.mask.shape != (y1 - y0, x1 - x0) or 0 in region.mask.shape:
                raise ValueError(f"region {region.n}: mask {region.mask.shape} for box {region.box}")
            bundle.writestr(ZipInfo(_name(place), _EPOCH), _png(to_levels(region.mask)))
    return out.getvalue()


def unpack(bundle: bytes) -> tuple[Region, ...]:
    """The regions that `pack` stored. Raises ArtifactDamaged when the bytes are not such a bundle."""
    try:
        with ZipFile(BytesIO(bundle)) as entries:
            index = json.loads(entries.read(_INDEX))
            return tuple(_region(facts, entries.read(_name(place))) for place, facts in enumerate(index))
    except _DAMAGE as fault:
        raise ArtifactDamaged("the stored regions cannot be read") from fault


def _region(facts: JsonObject, png: bytes) -> Region:
    x0, y0, x1, y1 = facts["box"]
    levels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    if levels is None or levels.dtype != np.uint8 or levels.shape != (y1 - y0, x1 - x0):
        raise ValueError("the mask does not fit its box")
    mask = from_levels(np.asarray(levels, np.uint8))
    said = {name: facts[name] for name in ("kind", "text", "confidence", "found", "note", "key")}
    return Region(facts["n"], (x0, y0, x1, y1), mask, **said)


def _name(place: int) -> str:
    return f"mask/{place:05}.png"


def _png(levels: Levels) -> bytes:
    ok, data = cv2.imencode(".png", np.ascontiguousarray(levels), [cv2.IMWRITE_PNG_COMPRESSION, 6])
    if not ok:
        raise ValueError(f"cannot store a mask of shape {levels.shape}")
    return bytes(data)
