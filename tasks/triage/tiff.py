"""Reads TIFF: 8-bit through Pillow, deeper and floating-point samples without losing a bit (TIFF 6.0, Adobe 1992)."""

from __future__ import annotations

import io
import logging
import lzma
import math
import zlib
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from tasks.contracts import PictureMeta, Raster
from tasks.errors import Undecodable
from tasks.lossless import Integers, unorient, whole
from tasks.triage.colours import to_array
from tasks.triage.limits import Limits
from tasks.triage.metadata import exif_block, kept, resolution

_SUBFILE, _ORIENTATION, _EXTRA_SAMPLES, _XMP, _ICC, _DNG = 254, 274, 338, 700, 34675, 50706
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _YCBCR = 0, 1, 2, 6
_UNSIGNED, _FLOAT = 1, 3
_MULTIPLIED, _STRAIGHT = 1, 2
_DESCRIPTIVE = (270, 271, 272, 274, 305, 306, 315, 33432)
"""Description, make, model, orientation, software, date, artist, copyright: what goes from a TIFF into EXIF."""
_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_BRIGHTEST_FLOAT = 2.0
_PACKED_BITS = (32773,)
_LZMA_MEMORY = 2**27
_UNPACKERS: dict[int, Callable[[], Any]] = {
    8: zlib.decompressobj, 32946: zlib.decompressobj, 50013: zlib.decompressobj,
    34925: lambda: lzma.LZMADecompressor(memlimit=_LZMA_MEMORY),
}  # fmt: skip
"""By compression, what tifffile unpacks without a bound (Deflate in its three numbers, LZMA)."""
_SLACK, _PIECE = 2**16, 2**20


def read_tiff(data: bytes, limits: Limits) -> Raster:
    """Decode the first picture to a raster in stored orientation. Float samples (0–1) become 16-bit."""
    import tifffile

    logging.getLogger("tifffile").setLevel(
        logging.CRITICAL
    )  # a line a broken tag; the refusal says what matters
    notes: list[str] = []
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page: Any = file.pages[0]
        limits.check(int(page.imagewidth), int(page.imagelength))
        _refuse_raw(page)
        _check_strips(page, len(data))
        meta = _meta(data, page, notes)
        if len(file.pages) > 1:
            notes.append("several pictures in one file: only the first is used")
        if _is_deep(page):
            pixels, icc = _read_deep(data, page, notes), meta[0]
        else:
            pixels, icc = _read_shallow(data, meta[0], notes)
        if pixels.shape[:2] != (page.imagelength, page.imagewidth):
            raise Undecodable("damaged TIFF: its pixels do not have the size its header gives")
    _, exif, xmp, turn, dpi = meta
    return Raster(pixels, PictureMeta("TIFF", turn, icc, exif, xmp, dpi, notes=tuple(notes)))


def _refuse_raw(page: Any) -> None:
    if _DNG in page.tags:
        raise Undecodable("camera raw (DNG) is not supported")
    if page.tags.valueof(_SUBFILE, 0) & 1:
        raise Undecodable(
            "TIFF whose first picture is a reduced copy, as camera raw files have, is not supported"
        )
    if page.imagedepth != 1:
        raise Undecodable("TIFF volumes are not supported")


def _check_strips(page: Any, size: int) -> None:
    pieces = list(zip(page.dataoffsets, page.databytecounts, strict=False))
    if not pieces or len(page.dataoffsets) != len(page.databytecounts):
        raise Undecodable("damaged TIFF: no pixel data")
    if any(offset < 8 or count < 1 or offset + count > size for offset, count in pieces):
        raise Undecodable("truncated or damaged TIFF: its pixel data reach past the end of the file")
    if math.prod(page.chunked) > len(pieces):
        raise Undecodable("truncated or damaged TIFF: fewer pieces of pixel data than its header promises")
    promised = page.imagewidth * page.imagelength * _bits(page) // 8
    # Subsampled YCbCr rightly has fewer samples than pixels times channels.
    plain = page.compression == 1 and int(page.photometric) != _YCBCR
    if plain and sum(page.databytecounts) < promised:
        raise Undecodable("truncated TIFF: fewer pixel data than its header promises")


def _bits(page: Any) -> int:
    bits = page.bitspersample
    return int(sum(bits)) if isinstance(bits, tuple) else int(bits) * int(page.samplesperpixel)


def _is_deep(page: Any) -> bool:
    bits, kind = page.bitspersample, page.sampleformat
    if isinstance(bits, tuple):
        return False
    if int(page.photometric) not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB):
        return False
    if page.samplesperpixel == 1 and bits == 32 and kind == _UNSIGNED:
        raise Undecodable("32-bit whole-number TIFF is not supported")
    if kind not in (_UNSIGNED, _FLOAT):
        raise Undecodable("signed or complex TIFF samples are not supported")
    if kind == _UNSIGNED and bits > 8 and bits != 16:
        raise Undecodable(f"{bits}-bit TIFF is not supported")
    return bool(kind == _FLOAT or bits == 16 or (page.planarconfig == 2 and bits == 8))


def _read_shallow(data: bytes, icc: bytes | None, notes: list[str]) -> tuple[Integers, bytes | None]:
    image: Image.Image = TiffImagePlugin.TiffImageFile(io.BytesIO(data))
    if image.mode not in (
        "1",
        "L",
        "LA",
        "La",
        "P",
        "PA",
        "RGB",
        "RGBA",
        "RGBa",
        "RGBX",
        "CMYK",
        "LAB",
        "YCbCr",
    ):
        raise Undecodable(f"TIFF pixels of kind {image.mode} are not supported")
    # Pillow turns a TIFF as it loads it, by the tag or else by the XMP: turn it back, by what Pillow went by.
    turned = image.getexif().get(_ORIENTATION, 1)
    image.load()
    pixels, icc = to_array(image, icc, notes)
    return whole(unorient(pixels, turned)), icc


def _read_deep(data: bytes, page: Any, notes: list[str]) -> Integers:
    samples = int(page.samplesperpixel)
    colours = 3 if int(page.photometric) == _RGB else 1
    # A fourth sample that nobody explains is alpha to Pillow and OpenCV, which write it so.
    unexplained = samples == colours + 1 and _EXTRA_SAMPLES not in page.tags
    extra = (_STRAIGHT,) if unexplained else tuple(int(kind) for kind in page.extrasamples)
    if samples < colours or samples > colours + 4:
        raise Undecodable(f"TIFF with {samples} samples a pixel is not supported")
    _check_unpacking(data, page)
    array = _samples(data, page)
    alpha = samples > colours and extra[:1] in ((_MULTIPLIED,), (_STRAIGHT,))
    if samples > colours + alpha:
        notes.append("dropped extra channels")
    pixels = _integers(array[..., : colours + alpha], notes)
    if int(page.photometric) == _WHITE_IS_ZERO:
        pixels[..., :1] = np.iinfo(pixels.dtype).max - pixels[..., :1]
    return _unmultiply(pixels, notes) if alpha and extra[0] == _MULTIPLIED else pixels


def _check_unpacking(data: bytes, page: Any) -> None:
    """Raises Undecodable where a piece unpacks to more than its pixels: what reads it below would unpack it whole, to
    a thousand times the file. Costs the time of unpacking, and no memory."""
    if int(page.compression) in _PACKED_BITS and int(page.planarconfig) == 2:
        raise Undecodable("PackBits compression in separate planes is not supported")
    if int(page.compression) not in _UNPACKERS:
        return
    most = math.prod(page.chunks) * page.dtype.itemsize + _SLACK
    for offset, count in zip(page.dataoffsets, page.databytecounts, strict=True):
        if _unpacks_past(most, _UNPACKERS[int(page.compression)](), data[offset : offset + count]):
            raise Undecodable("damaged TIFF: a strip or tile unpacks to more than its pixels")


def _unpacks_past(most: int, unpacker: Any, rest: bytes) -> bool:
    size = 0
    try:
        while not unpacker.eof and size <= most:
            piece = unpacker.decompress(rest, _PIECE)
            rest = getattr(unpacker, "unconsumed_tail", b"")
            size += len(piece)
            if not piece and not rest:
                break
    except (zlib.error, lzma.LZMAError):  # said by what reads it below, which comes no further
        return False
    return size > most


def _samples(data: bytes, page: Any) -> NDArray[Any]:
    """H×W×S as stored. OpenCV reads what tifffile has no decoder for (LZW, mostly)."""
    try:
        if int(page.compression) in _PACKED_BITS:
            raise ValueError("PackBits is left to OpenCV, whose work is bounded by the pixels")
        array = page.asarray(squeeze=False, maxworkers=1)
        planes, _, height, width, inner = array.shape
        array = np.moveaxis(array[:, 0], 0, -2).reshape(height, width, planes * inner)
        return np.asarray(array)
    except Exception as fault:  # tifffile raises whatever the codec did
        array = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        if array is None or page.planarconfig == 2 or array.dtype != page.dtype:
            raise Undecodable(f"damaged TIFF, or its compression is not supported ({fault})") from fault
    array = array[..., None] if array.ndim == 2 else array
    if array.shape[2] != page.samplesperpixel:
        raise Undecodable("TIFF compression not supported for this number of channels")
    return array[..., [2, 1, 0, 3][: array.shape[2]]] if array.shape[2] > 2 else array


def _integers(array: NDArray[Any], notes: list[str]) -> Integers:
    if array.dtype.kind == "u":
        return array.astype(array.dtype.newbyteorder("="))
    if not np.isfinite(array).all():
        raise Undecodable("floating-point TIFF holds NaN or infinity")
    low, high = float(array.min()), float(array.max())
    if low < -_BRIGHTEST_FLOAT or high > _BRIGHTEST_FLOAT:
        raise Undecodable(
            f"floating-point TIFF with values from {low:.4g} to {high:.4g}: only 0–1 is understood",
            cure="scale its values to 0–1, or save it with 16 bits",
        )
    notes.append("converted floating-point samples to 16 bits")
    if low < 0 or high > 1:
        notes.append(f"clipped values from {low:.4g} to {high:.4g} to 0–1")
    return np.rint(np.clip(array, 0, 1).astype(np.float64) * 65535).astype(np.uint16)


def _unmultiply(pixels: Integers, notes: list[str]) -> Integers:
    notes.append("premultiplied alpha divided out")
    full = np.iinfo(pixels.dtype).max
    alpha = pixels[..., -1:].astype(np.float64)
    colours = np.divide(
        pixels[..., :-1] * float(full), alpha, out=np.zeros(pixels[..., :-1].shape), where=alpha > 0
    )
    pixels[..., :-1] = np.rint(np.minimum(colours, full)).astype(pixels.dtype)
    return pixels


_Said = tuple[bytes | None, bytes | None, bytes | None, int, tuple[float, float] | None]


def _meta(data: bytes, page: Any, notes: list[str]) -> _Said:
    """Profile, EXIF, XMP, orientation, resolution."""
    icc = kept("ICC profile", page.tags.valueof(_ICC), notes)
    xmp = kept("XMP", page.tags.valueof(_XMP), notes)
    turn = page.tags.valueof(_ORIENTATION, 1)
    turn = turn if isinstance(turn, int) and 1 <= turn <= 8 else 1
    return icc, _exif(data, notes), xmp, turn, _dpi(page)


def _dpi(page: Any) -> tuple[float, float] | None:
    scale = {2: 1.0, 3: 2.54}.get(int(page.tags.valueof(296, 2)))
    pairs = [page.tags.valueof(tag) for tag in (282, 283)]
    if scale is None or not all(isinstance(pair, tuple) and len(pair) == 2 and pair[1] for pair in pairs):
        return None
    return resolution([scale * pair[0] / pair[1] for pair in pairs])


def _exif(data: bytes, notes: list[str]) -> bytes | None:
    """The descriptive tags of a TIFF's own directory, and its EXIF and GPS directories, as an EXIF block."""
    if data[2:4] not in (b"*\0", b"\0*"):
        notes.append("the EXIF of a BigTIFF is not kept")
        return None
    try:
        source, target = Image.Exif(), Image.Exif()
        source.load(data)
        for tag in _DESCRIPTIVE:
            if tag in source:
                target[tag] = source[tag]
        for ifd in (_EXIF_IFD, _GPS_IFD):
            if entries := source.get_ifd(ifd):
                target.get_ifd(ifd).update(entries)
        block = target.tobytes() if len(target) else None
    except Exception:  # whatever a broken directory raises, the picture is still good
        notes.append("dropped broken EXIF")
        return None
    return exif_block(block, notes)
