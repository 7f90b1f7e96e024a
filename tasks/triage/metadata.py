"""Cleans what a file says about its pixels: profile, EXIF, XMP, resolution; nothing here can make a picture fail."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any

LIMIT = 4 * 2**20
"""Bytes of ICC profile, EXIF or XMP kept; more is dropped with a note."""
_ORIENTATION = 0x0112
_EXIF_PREFIX = b"Exif\0\0"


def kept(name: str, block: object, notes: list[str]) -> bytes | None:
    """`block` as bytes, or None where it is absent, empty or over LIMIT (which adds a note)."""
    if isinstance(block, str):
        block = block.encode("utf-8", errors="replace")
    if not isinstance(block, bytes) or not block:
        return None
    if len(block) > LIMIT:
        notes.append(f"dropped {name} of {len(block) / 2**20:.1f} MB")
        return None
    return block


def exif_block(block: object, notes: list[str]) -> bytes | None:
    """EXIF as a bare TIFF structure, without the JPEG prefix; broken byte-order marks are dropped with a note."""
    raw = kept("EXIF", block, notes)
    if raw is None:
        return None
    while raw.startswith(_EXIF_PREFIX):
        raw = raw[len(_EXIF_PREFIX) :]
    if raw[:4] not in (b"II*\0", b"MM\0*"):
        notes.append("dropped broken EXIF")
        return None
    return raw


def orientation(exif: bytes | None) -> int:
    """The orientation tag, 1–8, of the first directory of an EXIF block; 1 where absent or senseless."""
    if exif is None or len(exif) < 10:
        return 1
    order = "<" if exif[:2] == b"II" else ">"
    try:
        start = struct.unpack_from(order + "I", exif, 4)[0]
        count = struct.unpack_from(order + "H", exif, start)[0]
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", exif, entry)
            if tag == _ORIENTATION:
                return value if kind == 3 and 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1


def resolution(pair: Any) -> tuple[float, float] | None:
    """Dots per inch, if both are sensible numbers."""
    if not isinstance(pair, Sequence) or len(pair) != 2:
        return None
    try:
        x, y = float(pair[0]), float(pair[1])
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    sensible = all(math.isfinite(value) and 1 <= value <= 65535 for value in (x, y))
    # JPEG and PNG store whole units: rounding makes what is read back equal to what was read first.
    return (round(x, 2), round(y, 2)) if sensible else None
