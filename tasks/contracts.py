"""What passes between stages. Frozen; a stage returns new values and never edits its input.

Pixels: H×W×C, RGB order, float32 in 0–1 in the file's own encoding (no linearisation). Integers only in `Raster`,
at the door. Masks: H×W float32, 1 = edit. Boxes: (x0, y0, x1, y1), half open, in the pixels of the picture as displayed
(EXIF orientation applied).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]
"""H×W×C float32, 0–1."""
Mask = NDArray[np.float32]
"""H×W float32, 0–1; 1 = edit."""
Zone = NDArray[np.bool_]
"""H×W bool."""
Box = tuple[int, int, int, int]

RegionKind = Literal["text", "object", "picture"]
Found = Literal["", "strokes", "plate", "polygon", "repeated"]
"""What a text region's mask is: letters alone, the plate under them, the reader's whole outline, or an overlay that several
pictures share; empty for masks that came with the job."""
Outcome = Literal["done", "unchanged", "degraded", "needs-review", "blocked", "rejected", "failed"]
OUTCOMES: tuple[Outcome, ...] = (
    "done", "unchanged", "degraded", "needs-review", "blocked", "rejected", "failed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PictureMeta:
    """What a file says about its pixels, kept so that export can say it again."""

    format: str = "PNG"
    """`PNG`, `JPEG`, `TIFF`, `WEBP` or `BMP`: the container it came in."""
    orientation: int = 1
    """EXIF orientation 1–8 of the stored pixels."""
    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    jpeg_tables: tuple[tuple[int, ...], ...] | None = None
    """The source's quantisation tables, in table order."""
    jpeg_subsampling: int | None = None
    """0 = 4:4:4, 1 = 4:2:2, 2 = 4:2:0, None = unknown."""
    notes: tuple[str, ...] = ()
    """Conversions made at the door, such as `converted CMYK to sRGB`."""


@dataclass(frozen=True, slots=True)
class Raster:
    """A decoded picture, as displayed. `pixels` must not be written to: `with_patches` returns a new one."""

    pixels: NDArray[np.uint8] | NDArray[np.uint16]
    """H×W×C; C = 1 grey, 2 grey+alpha, 3 RGB, 4 RGB+alpha."""
    meta: PictureMeta = field(default_factory=PictureMeta)

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def channels(self) -> int:
        return int(self.pixels.shape[2])

    @property
    def colours(self) -> int:
        """Colour channels: 1 or 3."""
        return self.channels - 1 if self.has_alpha else self.channels

    @property
    def has_alpha(self) -> bool:
        return self.channels in (2, 4)

    @property
    def levels(self) -> int:
        """The integer that stands for 1.0: 255 or 65535."""
        return int(np.iinfo(self.pixels.dtype).max)

    @property
    def box(self) -> Box:
        return (0, 0, self.width, self.height)

    def crop(self, box: Box) -> Pixels:
        """The colour channels (1 or 3, never alpha) inside `box`, float32 0–1, a copy."""
        x0, y0, x1, y1 = box
        return self.pixels[y0:y1, x0:x1, : self.colours].astype(np.float32) / np.float32(self.levels)

    def with_patches(self, patches: tuple[Patch, ...]) -> Raster:
        """A new raster with each patch written where its zone is true. Alpha and every other pixel: bit-identical."""
        out = self.pixels.copy()
        for patch in patches:
            h, w = patch.zone.shape
            view = out[patch.y : patch.y + h, patch.x : patch.x + w, : self.colours]
            levels = np.rint(np.clip(patch.pixels, 0, 1) * self.levels).astype(out.dtype)
            np.copyto(view, levels, where=patch.zone[..., None])
        return Raster(out, self.meta)


@dataclass(frozen=True, slots=True)
class Region:
    """One edited area: the unit of work, retry and re-run."""

    n: int
    box: Box
    """Encloses the region's whole write zone."""
    mask: Mask
    """Of the box's size. The hole is `mask > 0`."""
    kind: RegionKind
    text: str = ""
    confidence: float = 1.0
    found: Found = ""
    note: str = ""
    """Why the mask is wider than it might be; empty when it is as tight as it can be."""
    key: str = ""
    """Names the region the same way in both tiers: what its seed is made from."""

    @property
    def hole(self) -> Zone:
        """Pixels whose old content must go entirely."""
        return self.mask > 0


@dataclass(frozen=True, slots=True)
class Patch:
    """New pixels with their offset: what a stage hands on in place of a whole picture."""

    x: int
    y: int
    pixels: Pixels
    """h×w×colours."""
    zone: Zone
    """h×w: where `pixels` replace the picture's. Outside it `pixels` hold the picture's own values."""

    @property
    def box(self) -> Box:
        h, w = self.zone.shape
        return (self.x, self.y, self.x + w, self.y + h)


@dataclass(frozen=True, slots=True)
class Facts:
    """What triage measured, cheaply."""

    width: int
    height: int
    channels: int
    bit_depth: int
    format: str
    flatness: float
    """Share of 16×16 tiles whose standard deviation is under 2/255."""
    noise: float
    """Estimated noise sigma, in levels of 255 (Immerkaer 1996)."""
    fingerprint: str
    """64-bit difference hash as 16 hex digits: near-duplicates differ in few bits."""
    notes: tuple[str, ...] = ()

    @property
    def megapixels(self) -> float:
        return self.width * self.height / 1e6


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verification measured in one region."""

    passed: bool
    scores: Mapping[str, float]
    reasons: tuple[str, ...] = ()
    """Which thresholds failed, in words, with the figures; and what could not be compared."""
    failed: tuple[str, ...] = ()
    """The scores whose threshold failed."""


@dataclass(frozen=True, slots=True)
class Exported:
    """The file as the catalogue wants it."""

    data: bytes
    suffix: str
    """With the dot: `.jpg`."""
    media_type: str
    width: int
    height: int


JsonObject = dict[str, Any]
