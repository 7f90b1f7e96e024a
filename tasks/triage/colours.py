"""Turns whatever mode Pillow decoded into grey or RGB integers, with or without alpha."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageCms

from tasks.errors import Undecodable
from tasks.lossless import Integers

_PLAIN = ("L", "LA", "RGB", "RGBA")
_SIMPLE = {"1": "L", "La": "LA", "RGBa": "RGBA", "PA": "RGBA", "RGBX": "RGB", "YCbCr": "RGB"}
_BAND = 64
"""Rows taken over at once."""
_DROPS_PROFILE = ("CMYK", "LAB", "YCbCr")


def to_array(image: Image.Image, icc: bytes | None, notes: list[str]) -> tuple[Integers, bytes | None]:
    """H×W×C uint8 or uint16 and the profile that still holds for it. `icc` is dropped where colours were converted."""
    mode = image.mode
    if mode.startswith("I;16"):
        return np.asarray(image).astype(np.uint16)[..., None], icc
    if mode not in _PLAIN or "transparency" in image.info:
        image = _plain(image, icc, notes)
    return _levels(image), None if mode in _DROPS_PROFILE else icc


def _levels(image: Image.Image) -> Integers:
    """H×W×C uint8, a band at a time: Pillow gives out a picture by way of two more copies of it."""
    width, height = image.size
    out = np.empty((height, width, len(image.getbands())), np.uint8)
    for y in range(0, height, _BAND):
        band = np.asarray(image.crop((0, y, width, min(y + _BAND, height))))
        out[y : y + _BAND] = band[..., None] if band.ndim == 2 else band
    return out


def _plain(image: Image.Image, icc: bytes | None, notes: list[str]) -> Image.Image:
    mode = image.mode
    if mode in ("CMYK", "LAB"):
        return _managed(image, icc, notes)
    if mode == "P":
        notes.append("palette expanded")
        return image.convert("RGBA" if "transparency" in image.info else "RGB")
    if mode in ("RGBa", "La"):
        notes.append("premultiplied alpha divided out")
    if mode in ("L", "RGB"):
        return image.convert("LA" if mode == "L" else "RGBA")
    if mode not in _SIMPLE:
        raise Undecodable(f"pixels of kind {mode} are not supported")
    if mode == "YCbCr":
        notes.append("converted YCbCr to RGB")
    return image.convert(_SIMPLE[mode])


def _managed(image: Image.Image, icc: bytes | None, notes: list[str]) -> Image.Image:
    """CMYK or Lab to sRGB through the file's profile (Lab needs none), else by the plain formula."""
    srgb = ImageCms.createProfile("sRGB")
    try:
        if image.mode == "LAB":
            source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        elif icc is None:
            raise ValueError("no profile")
        else:
            source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        turned = ImageCms.profileToProfile(
            image, source, srgb, ImageCms.Intent.RELATIVE_COLORIMETRIC, "RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )  # fmt: skip
    except (ImageCms.PyCMSError, ValueError, OSError, TypeError):
        turned = None
    if turned is not None:
        notes.append(f"converted {image.mode} to sRGB")
        return turned
    if image.mode == "LAB":
        raise Undecodable("Lab colours that cannot be converted")
    notes.append("converted CMYK to sRGB without a profile")
    return image.convert("RGB")
