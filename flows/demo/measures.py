"""Peak signal-to-noise ratio, and which pixels of an output changed."""

from __future__ import annotations

import io
import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.JpegImagePlugin import get_sampling

from flows.demo.files import Levels, as_image, decode, saved, stored
from flows.demo.objects import grown
from tasks.contracts import Box

Zone = NDArray[np.bool_]
CAP: Final = 50.0
"""dB. Above it no eye sees a difference, and a mean would be ruled by the easiest picture."""


def psnr(picture: Levels, truth: Levels, zone: Zone | None = None) -> float | None:
    """dB over the colour channels inside `zone` (whole picture without one), peak 1.0, at most CAP.

    Each picture's levels are scaled by its own depth. None where the sizes differ or the zone is empty."""
    if picture.shape[:2] != truth.shape[:2] or (zone is not None and not zone.any()):
        return None
    error = (_colours(picture) - _colours(truth)) ** 2
    mean = float(error.mean() if zone is None else error[zone].mean())
    return CAP if mean <= 10 ** (-CAP / 10) else -10 * math.log10(mean)


def boxes_zone(boxes: list[Box], shape: tuple[int, int]) -> Zone:
    """H×W: true inside any of the boxes."""
    zone = np.zeros(shape, dtype=np.bool_)
    for x0, y0, x1, y1 in boxes:
        zone[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)] = True
    return zone


def near(zone: Zone, pixels: int) -> Zone:
    """The zone and everything within `pixels` of it."""
    return grown(zone, pixels)


def changed_outside(source: Levels, output: bytes, zones: tuple[Zone, ...]) -> tuple[int | None, ...]:
    """For each zone, how many pixels outside it the output changed, alpha counted; None: cannot be told.

    Lossless outputs are compared bit by bit with the decoded source. A JPEG is compared with the untouched
    source encoded by the output's own tables: its blocks code alone, so a zone then counts in whole blocks.
    Lossy WebP predicts each block from the last, so that one edit moves pixels far away: None."""
    with Image.open(io.BytesIO(output)) as picture:
        kind = picture.format
    after = decode(output)
    if after.shape[:2] != source.shape[:2] or (kind == "WEBP" and not _lossless_webp(output)):
        return tuple(None for _ in zones)
    if kind == "JPEG":
        return _changed_in_jpeg(source, output, zones)
    changed = _differs(after, source)
    return tuple(int((changed & ~zone).sum()) for zone in zones)


def _changed_in_jpeg(source: Levels, output: bytes, zones: tuple[Zone, ...]) -> tuple[int | None, ...]:
    with Image.open(io.BytesIO(output)) as picture:
        orientation, sampling, tables = _layout(picture)
        after = _as_levels(picture)
    if source.dtype != np.uint8 or source.shape[2] not in (1, 3):
        return tuple(None for _ in zones)
    before = stored(as_image(source), orientation)
    options = {} if sampling < 0 else {"subsampling": sampling}
    with Image.open(io.BytesIO(saved(before, "JPEG", qtables=tables, **options))) as again:
        redone = _as_levels(again)
    # A codec that copies untouched blocks instead of coding them again leaves the source's own pixels.
    changed = _differs(after, redone) & _differs(after, _as_levels(before))
    turned = (_stored_zone(zone, orientation) for zone in zones)
    return tuple(int((changed & ~_whole_blocks(zone, sampling)).sum()) for zone in turned)


def _lossless_webp(data: bytes) -> bool:
    at = 12
    while at + 8 <= len(data):
        if data[at : at + 4] == b"VP8L":
            return True
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
    return False


def _layout(picture: Image.Image) -> tuple[int, int, dict[int, list[int]]]:
    tables: dict[int, list[int]] = getattr(picture, "quantization", {})
    return int(picture.getexif().get(0x0112, 1)), int(get_sampling(picture)), tables


def _as_levels(picture: Image.Image) -> Levels:
    pixels = np.array(picture, dtype=np.uint8)
    return pixels[..., None] if pixels.ndim == 2 else pixels


def _stored_zone(zone: Zone, orientation: int) -> Zone:
    turned = stored(Image.fromarray(zone.astype(np.uint8) * np.uint8(255)), orientation)
    return np.asarray(turned, dtype=np.uint8) > 0


def _whole_blocks(zone: Zone, sampling: int) -> Zone:
    """Every coding unit the zone touches; with subsampled chroma, also the pixel interpolation reaches."""
    side = 16 if sampling > 0 else 8
    h, w = zone.shape
    padded = np.pad(zone, ((0, -h % side), (0, -w % side)))
    touched = padded.reshape(padded.shape[0] // side, side, -1, side).any(axis=(1, 3))
    whole = touched.repeat(side, axis=0).repeat(side, axis=1)[:h, :w]
    if sampling > 0:
        whole = cv2.dilate(whole.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return np.asarray(whole, dtype=np.bool_)


def _colours(pixels: Levels) -> NDArray[np.float64]:
    colours = pixels[..., : 3 if pixels.shape[2] >= 3 else 1].astype(np.float64) / np.iinfo(pixels.dtype).max
    return np.repeat(colours, 3, axis=2) if colours.shape[2] == 1 else colours


def _differs(a: Levels, b: Levels) -> Zone:
    """Where two pictures differ in colour or alpha; a change of depth differs everywhere it shows."""
    differs = (_colours(a) != _colours(b)).any(axis=2)
    return np.asarray(differs | (_alpha(a) != _alpha(b)), dtype=np.bool_)


def _alpha(pixels: Levels) -> NDArray[np.float64]:
    if pixels.shape[2] in (2, 4):
        return pixels[..., -1].astype(np.float64) / np.iinfo(pixels.dtype).max
    return np.ones(pixels.shape[:2])
