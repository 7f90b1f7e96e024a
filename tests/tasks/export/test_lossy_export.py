"""JPEG and WebP out: the source's own coding, no more loss than a second coding must cost, alpha laid on a background."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, JpegImagePlugin

from tasks.contracts import PictureMeta, Raster
from tasks.errors import BadRequest
from tasks.export.encode import ExportOptions, encode
from tasks.export.reduce import flatten
from tasks.triage.decode import decode
from tests.tasks.triage import made_pictures as made


def read(data: bytes) -> Raster:
    return decode(data, name="x", max_pixels=10**8, max_bytes=10**9)


def opened(data: bytes) -> JpegImagePlugin.JpegImageFile:
    image = Image.open(io.BytesIO(data))
    assert isinstance(image, JpegImagePlugin.JpegImageFile)
    return image


@pytest.mark.parametrize("quality", [30, 75, 92, 100])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_keeps_tables_and_subsampling(quality: int, subsampling: int, progressive: bool) -> None:
    source = made.jpeg(
        made.photo(120, 161), quality=quality, subsampling=subsampling, progressive=progressive
    )
    out = encode(read(source))
    before, after = opened(source), opened(out.data)
    assert out.suffix == ".jpg"
    assert after.quantization == before.quantization
    assert JpegImagePlugin.get_sampling(after) == JpegImagePlugin.get_sampling(before) == subsampling


@pytest.mark.parametrize("quality", [30, 75, 92])
@pytest.mark.parametrize("channels", [1, 3])
def test_untouched_jpeg_loses_no_more_than_pillows_keep(quality: int, channels: int) -> None:
    source = made.jpeg(made.photo(120, 161, channels), quality=quality)
    original = read(source).pixels.astype(int)
    kept = io.BytesIO()
    opened(source).save(kept, "JPEG", quality="keep")
    rival = np.abs(read(kept.getvalue()).pixels - original)
    ours = np.abs(read(encode(read(source)).data).pixels - original)
    assert ours.sum() <= rival.sum()
    assert ours.max() <= rival.max()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_jpeg_is_coded_on_the_sources_own_grid(orientation: int) -> None:
    source = made.jpeg(made.photo(120, 165), quality=60, exif=b"Exif\0\0" + made.exif(orientation))
    out = encode(read(source)).data
    assert np.abs(np.asarray(opened(out)).astype(int) - np.asarray(opened(source))).mean() < 0.2
    assert opened(out).getexif()[0x0112] == orientation
    assert opened(out).size == (165, 120)


def test_quality_and_subsampling_as_told() -> None:
    raster = read(made.jpeg(made.photo(), quality=90, subsampling=2))
    out = opened(encode(raster, ExportOptions(quality=50, subsampling="422")).data)
    want = opened(made.jpeg(made.photo(), quality=50))
    assert out.quantization == want.quantization
    assert JpegImagePlugin.get_sampling(out) == 1
    png = opened(encode(Raster(made.photo()), ExportOptions(format="jpeg")).data)
    assert png.quantization == opened(made.jpeg(made.photo(), quality=92)).quantization
    assert JpegImagePlugin.get_sampling(png) == 0


def test_tables_under_other_numbers_are_told_by_component() -> None:
    data = bytearray(made.jpeg(made.photo(), quality=80, subsampling=0))
    chroma = data.index(b"\xff\xdb", data.index(b"\xff\xdb") + 2)
    start = data.index(b"\xff\xc0") + 2 + 8
    assert data[chroma + 4] == 1
    assert [data[start + 2 + 3 * n] for n in range(3)] == [0, 1, 1]
    data[chroma + 4] = data[start + 5] = data[start + 8] = 3
    out = opened(encode(read(bytes(data))).data)
    assert out.quantization == opened(made.jpeg(made.photo(), quality=80)).quantization


def test_jpeg_stored_as_rgb_stays_so() -> None:
    source = made.jpeg(made.photo(), quality=95, keep_rgb=True)
    out = encode(read(source)).data
    assert [c[0] for c in opened(out).layer] == [82, 71, 66]
    assert np.abs(read(out).pixels.astype(int) - read(source).pixels).mean() < 0.25


def test_noise_at_the_finest_tables_is_written_whole() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (300, 300, 3), np.uint8)
    first = read(made.jpeg(pixels, quality=100, subsampling=0))
    assert np.abs(read(encode(first).data).pixels.astype(int) - first.pixels).max() <= 3


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_alpha_is_laid_on_the_background(dtype: type) -> None:
    full = np.iinfo(dtype).max
    pixels = np.zeros((32, 48, 4), dtype)
    pixels[:, 16:, 3] = full // 2
    pixels[:, 32:] = full
    out = encode(Raster(pixels), ExportOptions(format="jpeg", quality=100, flatten="#ff8000"))
    seen = read(out.data).pixels[:, [4, 24, 44]].astype(int).mean(axis=0)
    assert np.abs(seen - [[255, 128, 0], [128, 64, 0], [255, 255, 255]]).max() < 2.5
    grey = encode(Raster(pixels[..., [0, 3]]), ExportOptions(format="jpeg"))
    assert read(grey.data).channels == 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_laying_on_a_background_rounds_to_the_nearest_level(dtype: type) -> None:
    full = int(np.iinfo(dtype).max)
    pixels = np.random.default_rng(4).integers(0, full, (50, 60, 4), dtype, endpoint=True)
    pixels[:2] = full
    alpha = pixels[..., 3:].astype(float) / full
    want = pixels[..., :3] * alpha + np.array([255, 128, 0]) * (full // 255) * (1 - alpha)
    assert np.abs(flatten(pixels, (255, 128, 0)) - want).max() <= 0.5 + 1e-6


def test_16_bits_are_rounded_not_cut() -> None:
    ramp = np.linspace(0, 65535, 64 * 64).round().astype(np.uint16).reshape(64, 64, 1).repeat(3, 2)
    out = encode(Raster(ramp, PictureMeta("WEBP", notes=("lossless WebP",))), ExportOptions(format="webp"))
    assert np.array_equal(read(out.data).pixels, np.rint(ramp / 257).astype(np.uint8))


def test_grey_profile_does_not_follow_into_rgb() -> None:
    raster = Raster(made.photo(channels=1), PictureMeta(icc=made.ICC))
    assert read(encode(raster, ExportOptions(format="webp")).data).meta.icc is None
    assert read(encode(raster, ExportOptions(format="jpeg")).data).meta.icc == made.ICC


def test_what_does_not_fit_is_a_bad_request() -> None:
    wide = Raster(np.zeros((1, 16384, 3), np.uint8))
    with pytest.raises(BadRequest, match="does not fit WEBP"):
        encode(wide, ExportOptions(format="webp"))
    for wrong in ({"quality": 0}, {"format": "gif"}, {"flatten": "white"}, {"subsampling": "411"}):
        with pytest.raises(BadRequest):
            ExportOptions(**wrong)  # type: ignore[arg-type]
