"""Opens a picture safely: the one place where foreign bytes become pixels."""

from __future__ import annotations

import struct
from collections.abc import Callable

from tasks.contracts import Raster
from tasks.errors import PentimentoError, Rejected, TooLarge, Undecodable
from tasks.lossless import orient, whole
from tasks.pieces import check_pieces
from tasks.triage.limits import Limits
from tasks.triage.pillow_reader import read_bmp, read_jpeg
from tasks.triage.png import read_png
from tasks.triage.sniff import Container, container
from tasks.triage.tiff import read_tiff
from tasks.triage.webp import read_webp

_READERS: dict[Container, Callable[[bytes, Limits], Raster]] = {
    "JPEG": read_jpeg,
    "PNG": read_png,
    "TIFF": read_tiff,
    "WEBP": read_webp,
    "BMP": read_bmp,
}


def decode(data: bytes, *, name: str, max_pixels: int, max_bytes: int) -> Raster:
    """The picture as displayed (EXIF orientation applied), at its own depth, with what export must say again.

    data: JPEG, PNG, TIFF, WebP or BMP, told apart by content. `name` is only for messages. Returns a `Raster`,
    uint8 or uint16, whose array is read-only; `meta.orientation` stays that of the stored pixels, `meta.notes` lists
    every conversion. Raises Undecodable (empty, not a picture, truncated, damaged, unsupported) or TooLarge (bytes, or
    the pixels its header claims: checked before decoding); no other exception leaves this function.
    """
    limits = Limits(max_pixels, max_bytes)
    try:
        limits.check_bytes(len(data))
        stored = _read(data, container(data), limits)
    except PentimentoError as fault:
        raise fault.about(picture=name, stage="triage") from fault.__cause__
    pixels = whole(orient(stored.pixels, stored.meta.orientation))
    pixels.flags.writeable = False
    return Raster(pixels, stored.meta)


def _read(data: bytes, kind: Container, limits: Limits) -> Raster:
    try:
        if kind != "JPEG":  # whose reader counts as it looks for scans
            check_pieces(data)
        return _READERS[kind](data, limits)
    except Rejected:
        raise
    except MemoryError as fault:
        raise TooLarge(f"this {kind} needs more memory than there is") from fault
    except Exception as fault:  # decoders raise whatever they like; each becomes a reason a person can read
        raise Undecodable(_reason(data, kind, fault)) from fault


def _reason(data: bytes, kind: Container, fault: Exception) -> str:
    text = " ".join(str(fault).split())[:160] or type(fault).__name__
    if _is_cut(data, kind) or "truncated" in text.lower():
        return f"truncated {kind}"
    if "unsupported" in text.lower():
        return f"this kind of {kind} is not supported ({text})"
    return f"damaged {kind}: {text}"


def _is_cut(data: bytes, kind: Container) -> bool:
    if kind == "JPEG":
        return b"\xff\xd9" not in data[-64:]
    if kind == "BMP":
        return len(data) < int(struct.unpack_from("<I", data, 2)[0])
    return False
