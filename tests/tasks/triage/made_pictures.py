"""Pictures made by the tests, by other code than the product's own writers."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}


def png(pixels: NDArray[np.generic], *chunks: tuple[bytes, bytes], colour: int | None = None) -> bytes:
    """The plainest PNG there is: no filter, one IDAT. `chunks` go before the pixels."""
    height, width, channels = pixels.shape
    depth = pixels.dtype.itemsize * 8
    rows = pixels.astype(pixels.dtype.newbyteorder(">")).tobytes()
    stride = len(rows) // height
    lines = b"".join(b"\0" + rows[y * stride : (y + 1) * stride] for y in range(height))
    kind = COLOUR_TYPES[channels] if colour is None else colour
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    return assembled((b"IHDR", header), *chunks, (b"IDAT", zlib.compress(lines)), (b"IEND", b""))


def assembled(*chunks: tuple[bytes, bytes]) -> bytes:
    out = b"\x89PNG\r\n\x1a\n"
    for kind, body in chunks:
        out += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return out


def iccp(profile: bytes = ICC) -> tuple[bytes, bytes]:
    return b"iCCP", b"any name\0\0" + zlib.compress(profile)


def exif(orientation: int = 1, *, full: bool = False) -> bytes:
    """An EXIF block without prefix; `full` adds place, serial numbers, maker's note."""
    block = Image.Exif()
    block[0x0112] = orientation
    block[0x010F] = "Maker of cameras"
    if full:
        block[0x8298] = "(c) somebody"
        block.get_ifd(0x8769).update(
            {
                0xA431: "BODY-4711",
                0xA435: "LENS-4712",
                0x927C: b"MAKERNOTE-secret",
                0x9003: "2020:01:02 03:04:05",
            }
        )
        block.get_ifd(0x8769).update({0xA002: 5, 0xA003: 7, 0x829A: 0.01})
        block.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 36.0)})
    data = block.tobytes()
    return data.removeprefix(b"Exif\0\0")


def jpeg(pixels: NDArray[np.uint8], **how: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(out, "JPEG", **how)
    return out.getvalue()


def saved(image: Image.Image, container: str, **how: object) -> bytes:
    out = io.BytesIO()
    image.save(out, container, **how)
    return out.getvalue()


def photo(height: int = 97, width: int = 131, channels: int = 3, seed: int = 7) -> NDArray[np.uint8]:
    """Smooth colours with grain, from a seed."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(float)
    base = np.stack([127 + 90 * np.sin(x / (9 + c) + y / (17 - c)) for c in range(channels)], axis=2)
    return np.clip(base + rng.normal(0, 4, base.shape), 0, 255).astype(np.uint8)
