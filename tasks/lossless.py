"""Exact ways to store and turn pixels: 16-bit PNG for crops and masks, whole pictures at their own depth."""

from __future__ import annotations

import base64
import dataclasses
import json
import struct
import zlib
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.contracts import Mask, PictureMeta, Pixels, Raster
from tasks.errors import ArtifactDamaged

LOSSLESS_WEBP = "lossless WebP"
"""A note of `PictureMeta`: the source kept every pixel, so an export to the same format does too."""
RGB_JPEG = "JPEG stored as RGB"
"""A note of `PictureMeta`: the source's JPEG data are RGB, not YCbCr."""

Integers = NDArray[np.uint8] | NDArray[np.uint16]
_GRID = 65535
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_META = b"peNt"  # ancillary, private, safe to copy: other PNG readers skip it
_TURNS_BACK = {6: 8, 8: 6}


def orient(pixels: Integers, orientation: int) -> Integers:
    """Turn stored pixels (H×W×C) as EXIF `orientation` 1–8 says they are displayed. A view; other values: unchanged."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels


def unorient(pixels: Integers, orientation: int) -> Integers:
    """Turn displayed pixels back to how a file of this `orientation` stores them: the inverse of `orient`."""
    return orient(pixels, _TURNS_BACK.get(orientation, orientation))


def encode_pixels(pixels: Pixels) -> bytes:
    """H×W×C float32 0–1, C = 1 or 3, as a 16-bit PNG: values rounded to the nearest 1/65535, clipped to 0–1."""
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3) or 0 in pixels.shape:
        raise ValueError(f"expected H×W×1 or H×W×3, got {pixels.shape}")
    return _png(_to_grid(pixels))


def decode_pixels(data: bytes) -> Pixels:
    """The exact inverse of `encode_pixels` on its grid: H×W×C float32 0–1. Raises ArtifactDamaged."""
    grid = _unpng(data)
    if grid.dtype != np.uint16 or grid.shape[2] not in (1, 3):
        raise ArtifactDamaged("the stored pixels are not 16-bit grey or RGB")
    return grid.astype(np.float32) / np.float32(_GRID)


def encode_mask(mask: Mask) -> bytes:
    """H×W float32 0–1 as a 16-bit grey PNG. `mask > 0` is kept exactly: tiny values round up, never to 0."""
    if mask.ndim != 2 or 0 in mask.shape:
        raise ValueError(f"expected H×W, got {mask.shape}")
    grid = _to_grid(mask)
    return _png(np.where((mask > 0) & (grid == 0), np.uint16(1), grid)[..., None])


def decode_mask(data: bytes) -> Mask:
    """The exact inverse of `encode_mask` on its grid: H×W float32 0–1. Raises ArtifactDamaged."""
    pixels = decode_pixels(data)
    if pixels.shape[2] != 1:
        raise ArtifactDamaged("the stored mask is not grey")
    return pixels[..., 0]


def encode_raster(raster: Raster) -> bytes:
    """A whole picture at its own depth, with its metadata, as a PNG that any viewer opens."""
    pixels = raster.pixels
    # PNG writers at hand know no grey+alpha: grey goes three times, and the channel count says so.
    shown = pixels[..., [0, 0, 0, 1]] if raster.channels == 2 else pixels
    png = _png(shown)
    head = len(_SIGNATURE) + 25  # IHDR is always first and 25 bytes long
    return png[:head] + description(raster) + png[head:]


def description(raster: Raster) -> bytes:
    """The PNG chunk, right after the header, that says what a stored picture's channels and metadata are."""
    return (
        _plain(raster.channels) if raster.meta == PictureMeta() else _described(raster.channels, raster.meta)
    )


def _described(channels: int, meta: PictureMeta) -> bytes:
    said = {"channels": channels, "meta": _meta_to_json(meta)}
    return png_chunk(_META, zlib.compress(json.dumps(said, sort_keys=True).encode(), 6))


@cache
def _plain(channels: int) -> bytes:
    """Of a picture without metadata, such as every crop."""
    return _described(channels, PictureMeta())


def decode_raster(data: bytes) -> Raster:
    """The exact inverse of `encode_raster`: same pixels, depth, channels and metadata. Raises ArtifactDamaged."""
    try:
        at = len(_SIGNATURE) + 25
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind != _META:
            raise ArtifactDamaged("the stored picture lacks its description")
        said = json.loads(zlib.decompress(data[at + 8 : at + 8 + length]))
        meta, channels = _meta_from_json(said["meta"]), int(said["channels"])
    except (struct.error, zlib.error, ValueError, KeyError, TypeError) as fault:
        raise ArtifactDamaged("the stored picture's description cannot be read") from fault
    pixels = _unpng(data)
    if channels == 2:
        pixels = whole(pixels[..., [0, 3]])
    if pixels.shape[2] != channels:
        raise ArtifactDamaged("the stored picture has other channels than it says")
    pixels.flags.writeable = False
    return Raster(pixels, meta)


def whole(pixels: NDArray[Any]) -> Integers:
    """The same levels as one contiguous block, uint8 or uint16; copies only what is laid out otherwise."""
    out: Any = np.ascontiguousarray(pixels)
    if out.dtype not in (np.uint8, np.uint16):
        raise TypeError(f"levels are uint8 or uint16, not {out.dtype}")
    integers: Integers = out
    return integers


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """One PNG chunk: length, kind, data, CRC."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _to_grid(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    grid: NDArray[np.uint16] = np.rint(np.clip(np.nan_to_num(values), 0, 1) * np.float32(_GRID)).astype(
        np.uint16
    )
    return grid


def _png(pixels: Integers) -> bytes:
    stored: NDArray[Any] = whole(pixels)
    if pixels.shape[2] > 2:
        stored = cv2.cvtColor(stored, cv2.COLOR_RGB2BGR if pixels.shape[2] == 3 else cv2.COLOR_RGBA2BGRA)
    ok, out = cv2.imencode(".png", stored, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    if not ok:
        raise ValueError(f"cannot store an array of shape {pixels.shape}, {pixels.dtype}")
    return out.tobytes()


def _unpng(data: bytes) -> Integers:
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        pixels = None
    if pixels is None or not data.startswith(_SIGNATURE):
        raise ArtifactDamaged("the stored picture cannot be read")
    if pixels.ndim == 2:
        return whole(pixels[..., None])
    swap = cv2.COLOR_BGR2RGB if pixels.shape[2] == 3 else cv2.COLOR_BGRA2RGBA
    return whole(cv2.cvtColor(pixels, swap))


def _meta_to_json(meta: PictureMeta) -> dict[str, Any]:
    values = dataclasses.asdict(meta)
    for name in ("icc", "exif", "xmp"):
        if values[name] is not None:
            values[name] = base64.b64encode(values[name]).decode()
    return values


def _meta_from_json(values: dict[str, Any]) -> PictureMeta:
    values = dict(values)
    for name in ("icc", "exif", "xmp"):
        if values[name] is not None:
            values[name] = base64.b64decode(values[name])
    for name in ("dpi", "notes"):
        values[name] = None if values[name] is None else tuple(values[name])
    if values["jpeg_tables"] is not None:
        values["jpeg_tables"] = tuple(tuple(table) for table in values["jpeg_tables"])
    return PictureMeta(**values)
