"""Whatever is not a whole, sane picture is refused with a reason a person understands, and nothing else happens."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from tasks.errors import Rejected, TooLarge, Undecodable
from tasks.triage.decode import decode
from tests.tasks.triage import made_pictures as made


def read(data: bytes, pixels: int = 10**7, size: int = 10**8) -> object:
    return decode(data, name="shop/a.jpg", max_pixels=pixels, max_bytes=size)


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("a.txt", "text")
    return out.getvalue()


GIF = made.saved(Image.fromarray(made.photo()), "GIF")
PHOTO = Image.fromarray(made.photo(200, 300))
WHOLE = {
    "JPEG": made.saved(PHOTO, "JPEG", quality=90),
    "progressive JPEG": made.saved(PHOTO, "JPEG", quality=90, progressive=True),
    "PNG": made.saved(PHOTO, "PNG"),
    "16-bit PNG": made.png(made.photo(60, 70).astype(np.uint16) * 257),
    "lossy WEBP": made.saved(PHOTO, "WEBP"),
    "WEBP": made.saved(PHOTO, "WEBP", lossless=True),
    "TIFF": made.saved(PHOTO, "TIFF"),
    "LZW TIFF": made.saved(PHOTO, "TIFF", compression="tiff_lzw"),
    "BMP": made.saved(PHOTO, "BMP"),
}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"These are not the pixels.\n" * 40, "text, not a picture"),
        ("Prix\u00a0: 12\u20ac".encode() * 9, "text, not a picture"),
        (b"BMW sells cars, not bitmaps, as everybody knows", "text, not a picture"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "a web page"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "SVG is not supported"),
        (archive(), "zip archive"),
        (GIF, "GIF is not supported"),
        (b"\0\0\0\x1cftypavif" + bytes(40), "AVIF is not supported"),
        (b"\0\0\0\x1cftypheic" + bytes(40), "HEIC is not supported"),
        (bytes(1000), "nothing but zero bytes"),
        (b"\xff", "truncated JPEG"),
        (b"\x89PN", "truncated PNG"),
        (bytes(range(128, 256)) * 9, "not a picture of a known format"),
    ],
)  # fmt: skip
def test_says_what_it_seems_to_be(data: bytes, reason: str) -> None:
    with pytest.raises(Undecodable, match=reason) as caught:
        read(data)
    assert caught.value.picture == "shop/a.jpg"
    assert caught.value.stage == "triage"
    assert caught.value.cure


@pytest.mark.parametrize("kind", WHOLE)
def test_every_truncation_is_refused(kind: str) -> None:
    data = WHOLE[kind]
    read(data)
    for tenth in range(1, 10):
        with pytest.raises(Undecodable) as caught:
            read(data[: len(data) * tenth // 10])
        assert "truncated" in caught.value.message or "damaged" in caught.value.message
        if kind.endswith(("JPEG", "PNG", "WEBP", "BMP")):
            assert caught.value.message == f"truncated {'WebP' if 'WEBP' in kind else kind.split()[-1]}"


@pytest.mark.parametrize("kind", WHOLE)
def test_flipped_bytes_end_typed(kind: str) -> None:
    rng = np.random.default_rng(len(kind))
    for _ in range(40):
        data = bytearray(WHOLE[kind])
        for at in rng.integers(0, min(len(data), 2000), 3):
            data[at] = int(rng.integers(0, 256))
        try:
            read(bytes(data))
        except Rejected:
            continue


def test_png_whose_rows_end_early_is_refused() -> None:
    header = struct.pack(">IIBBBBB", 40, 40, 8, 2, 0, 0, 0)
    half = zlib.compress(bytes(20 * (1 + 40 * 3)))
    with pytest.raises(Undecodable, match="pixel data end early"):
        read(made.assembled((b"IHDR", header), (b"IDAT", half), (b"IEND", b"")))


@pytest.mark.parametrize("size", [(2**31 - 1, 2**31 - 1), (100_000, 100_000), (4000, 3000)])
def test_lying_header_is_refused_before_decoding(size: tuple[int, int]) -> None:
    header = struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0)
    with pytest.raises(TooLarge, match="megapixels"):
        read(made.assembled((b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")))


@pytest.mark.parametrize("kind", WHOLE)
def test_pixel_and_byte_limits_are_exact(kind: str) -> None:
    data = WHOLE[kind]
    count = 60 * 70 if kind == "16-bit PNG" else 200 * 300
    read(data, pixels=count, size=len(data))
    with pytest.raises(TooLarge, match="megapixels"):
        read(data, pixels=count - 1)
    with pytest.raises(TooLarge, match="bytes"):
        read(data, size=len(data) - 1)


def test_metadata_bombs_in_png_do_no_harm() -> None:
    bomb = zlib.compress(bytes(200 * 2**20), 9)
    pixels = made.photo(5, 6)
    data = made.png(
        pixels,
        (b"zTXt", b"a\0\0" + bomb),
        (b"iCCP", b"p\0\0" + bomb),
        (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + bomb),
    )
    got = decode(data, name="x", max_pixels=100, max_bytes=10**8)
    assert np.array_equal(got.pixels, pixels)
    assert got.meta.icc is None
    assert got.meta.xmp is None
    assert len(got.meta.notes) == 2


def test_animated_webp_is_refused() -> None:
    frames = [Image.fromarray(made.photo(20, 20, seed=s)) for s in (1, 2)]
    data = made.saved(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    with pytest.raises(Undecodable, match="animated WebP"):
        read(data)


def test_camera_raw_is_refused() -> None:
    data = made.saved(PHOTO, "TIFF", tiffinfo={50706: b"\1\4\0\0"})
    with pytest.raises(Undecodable, match="camera raw"):
        read(data)
