"""Every kind of picture the door lets in, and what becomes of its pixels."""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms, ImageOps

from tasks.contracts import Raster
from tasks.errors import Undecodable
from tasks.lossless import LOSSLESS_WEBP
from tasks.triage.decode import decode
from tests.tasks.triage import made_pictures as made


def read(data: bytes) -> Raster:
    return decode(data, name="x", max_pixels=10**7, max_bytes=10**8)


def tiff(array: np.ndarray, **how: object) -> bytes:
    out = io.BytesIO()
    tifffile.imwrite(out, array, **how)
    return out.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("container", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_pixels_come_as_displayed(container: str, orientation: int) -> None:
    image = Image.fromarray(made.photo(23, 34))
    block = Image.Exif()
    block[0x0112] = orientation
    how = {"lossless": True} if container == "WEBP" else {}
    data = made.saved(image, container, exif=block.tobytes(), **how)
    want = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
    got = read(data)
    assert got.meta.orientation == orientation
    assert got.meta.format == container
    assert np.array_equal(got.pixels, want)


def test_the_array_is_read_only() -> None:
    got = read(made.png(made.photo()))
    with pytest.raises(ValueError, match="read-only"):
        got.pixels[0, 0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        read(made.jpeg(made.photo())).pixels[0, 0, 0] = 1


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_16_bit_tiff_keeps_its_bits(channels: int, compression: str | None, order: str) -> None:
    rng = np.random.default_rng(channels)
    pixels = rng.integers(0, 65536, (19, 23, channels), np.uint16)
    photometric = "rgb" if channels > 2 else "minisblack"
    extra = ["unassalpha"] if channels in (2, 4) else None
    data = tiff(
        pixels if channels > 1 else pixels[..., 0],
        photometric=photometric, extrasamples=extra, compression=compression, byteorder=order, metadata=None,
        planarconfig="contig" if channels > 1 else None,
    )  # fmt: skip
    got = read(data)
    assert got.pixels.dtype == np.uint16
    assert np.array_equal(got.pixels, pixels)


def test_16_bit_lzw_and_packbits_tiff_keep_their_bits_in_rgb_order() -> None:
    pixels = np.random.default_rng(1).integers(0, 65536, (19, 23, 4), np.uint16)
    for order in ([0], [2, 1, 0], [2, 1, 0, 3]):
        for compression in (5, 32773):  # LZW, PackBits
            how = [cv2.IMWRITE_TIFF_COMPRESSION, compression]
            data = cv2.imencode(".tiff", pixels[..., order], how)[1].tobytes()
            assert np.array_equal(read(data).pixels, pixels[..., : len(order)])


def test_planar_and_white_is_zero_tiff() -> None:
    pixels = made.photo(20, 30)
    planes = tiff(np.moveaxis(pixels, 2, 0), photometric="rgb", planarconfig="separate", metadata=None)
    assert np.array_equal(read(planes).pixels, pixels)
    grey = np.random.default_rng(2).integers(0, 65536, (9, 8), np.uint16)
    assert np.array_equal(read(tiff(grey, photometric="miniswhite")).pixels[..., 0], 65535 - grey)


def test_float_tiff_becomes_16_bit_and_nan_is_refused() -> None:
    pixels = np.random.default_rng(3).random((9, 8, 3)).astype(np.float32)
    got = read(tiff(pixels, photometric="rgb"))
    assert np.array_equal(got.pixels, np.rint(pixels.astype(np.float64) * 65535))
    assert "converted floating-point samples to 16 bits" in got.meta.notes
    pixels[2, 3, 1] = np.nan
    with pytest.raises(Undecodable, match="NaN"):
        read(tiff(pixels, photometric="rgb"))
    with pytest.raises(Undecodable, match="only 0–1"):
        read(tiff(np.full((4, 4), 255, np.float32)))


def test_first_page_of_many_with_a_note() -> None:
    pages = [Image.fromarray(made.photo(10, 11, seed=s)) for s in (1, 2)]
    got = read(made.saved(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    assert np.array_equal(got.pixels, made.photo(10, 11, seed=1))
    assert any("only the first" in note for note in got.meta.notes)


def test_palette_with_and_without_transparency() -> None:
    image = Image.fromarray(made.photo(12, 13)).quantize(16)
    assert np.array_equal(read(made.saved(image, "PNG")).pixels, np.asarray(image.convert("RGB")))
    got = read(made.saved(image, "PNG", transparency=bytes(range(0, 160, 10)))).pixels
    assert got.shape[2] == 4
    assert np.array_equal(got[..., 3], np.asarray(image) * 10)


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_colour_key_of_any_depth(depth: int) -> None:
    samples = np.arange(2 ** min(depth, 8), dtype=np.uint32)[None]
    width = samples.shape[1]
    bits = "".join(f"{value:0{depth}b}" for value in samples[0]).ljust(-(-width * depth // 8) * 8, "0")
    row = b"\0" + int(bits, 2).to_bytes(len(bits) // 8, "big")
    header = struct.pack(">IIBBBBB", width, 1, depth, 0, 0, 0, 0)
    data = made.assembled(
        (b"IHDR", header), (b"tRNS", struct.pack(">H", 1)), (b"IDAT", zlib.compress(row)), (b"IEND", b"")
    )
    got = read(data).pixels
    full = 65535 if depth == 16 else 255
    assert got.shape == (1, width, 2)
    assert np.array_equal(got[0, :, 1], np.where(samples[0] == 1, 0, full))
    assert np.array_equal(got[0, :, 0], samples[0] * (255 // (2**depth - 1)) if depth < 16 else samples[0])


def test_16_bit_rgb_colour_key() -> None:
    pixels = np.random.default_rng(5).integers(0, 65536, (4, 5, 3), np.uint16)
    got = read(made.png(pixels, (b"tRNS", pixels[1, 2].astype(">u2").tobytes()))).pixels
    assert np.array_equal(got[..., :3], pixels)
    assert np.argwhere(got[..., 3] == 0).tolist() == [[1, 2]]


@pytest.mark.parametrize("container", ["JPEG", "TIFF"])
def test_cmyk_becomes_srgb_with_a_note(container: str) -> None:
    image = Image.fromarray(made.photo(20, 30)).convert("CMYK")
    got = read(made.saved(image, container))
    want = np.asarray(image.convert("RGB"))
    assert np.abs(got.pixels.astype(int) - want).mean() < 3
    assert got.meta.icc is None
    assert any("CMYK" in note for note in got.meta.notes)
    broken = read(made.saved(image, container, icc_profile=b"no profile at all"))
    assert broken.meta.icc is None
    assert np.array_equal(broken.pixels, got.pixels)


def test_lab_tiff_becomes_srgb() -> None:
    rgb = Image.fromarray(made.photo(20, 30))
    lab = ImageCms.profileToProfile(
        rgb, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    got = read(made.saved(lab, "TIFF"))
    assert np.abs(got.pixels.astype(int) - np.asarray(rgb)).mean() < 3


def test_one_bit_grey_alpha_and_bmp() -> None:
    bits = Image.fromarray(made.photo(9, 10, 1)[..., 0] > 127)
    for container in ("PNG", "TIFF", "BMP"):
        got = read(made.saved(bits, container)).pixels
        assert got.shape[2] in (1, 3)
        assert np.array_equal(got[..., 0], np.asarray(bits) * 255)
    grey_alpha = made.photo(9, 10, 2)
    assert np.array_equal(read(made.png(grey_alpha)).pixels, grey_alpha)
    assert np.array_equal(read(made.saved(Image.fromarray(grey_alpha, "LA"), "TIFF")).pixels, grey_alpha)
    assert np.array_equal(read(made.saved(Image.fromarray(made.photo()), "BMP")).pixels, made.photo())


def test_lossless_webp_says_so_and_keeps_hidden_colours() -> None:
    pixels = made.photo(12, 14, 4)
    pixels[3:6, 2:5, 3] = 0
    got = read(made.saved(Image.fromarray(pixels), "WEBP", lossless=True, exact=True))
    assert np.array_equal(got.pixels, pixels)
    assert LOSSLESS_WEBP in got.meta.notes
    lossy = read(made.saved(Image.fromarray(pixels), "WEBP", quality=80))
    assert LOSSLESS_WEBP not in lossy.meta.notes


def test_metadata_is_kept_and_the_oversized_dropped() -> None:
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
    image = Image.fromarray(made.photo())
    for container in ("JPEG", "WEBP", "TIFF"):
        how = {"tiffinfo": {700: xmp}} if container == "TIFF" else {"xmp": xmp}
        meta = read(made.saved(image, container, icc_profile=made.ICC, dpi=(300, 300), **how)).meta
        assert (meta.icc, meta.xmp) == (made.ICC, xmp)
        assert container == "WEBP" or meta.dpi == (300, 300)
    png = read(made.png(made.photo(), made.iccp(bytes(5 * 2**20)), (b"eXIf", made.exif(6)))).meta
    assert png.icc is None
    assert png.orientation == 6
    assert any("ICC" in note for note in png.notes)
