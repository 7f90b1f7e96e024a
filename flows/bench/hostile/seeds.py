"""Small valid files of every allowed format and of the kinds of pixels they hold: what the mutants are bred from."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

SIDE = 24
_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16")
_XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>'


@cache
def seeds() -> tuple[tuple[str, bytes], ...]:
    """Name and bytes of each, in a fixed order: the same bytes wherever the same libraries are installed."""
    return (*_pillow(), *_deep_tiffs(), *_deep_pngs())


def _pillow() -> Iterator[tuple[str, bytes]]:
    for mode in _MODES:
        image = _picture(mode)
        for name, options in _writers(mode):
            container = name.partition("-")[0]
            yield f"{name}-{mode.replace(';', '')}", _saved(image, container, options)
    frames = [_picture("RGB"), _picture("RGB").transpose(Image.Transpose.ROTATE_90)]
    for container in ("PNG", "WEBP", "TIFF"):
        yield (
            f"{container}-frames",
            _saved(frames[0], container, {"save_all": True, "append_images": frames[1:]}),
        )


def _writers(mode: str) -> Iterator[tuple[str, dict[str, Any]]]:
    said = {"exif": _exif(), "icc_profile": _profile()}
    if mode in ("L", "RGB", "CMYK"):
        yield "JPEG", {"quality": 85, **said, "xmp": _XMP}
        yield "JPEG-progressive", {"quality": 60, "progressive": True}
    if mode == "RGB":
        yield "JPEG-restarts", {"quality": 85, "subsampling": 2, "restart_marker_blocks": 1}
    if mode not in ("CMYK",):
        yield "PNG", dict(said)
    if mode in ("RGB", "RGBA"):
        yield "WEBP", {"quality": 60, **said, "xmp": _XMP}
        yield "WEBP-lossless", {"lossless": True}
    if mode in ("1", "L", "P", "RGB"):
        yield "BMP", {}
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
        # libtiff refuses to write the GPS directory that raw files may have
        told = said if compression == "raw" else {"icc_profile": _profile()}
        yield f"TIFF-{compression}", {"compression": compression, **told}
    if mode == "1":
        yield "TIFF-group3", {"compression": "group3"}
        yield "TIFF-group4", {"compression": "group4"}
    if mode in ("L", "RGB"):
        yield "TIFF-jpeg", {"compression": "jpeg"}
    yield "TIFF-big", {"big_tiff": True}


def _picture(mode: str) -> Image.Image:
    levels = _levels()
    if mode == "I;16":
        return Image.fromarray(levels[..., 0].astype(np.uint16) * 257)
    return Image.fromarray(levels).convert(mode)


def _levels() -> NDArray[np.uint8]:
    levels = np.random.default_rng(7).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    levels[4:16, 4:16] = (200, 30, 90)
    return levels


def _saved(image: Image.Image, container: str, options: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    image.save(out, container, **options)
    return out.getvalue()


def _exif() -> bytes:
    exif = Image.Exif()
    exif[274], exif[271] = 6, "Maker"
    exif.get_ifd(0x8825).update({1: "N", 2: (1.0, 2.0, 3.0)})
    return exif.tobytes()


@cache
def _profile() -> bytes:
    # The time of making stands in bytes 24-35 of a profile: blanked, so that seeds are the same on every day.
    made = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    made[24:36] = bytes(12)
    return bytes(made)


def _deep_tiffs() -> Iterator[tuple[str, bytes]]:
    import tifffile

    unit = _levels().astype(np.float32) / 255
    holed = unit.copy()
    holed[3, 3] = (np.nan, np.inf, -np.inf)
    kinds: dict[str, NDArray[Any]] = {
        "float": unit, "half": unit.astype(np.float16), "nan": holed, "double": unit.astype(np.float64),
        "deep": _levels().astype(np.uint16) * 257, "whole": _levels().astype(np.uint32), "signed": _levels().astype(np.int16),
    }  # fmt: skip
    for name, array in kinds.items():
        for order in ("<", ">"):
            out = io.BytesIO()
            tifffile.imwrite(
                out, array, photometric="rgb", byteorder=order, compression="zlib" if order == "<" else None,
                predictor=name == "deep" and order == "<", metadata=None, software=False,
            )  # fmt: skip
            yield f"TIFF-{name}{'-little' if order == '<' else '-big'}", out.getvalue()
    out = io.BytesIO()
    tifffile.imwrite(
        out, np.zeros((64, 64, 3), np.uint16), tile=(16, 16), bigtiff=True, photometric="rgb", software=False
    )
    yield "TIFF-tiles", out.getvalue()


def _deep_pngs() -> Iterator[tuple[str, bytes]]:
    for channels in (1, 3, 4):
        array = np.repeat(_levels()[..., :1], channels, axis=2).astype(np.uint16) * 257
        yield f"PNG-deep-{channels}", cv2.imencode(".png", array)[1].tobytes()
