"""What catalogue pictures have gone through before they are enlarged: shrinking by some tool, blur, noise, JPEG."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from PIL import Image

from flows.training.upscale_network.imresize import Bytes3, imresize

Rng = np.random.Generator

_PILLOW: Final = {
    "pillow-bicubic": Image.Resampling.BICUBIC,
    "pillow-lanczos": Image.Resampling.LANCZOS,
    "pillow-bilinear": Image.Resampling.BILINEAR,
}
_OPENCV: Final = {
    "area": cv2.INTER_AREA,
    "plain-bilinear": cv2.INTER_LINEAR,
    "plain-bicubic": cv2.INTER_CUBIC,
}
TOOLS: Final = {
    "pillow-bicubic": 0.3, "area": 0.2, "pillow-lanczos": 0.2, "pillow-bilinear": 0.1,
    "plain-bilinear": 0.12, "plain-bicubic": 0.08,
}  # fmt: skip
"""How often each resampler is drawn. Pillow's bicubic is the benchmarks' own to within a level, away from the border, and many times as quick."""
CLEAN: Final = "pillow-bicubic"
_SHARPENED: Final = 0.8
"""Of the Gaussian that unsharp masking is made with, px of the small picture."""


@dataclass(frozen=True, slots=True)
class Harm:
    """What is done to a picture, in this order."""

    blur: float = 0.0
    """Of a Gaussian before shrinking, in output px of it: times the scale, px of the large picture."""
    tool: str = "bicubic"
    sharpening: float = 0.0
    """Share of what a small blur takes away that is added once more: cut-out pictures often come so."""
    noise: float = 0.0
    """Levels of 255, RMS."""
    quality: int = 0
    """Of JPEG; 0 = not saved."""
    thin_colours: bool = False
    """JPEG keeps colour at half resolution (4:2:0)."""


def drawn_harm(rng: Rng, scale: int) -> Harm:
    """Of a catalogue picture. One in five, when something is to be enlarged, is clean."""
    clean = rng.random() < (0.2 if scale > 1 else 0.03)
    tool = str(rng.choice(list(TOOLS), p=list(TOOLS.values())))
    blur = float(rng.uniform(0.1, 0.55)) if scale > 1 and rng.random() < 0.35 else 0.0
    sharpening = float(rng.uniform(0.2, 1.2)) if scale > 1 and rng.random() < 0.3 else 0.0
    loud = 4.0 if scale > 1 else 12.0
    noise = float(rng.uniform(0.0, loud)) if rng.random() < (0.3 if scale > 1 else 0.5) else 0.0
    worst = 60 if scale > 1 else 30
    quality = int(rng.integers(worst, 99)) if rng.random() < 0.8 else 0
    thin = bool(rng.random() < 0.6)
    return Harm(tool=CLEAN) if clean else Harm(blur, tool, sharpening, noise, quality, thin)


def harmed(picture: Bytes3, scale: int, harm: Harm, rng: Rng) -> Bytes3:
    """H×W×3 to (H/scale)×(W/scale)×3; H and W multiples of the scale. rng: of the noise alone."""
    small = shrunk(_blurred(picture, harm.blur * scale), scale, harm.tool)
    if harm.sharpening:
        small = _sharpened(small, harm.sharpening)
    if harm.noise:
        loud = small + rng.standard_normal(small.shape, np.float32) * np.float32(harm.noise)
        small = np.clip(np.rint(loud), 0, 255).astype(np.uint8)
    return through_jpeg(small, harm.quality, harm.thin_colours) if harm.quality else small


def shrunk(picture: Bytes3, scale: int, tool: str) -> Bytes3:
    """By one of the TOOLS, or by the benchmarks' `bicubic`."""
    height, width = picture.shape[0] // scale, picture.shape[1] // scale
    if scale == 1:
        return picture
    if tool in _PILLOW:
        return np.asarray(Image.fromarray(picture).resize((width, height), _PILLOW[tool]), np.uint8)
    if tool in _OPENCV:
        return np.asarray(cv2.resize(picture, (width, height), interpolation=_OPENCV[tool]), np.uint8)
    return imresize(picture, height, width)


def through_jpeg(picture: Bytes3, quality: int, thin_colours: bool) -> Bytes3:
    """As it comes back."""
    held = io.BytesIO()
    Image.fromarray(picture).save(held, "JPEG", quality=quality, subsampling=2 if thin_colours else 0)
    return np.asarray(Image.open(held).convert("RGB"), np.uint8)


def _sharpened(small: Bytes3, share: float) -> Bytes3:
    """Unsharp masking."""
    soft = cv2.GaussianBlur(small, (0, 0), _SHARPENED, borderType=cv2.BORDER_REFLECT)
    return np.asarray(cv2.addWeighted(small, 1 + share, soft, -share, 0), np.uint8)


def _blurred(picture: Bytes3, sigma: float) -> Bytes3:
    if not sigma:
        return picture
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma, borderType=cv2.BORDER_REFLECT), np.uint8)
