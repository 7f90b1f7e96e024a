"""What leaves with a file: profile, orientation, copyright, source type. What does not: place, serials, the old picture."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from tasks.contracts import PictureMeta, Raster
from tasks.export.encode import ExportOptions, SourceType, encode
from tasks.triage.decode import decode
from tests.tasks.triage import made_pictures as made

XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:aux="http://ns.adobe.com/exif/1.0/aux/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" aux:SerialNumber="BODY-4711" exif:GPSLatitude="52,31.2N">
<dc:creator><rdf:Seq><rdf:li>A Person</rdf:li></rdf:Seq></dc:creator></rdf:Description></rdf:RDF></x:xmpmeta>"""
FORMATS = ["png", "jpeg", "webp", "tiff"]
SECRETS = (b"BODY-4711", b"LENS-4712", b"MAKERNOTE-secret", b"GPSLatitude", b"SerialNumber")


def read(data: bytes) -> Raster:
    return decode(data, name="x", max_pixels=10**8, max_bytes=10**9)


def with_thumbnail(block: bytes) -> tuple[bytes, bytes]:
    """The same EXIF with a second directory that holds a JPEG of the picture as it was."""
    thumbnail = made.jpeg(made.photo(24, 32))
    order = "<" if block[:2] == b"II" else ">"
    start = struct.unpack_from(order + "I", block, 4)[0]
    link = start + 2 + 12 * struct.unpack_from(order + "H", block, start)[0]
    at = len(block)
    entries = struct.pack(order + "HHHIIHHII", 2, 0x201, 4, 1, at + 30, 0x202, 4, 1, len(thumbnail))
    second = entries + struct.pack(order + "I", 0)
    return block[:link] + struct.pack(order + "I", at) + block[link + 4 :] + second + thumbnail, thumbnail


@pytest.fixture(scope="module")
def rich() -> tuple[Raster, bytes]:
    exif, thumbnail = with_thumbnail(made.exif(6, full=True))
    data = made.jpeg(made.photo(), exif=b"Exif\0\0" + exif, icc_profile=made.ICC, xmp=XMP, dpi=(300, 300))
    assert thumbnail in data
    assert all(secret in data for secret in SECRETS[:3])
    return read(data), thumbnail


def unpacked(data: bytes) -> bytes:
    return data + b"".join(Image.open(io.BytesIO(data)).getexif().tobytes() for _ in range(1))


@pytest.mark.parametrize("kind", FORMATS)
def test_place_serials_and_thumbnail_are_gone_and_the_rest_is_not(
    kind: str, rich: tuple[Raster, bytes]
) -> None:
    raster, thumbnail = rich
    out = encode(raster, ExportOptions(format=kind, ai_made=True, credit="A & B <agency>"))
    assert not any(secret in unpacked(out.data) for secret in SECRETS)
    assert thumbnail[20:200] not in out.data
    image = Image.open(io.BytesIO(out.data))
    exif = image.getexif()
    assert 0x8825 not in exif
    assert (exif[0x0112], exif[0x8298]) == (6, "(c) somebody")
    details = exif.get_ifd(0x8769)
    assert details[0x9003] == "2020:01:02 03:04:05"
    assert float(details[0x829A]) == pytest.approx(0.01)
    assert (details[0xA002], details[0xA003]) == (131, 97)
    again = read(out.data)
    assert again.meta.icc == made.ICC
    assert again.meta.orientation == 6
    assert again.meta.dpi == (None if kind == "webp" else pytest.approx((300, 300), abs=0.02))
    assert again.meta.xmp is not None
    assert b"A Person" in again.meta.xmp
    assert b"compositeWithTrainedAlgorithmicMedia" in again.meta.xmp
    assert b"A &amp; B &lt;agency&gt;" in again.meta.xmp


@pytest.mark.parametrize("kind", FORMATS)
def test_exporting_twice_gives_the_same_bytes_and_the_same_metadata(
    kind: str, rich: tuple[Raster, bytes]
) -> None:
    options = ExportOptions(format=kind)
    first = encode(rich[0], options).data
    assert encode(rich[0], options).data == first
    one, two = read(first).meta, read(encode(read(first)).data).meta
    assert (one.exif, one.icc, one.xmp, one.dpi) == (two.exif, two.icc, two.xmp, two.dpi)


def test_place_stays_when_asked(rich: tuple[Raster, bytes]) -> None:
    image = Image.open(io.BytesIO(encode(rich[0], ExportOptions(strip_gps=False)).data))
    place = image.getexif().get_ifd(0x8825)
    assert [float(part) for part in place[2]] == [52, 31, 12]


@pytest.mark.parametrize("order", [b"II", b"MM"])
def test_either_byte_order_is_read_and_written(order: bytes) -> None:
    mark = "<" if order == b"II" else ">"
    block = order + struct.pack(mark + "HIHHHIHHI", 42, 8, 1, 0x0112, 3, 1, 8, 0, 0)
    for kind in FORMATS:
        out = encode(Raster(made.photo(), PictureMeta(orientation=8, exif=block)), ExportOptions(format=kind))
        assert read(out.data).meta.orientation == 8


@pytest.mark.parametrize("kind", FORMATS)
def test_broken_exif_never_stops_an_export(kind: str) -> None:
    good = made.exif(6, full=True)
    rng = np.random.default_rng(1)
    for trial in range(60):
        block = bytearray(good[: int(rng.integers(8, len(good) + 1))])
        for at in rng.integers(8, len(block), 4) if len(block) > 8 else []:
            block[at] = int(rng.integers(0, 256))
        raster = Raster(made.photo(8, 9), PictureMeta(orientation=1 + trial % 8, exif=bytes(block)))
        out = encode(raster, ExportOptions(format=kind)).data
        assert read(out).meta.orientation == 1 + trial % 8


def test_too_long_for_a_jpeg_segment_shrinks_to_what_must_be_said() -> None:
    block = Image.Exif()
    block[0x0112], block[0x010E] = 3, "d" * 70_000
    xmp = XMP.replace(b"A Person", b"P" * 70_000)
    meta = PictureMeta(orientation=3, exif=block.tobytes().removeprefix(b"Exif\0\0"), xmp=xmp)
    out = read(encode(Raster(made.photo(), meta), ExportOptions(format="jpeg", ai_made=True)).data)
    assert out.meta.orientation == 3
    assert out.meta.xmp is not None
    assert SourceType.COMPOSITE.value.encode() in out.meta.xmp


def test_profile_is_written_byte_for_byte_where_each_container_keeps_it() -> None:
    raster = Raster(made.photo(), PictureMeta(icc=made.ICC))
    png = encode(raster).data
    at = png.index(b"iCCP")
    assert zlib.decompress(png[at + 4 + len(b"ICC Profile\0\0") :][: 2**16]) == made.ICC
    for kind in ("jpeg", "webp", "tiff"):
        assert made.ICC in encode(raster, ExportOptions(format=kind)).data
