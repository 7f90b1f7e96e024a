"""Regions in a made picture, and pictures with a face, a code or nothing of the kind, for tests of the policy."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.demo.photographs import photograph
from tasks.contracts import Box, Region, RegionKind

SIZE = (480, 640)
PLACES: dict[str, Box] = {
    "": (200, 20, 300, 45), "centre": (260, 225, 380, 255), "wide": (40, 60, 600, 110), "corner": (540, 440, 630, 470),
    "slant": (60, 60, 580, 420),
}  # fmt: skip
Bytes3 = NDArray[np.uint8]


def region(
    text: str = "",
    place: str = "",
    confidence: float = 0.95,
    kind: RegionKind = "text",
    box: Box | None = None,
) -> Region:
    """A region in a picture of 640×480; `slant` has a hole along the diagonal of its box."""
    x0, y0, x1, y1 = box or PLACES[place]
    mask = np.ones((y1 - y0, x1 - x0), np.float32)
    if place == "slant":
        mask[:] = 0
        cv2.line(mask, (5, y1 - y0 - 5), (x1 - x0 - 5, 5), 1.0, 24)
    return Region(1, (x0, y0, x1, y1), mask, kind, text, confidence)


def blank() -> Bytes3:
    return np.full((*SIZE, 3), 200, np.uint8)


def photo(name: str) -> Bytes3:
    """One of scikit-image's photographs, H×W×3 uint8."""
    levels = np.rint(photograph(name) * 255).astype(np.uint8)
    return np.ascontiguousarray(np.repeat(levels, 3, axis=2) if levels.shape[2] == 1 else levels)


def with_qr(pixels: int = 6, at: tuple[int, int] = (400, 200)) -> Bytes3:
    """A QR code of 25×25 modules of `pixels` px, its quiet zone included, in a plain picture."""
    modules: Any = cv2.QRCodeEncoder.create().encode("pentimento")
    code = np.kron(modules, np.ones((pixels, pixels), np.uint8))
    picture = blank()
    picture[at[1] : at[1] + len(code), at[0] : at[0] + len(code)] = code[..., None]
    return picture


LEFT = (
    "0001101",
    "0011001",
    "0010011",
    "0111101",
    "0100011",
    "0110001",
    "0101111",
    "0111011",
    "0110111",
    "0001011",
)
PARITY = ("LLLLLL", "LLGLGG", "LLGGLG", "LLGGGL", "LGLLGG", "LGGLLG", "LGGGLL", "LGLGLG", "LGLGGL", "LGGLGL")


def with_barcode(number: str = "4006381333931", at: tuple[int, int] = (120, 200)) -> Bytes3:
    """An EAN-13 of 285×120 px in a plain picture (GS1 General Specifications, 5.2)."""
    right = [code.translate(str.maketrans("01", "10")) for code in LEFT]
    forms = {"L": list(LEFT), "G": [code[::-1] for code in right]}
    left = "".join(
        forms[form][int(digit)] for form, digit in zip(PARITY[int(number[0])], number[1:7], strict=True)
    )
    bits = "101" + left + "01010" + "".join(right[int(digit)] for digit in number[7:]) + "101"
    picture = blank()
    x, y = at
    picture[y - 20 : y + 140, x - 40 : x + 3 * len(bits) + 40] = 255
    # 3 px a module
    bars = np.repeat(np.array([0 if bit == "1" else 255 for bit in bits], np.uint8), 3)
    picture[y : y + 120, x : x + len(bars)] = bars[None, :, None]
    return picture
