"""How big a picture may be, checked against its header before a pixel is decoded."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.errors import TooLarge, Undecodable


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

    def check_bytes(self, size: int) -> None:
        """Raises TooLarge over the byte limit."""
        if size > self.bytes:
            raise TooLarge(
                f"the file has {size} bytes, the limit is {self.bytes}",
                cure="save the picture smaller, or raise PENTIMENTO_MAX_BYTES",
            )
