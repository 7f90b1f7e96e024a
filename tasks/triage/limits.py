"""How big a picture may be, checked against its header before a pixel is decoded."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.errors import TooLarge, Undecodable

_SMALL = 4_000_000
"""Pixels up to which a header may claim what it likes: they cost next to nothing."""
_PASSES = 16
"""Scans that even the largest picture may have; encoders write 10 at most."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one decode."""

    pixels: int
    bytes: int

    def check(self, width: int, height: int) -> None:
        """Raises TooLarge over the pixel limit, Undecodable for a picture without pixels."""
        if width < 1 or height < 1:
            raise Undecodable(f"a picture of {width}×{height} has no pixels")
        if width * height > self.pixels:
            raise TooLarge(
                f"{width}×{height} is {width * height / 1e6:.1f} megapixels, the limit is {self.pixels / 1e6:.1f}"
            )

    def check_density(self, width: int, height: int, size: int, densest: int, what: str) -> None:
        """Raises Undecodable where `size` bytes cannot hold so many pixels at `densest` pixels a byte: the header lies, and
        hours of work or gigabytes would go into pixels that are not there. Small pictures are let through."""
        if width * height > _SMALL and width * height > densest * size:
            raise Undecodable(
                f"damaged {what}: {size} bytes cannot hold the {width}×{height} pixels that its header claims"
            )

    def check_passes(self, width: int, height: int, passes: int, what: str) -> None:
        """Raises Undecodable where a picture is painted over so often that it would hold up the run."""
        if passes > _PASSES and passes * max(width * height, _SMALL // 64) > _PASSES * max(
            self.pixels, _SMALL
        ):
            raise Undecodable(f"{what} with {passes} scans over {width}×{height} pixels is not supported")

    def check_bytes(self, size: int) -> None:
        """Raises TooLarge over the byte limit."""
        if size > self.bytes:
            raise TooLarge(
                f"the file has {size} bytes, the limit is {self.bytes}",
                cure="save the picture smaller, or raise PENTIMENTO_MAX_BYTES",
            )
