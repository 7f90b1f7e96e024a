"""What the catalogue may ask of an exported file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from tasks.errors import BadRequest
from tasks.export.xmp import SourceType

ExportFormat = Literal["keep", "png", "jpeg", "webp", "tiff"]
Subsampling = Literal["keep", "444", "422", "420"]


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """How to write a picture. The defaults write it as it came, less what identifies a place or a camera."""

    format: ExportFormat = "keep"
    """`keep`: the source's container; BMP becomes PNG."""
    quality: int | None = None
    """1–100 for JPEG and WebP. None: the source's own tables from JPEG to JPEG, lossless from lossless WebP to WebP,
    else 92."""
    subsampling: Subsampling = "keep"
    """JPEG chroma. `keep`: the source's from JPEG to JPEG, else 4:4:4."""
    flatten: str = "#ffffff"
    """Background under transparent pixels where the format has no alpha (JPEG)."""
    ai_made: bool = False
    """A generative network made pixels of this picture."""
    source_type: SourceType | None = None
    """IPTC digital source type. None: COMPOSITE if `ai_made`, else ENHANCED. NONE adds nothing."""
    strip_gps: bool = True
    credit: str = ""
    """Written as photoshop:Credit if not empty."""

    def __post_init__(self) -> None:
        if self.format not in ("keep", "png", "jpeg", "webp", "tiff"):
            raise BadRequest(f"no export format {self.format!r}", cure="use keep, png, jpeg, webp or tiff")
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise BadRequest(f"export quality {self.quality}", cure="use 1 to 100")
        if self.subsampling not in ("keep", "444", "422", "420"):
            raise BadRequest(f"no subsampling {self.subsampling!r}", cure="use keep, 444, 422 or 420")
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", self.flatten):
            raise BadRequest(f"background {self.flatten!r}", cure="use #rrggbb")

    @property
    def made_by(self) -> SourceType:
        """The source type to write."""
        if self.source_type is not None:
            return self.source_type
        return SourceType.COMPOSITE if self.ai_made else SourceType.ENHANCED

    @property
    def background(self) -> tuple[int, int, int]:
        """`flatten` as levels of 255."""
        red, green, blue = bytes.fromhex(self.flatten[1:])
        return red, green, blue
