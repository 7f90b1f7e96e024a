"""Writes the file as the catalogue wants it, closing the door that triage opened."""

from __future__ import annotations

from typing import Literal

from tasks.contracts import Exported, Raster
from tasks.errors import BadRequest, PentimentoError
from tasks.export.baggage import fit_segments, for_colours, pack
from tasks.export.lossy import write_jpeg, write_webp
from tasks.export.options import ExportFormat, ExportOptions
from tasks.export.png_writer import write_png
from tasks.export.reduce import flatten, to_8_bit, to_colour
from tasks.export.tiff_writer import write_tiff
from tasks.export.xmp import SourceType
from tasks.lossless import unorient, whole
from tasks.patched import Patched

__all__ = ["ExportFormat", "ExportOptions", "SourceType", "encode"]

_Written = Literal["png", "jpeg", "webp", "tiff"]
_KEPT: dict[str, _Written] = {"JPEG": "jpeg", "WEBP": "webp", "TIFF": "tiff"}
_NAMES: dict[_Written, tuple[str, str]] = {
    "png": (".png", "image/png"),
    "jpeg": (".jpg", "image/jpeg"),
    "webp": (".webp", "image/webp"),
    "tiff": (".tif", "image/tiff"),
}


def encode(picture: Raster | Patched, options: ExportOptions | None = None) -> Exported:
    """The picture as a file. It is not changed; same inputs, same bytes. A PNG as displayed is written row by row: no copy is made.

    Pixels are turned back to the stored orientation, whose tag is kept, so that in PNG, TIFF and lossless WebP every
    stored pixel outside the edit equals the source's. PNG and TIFF keep depth and alpha; JPEG and WebP get 8 bits, JPEG
    no alpha. Kept: ICC profile byte for byte, descriptive EXIF, XMP, resolution. Dropped: GPS (unless asked for), serial
    numbers, maker's notes, thumbnails. `width` and `height` of the result are as displayed. Raises BadRequest where
    the picture does not fit the format.
    """
    options = options or ExportOptions()
    kept = _KEPT.get(picture.meta.format, "png")
    kind: _Written = kept if options.format == "keep" else options.format
    if isinstance(picture, Raster):
        picture = Patched(picture)
    try:
        data = _write(kind, picture, options)
    except PentimentoError as fault:
        raise fault.about(stage="export") from fault.__cause__
    except (OSError, ValueError, OverflowError) as fault:
        raise BadRequest(f"cannot be written as {kind}: {fault}", stage="export") from fault
    suffix, media_type = _NAMES[kind]
    return Exported(data, suffix, media_type, picture.width, picture.height)


def _write(kind: _Written, picture: Patched, options: ExportOptions) -> bytes:
    meta = picture.meta
    if kind == "png" and meta.orientation == 1:
        baggage = pack(meta, options, (picture.width, picture.height))
        return write_png(picture.rows, picture.width, picture.height, baggage)
    raster = picture.whole()
    stored = whole(unorient(raster.pixels, meta.orientation))
    height, width = stored.shape[:2]
    baggage = pack(meta, options, (width, height))
    if kind == "png":
        return write_png(lambda y0, y1: stored[y0:y1], width, height, baggage)
    if kind == "tiff":
        return write_tiff(stored, baggage, meta.orientation)
    if kind == "webp":
        coloured = to_8_bit(to_colour(stored))
        return write_webp(coloured, for_colours(baggage, raster.colours, 3), meta, options)
    flat = to_8_bit(flatten(stored, options.background) if raster.has_alpha else stored)
    fitting = for_colours(fit_segments(baggage, options), raster.colours, flat.shape[2])
    return write_jpeg(flat, fitting, meta, options)
