"""Overlays as a file that a supplier can use again: a zip of JSON and 16-bit PNG planes, the same bytes each time."""

from __future__ import annotations

import json
import math
import struct
import zlib
from collections.abc import Sequence
from io import BytesIO
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import numpy as np

from tasks.contracts import Box, JsonObject
from tasks.detection.repeated import RepeatedOverlay
from tasks.detection.repeated_matte import Matte
from tasks.detection.repeated_places import Anchor, Placement
from tasks.errors import ArtifactDamaged, BadRequest
from tasks.lossless import decode_mask, decode_pixels, encode_mask, encode_pixels

SUFFIX = ".overlay"
MEDIA_TYPE = "application/vnd.pentimento.overlay+zip"
FORMAT, VERSION = "pentimento-overlays", 1
MOST_BYTES = 64 * 2**20
_MOST = 64
_LONGEST = 20_000
_EPOCH = (1980, 1, 1, 0, 0, 0)
_INDEX = "overlays.json"
_DAMAGE = (
    BadZipFile, zlib.error, struct.error, KeyError, ValueError, TypeError, AttributeError, EOFError, OSError,
    RuntimeError, OverflowError, RecursionError, ArtifactDamaged,
)  # fmt: skip


class BadPreset(BadRequest):
    """A preset that cannot be read, or is of a version this program does not know."""

    default_cure = "save it again with `pentimento overlays save RUN_ID --out FILE`"


def pack_overlays(overlays: Sequence[RepeatedOverlay]) -> bytes:
    """The bundle: `overlays.json`, and `N/alpha.png` and `N/ink.png` for each. Equal overlays give equal bytes."""
    out = BytesIO()
    with ZipFile(out, "w", ZIP_STORED) as bundle:
        index = {"format": FORMAT, "version": VERSION, "overlays": [_facts(o) for o in overlays]}
        bundle.writestr(ZipInfo(_INDEX, _EPOCH), json.dumps(index, sort_keys=True, separators=(",", ":")))
        for n, overlay in enumerate(overlays):
            bundle.writestr(ZipInfo(f"{n}/alpha.png", _EPOCH), encode_mask(overlay.matte.alpha))
            bundle.writestr(ZipInfo(f"{n}/ink.png", _EPOCH), encode_pixels(overlay.matte.ink))
    return out.getvalue()


def unpack_overlays(data: bytes, name: str = "the preset") -> tuple[RepeatedOverlay, ...]:
    """The overlays that `pack_overlays` stored, exactly. Raises BadPreset for anything else, naming `name`."""
    if len(data) > MOST_BYTES:
        raise BadPreset(f"{name} is larger than {MOST_BYTES} bytes")
    try:
        with ZipFile(BytesIO(data)) as bundle:
            if sum(entry.file_size for entry in bundle.infolist()) > MOST_BYTES:
                raise ValueError("unpacks to too much")
            index = json.loads(bundle.read(_INDEX))
            if index["format"] != FORMAT:
                raise ValueError("another kind of file")
            if index["version"] != VERSION:
                raise BadPreset(f"{name} is of version {index['version']!r}, this program reads {VERSION}")
            if len(index["overlays"]) > _MOST:
                raise ValueError("too many overlays")
            return tuple(
                _overlay(facts, bundle.read(f"{n}/alpha.png"), bundle.read(f"{n}/ink.png"))
                for n, facts in enumerate(index["overlays"])
            )
    except BadPreset:
        raise
    except _DAMAGE as fault:
        raise BadPreset(f"{name} is damaged or no overlay preset") from fault


def _facts(overlay: RepeatedOverlay) -> JsonObject:
    placement = overlay.placement
    return {
        "anchor": [placement.anchor.x, placement.anchor.y], "window": list(placement.window),
        "scaled": placement.scaled, "box": list(overlay.box), "pictures": overlay.pictures,
    }  # fmt: skip


def _overlay(facts: JsonObject, alpha: bytes, ink: bytes) -> RepeatedOverlay:
    height, width = (_whole(side, 1, _LONGEST) for side in facts["window"])
    anchor = Anchor(*(_share(at) for at in facts["anchor"]))
    x0, y0, x1, y1 = (_whole(side, 0, _LONGEST) for side in facts["box"])
    box: Box = (x0, y0, x1, y1)
    if not isinstance(facts["scaled"], bool):
        raise ValueError("scaled is no truth value")
    mask, colours = decode_mask(alpha), decode_pixels(ink)
    if mask.shape != (y1 - y0, x1 - x0) or colours.shape != (*mask.shape, 3):
        raise ValueError("the planes do not fit their box")
    if x1 > width or y1 > height or bool((colours > mask[..., None] + np.float32(1e-4)).any()):
        raise ValueError("the planes are no matte")
    placement = Placement(anchor, (height, width), facts["scaled"])
    return RepeatedOverlay(placement, box, Matte(mask, colours), _whole(facts["pictures"], 1, 10**6))


def _whole(value: object, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"{value!r} is no whole number of {least} to {most}")
    return value


def _share(value: object) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value) or not 0 <= value <= 1:
        raise ValueError(f"{value!r} is no share")
    return float(value)
