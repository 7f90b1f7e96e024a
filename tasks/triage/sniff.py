"""Says what bytes are, by content alone; a file's name is never asked."""

from __future__ import annotations

import struct
from typing import Literal

from tasks.errors import Undecodable

Container = Literal["JPEG", "PNG", "TIFF", "WEBP", "BMP"]

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_BMP_HEADERS = (12, 16, 40, 52, 56, 64, 108, 124)
_UNSUPPORTED: tuple[tuple[bytes, str], ...] = (
    (b"GIF8", "GIF"),
    (b"%PDF", "PDF"),
    (b"%!PS", "PostScript"),
    (b"8BPS", "Photoshop (PSD)"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"\0\0\1\0", "Windows icon"),
    (b"\0\0\2\0", "Windows cursor"),
    (b"v/1\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"qoif", "QOI"),
    (b"FUJIFILMCCD-RAW", "camera raw (RAF)"),
)
_NOT_PICTURES: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "a zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3", "a database"),
)


def container(data: bytes) -> Container:
    """Name the container of `data`. Raises Undecodable, saying what the bytes seem to be instead."""
    if not data:
        raise Undecodable("empty file")
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(PNG_SIGNATURE):
        return "PNG"
    if data.startswith(_TIFF):
        return "TIFF"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if _is_bmp(data):
        return "BMP"
    raise Undecodable(_seems(data))


def _is_bmp(data: bytes) -> bool:
    # Two letters prove little: text may begin with BM, so the header's own length has to be a known one.
    if not data.startswith(b"BM") or len(data) < 18:
        return False
    return bool(struct.unpack_from("<I", data, 14)[0] in _BMP_HEADERS)


def _seems(data: bytes) -> str:
    for magic, what in _UNSUPPORTED:
        if data.startswith(magic):
            return f"{what} is not supported"
    for magic, what in _NOT_PICTURES:
        if data.startswith(magic):
            return f"{what}, not a picture"
    if data[4:8] == b"ftyp":
        return f"{_iso_brand(data)} is not supported"
    for magic, what in (
        (PNG_SIGNATURE, "PNG"),
        (b"\xff\xd8\xff", "JPEG"),
        (b"RIFF", "WebP"),
        (b"II*\0", "TIFF"),
    ):
        if magic.startswith(data):
            return f"truncated {what}"
    if not any(data[:4096]):
        return "nothing but zero bytes"
    return _text_or_unknown(data)


def _iso_brand(data: bytes) -> str:
    brand = data[8:12]
    if brand in (b"avif", b"avis"):
        return "AVIF"
    return "HEIC" if brand in (b"heic", b"heix", b"heim", b"hevc", b"mif1", b"msf1") else "video"


def _text_or_unknown(data: bytes) -> str:
    head = data[:4096]
    text = head.decode("utf-8", errors="ignore")
    printable = sum(c.isprintable() or c.isspace() for c in text)
    if len(text.encode()) < len(head) - 3 or printable < 0.97 * len(text):
        return "not a picture of a known format"
    start = text.lstrip("\ufeff \t\r\n").lower()
    if start.startswith("<svg") or (start.startswith("<?xml") and "<svg" in start):
        return "SVG is not supported"
    if start.startswith(("<!doctype html", "<html")):
        return "a web page, not a picture"
    return "text, not a picture"
