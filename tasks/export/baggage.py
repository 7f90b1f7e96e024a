"""What travels with the pixels of an exported file: profile, EXIF, XMP, resolution, each cleaned once for all formats."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tasks.contracts import PictureMeta
from tasks.export.exif import clean_exif, only_orientation
from tasks.export.ifd import Directory, write_block
from tasks.export.options import ExportOptions
from tasks.export.xmp import clean_xmp

_SEGMENT = 65000
"""Bytes of EXIF or XMP that surely fit a JPEG segment."""


@dataclass(frozen=True, slots=True)
class Baggage:
    """Metadata ready to be written, in any container's form."""

    icc: bytes | None = None
    directory: Directory | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None

    @property
    def exif(self) -> bytes | None:
        """An EXIF block without the JPEG prefix."""
        return None if self.directory is None else write_block(self.directory)


def pack(meta: PictureMeta, options: ExportOptions, stored_size: tuple[int, int]) -> Baggage:
    """The metadata of a picture as `options` want it. stored_size: width, height in stored orientation."""
    return Baggage(
        icc=meta.icc,
        directory=clean_exif(
            meta.exif, orientation=meta.orientation, size=stored_size, strip_gps=options.strip_gps
        ),
        xmp=clean_xmp(
            meta.xmp, source_type=options.made_by, credit=options.credit, strip_gps=options.strip_gps
        ),
        dpi=meta.dpi,
    )


def fit_segments(baggage: Baggage, options: ExportOptions) -> Baggage:
    """For JPEG: what is too long for its segment shrinks to what must be said (orientation; source type, credit)."""
    if baggage.exif and len(baggage.exif) > _SEGMENT and baggage.directory:
        baggage = replace(baggage, directory=only_orientation(baggage.directory))
    if baggage.xmp and len(baggage.xmp) > _SEGMENT:
        fresh = clean_xmp(None, source_type=options.made_by, credit=options.credit[:2000])
        baggage = replace(baggage, xmp=fresh)
    return baggage


def for_colours(baggage: Baggage, colours: int, became: int) -> Baggage:
    """A profile for grey is wrong for RGB: drop it where the export changed the number of colour channels."""
    return baggage if colours == became else replace(baggage, icc=None)
