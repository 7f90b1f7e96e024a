"""The blends that are compared: plain and feathered paste, OpenCV's seamlessClone, multi-band, and ours as the pipeline runs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from model_registry.engines import wrap
from model_registry.engines.round_trip import without_bias
from model_registry.pool import EnginePool
from model_registry.registry import Registry
from tasks.blending.stage import blend_region
from tasks.planner import DEFAULTS

Levels = NDArray[np.uint8]
Zone = NDArray[np.bool_]
Blend = Callable[[Levels, Levels, Zone], Levels]
"""(picture with the object, fill, hole) -> blended; H×W×3 each."""

OURS: Final = "gradient-blend"
RIVALS: Final = (
    "paste",
    "feather",
    "seamless",
    "multiband",
    "feather_clean",
    "seamless_clean",
    "seamless_wide",
    "soft_blend",
    "multi_band",
    "measured_blend",
)
"""`…_clean`: handed a picture from which the object is gone already, the fill in its place; `seamless_wide`: by a mask grown by
as much as seamlessClone wears off it, as who knows it would; `soft_blend`, `multi_band`,
`measured_blend`: our other blends."""
_WORN: Final = 4
"""By how much seamlessClone wears the mask off, and one, px."""
_KERNEL: Final = 23
"""Of the feather's Gaussian, px: IOPaint's default."""
_BANDS: Final = 4


def blends() -> dict[str, Blend]:
    """OURS and RIVALS by name."""
    registry = Registry.load()
    pool = EnginePool(registry, 1024)
    return {
        OURS: _stage(registry, pool, OURS), "paste": paste, "feather": feather, "seamless": seamless, "multiband": multiband,
        "feather_clean": _cleaned(feather), "seamless_clean": _cleaned(seamless),
        "seamless_wide": seamless_wide, "soft_blend": _stage(registry, pool, "soft-blend"),
        "multi_band": _stage(registry, pool, "multi-band"), "measured_blend": _stage(registry, pool, "measured-blend"),
    }  # fmt: skip


def _cleaned(blend: Blend) -> Blend:
    return lambda picture, fill, hole: blend(paste(picture, fill, hole), fill, hole)


def _stage(registry: Registry, pool: EnginePool, name: str) -> Blend:
    """A blend engine in the stage that the pipeline runs it in, after what the adapters of networks do to a whole picture."""
    card, width = registry.get(name), int(DEFAULTS["blending"]["feather"])

    def blend(picture: Levels, fill: Levels, hole: Zone) -> Levels:
        target, source = (np.asarray(p, np.float32) / np.float32(255) for p in (picture, fill))
        made = without_bias(source, target, hole)
        with pool.lease(name) as engine:
            made, _ = blend_region(
                target, np.where(hole[..., None], made, target), hole, width,
                lambda t, s, h, z: wrap.blend(card, engine, t, s, h, z, params={}),
            )  # fmt: skip
        return np.rint(made * 255).astype(np.uint8)

    return blend


def paste(picture: Levels, fill: Levels, hole: Zone) -> Levels:
    """The fill in the hole, and that is all."""
    return np.where(hole[..., None], fill, picture)


def feather(picture: Levels, fill: Levels, hole: Zone) -> Levels:
    """Mixed by the blurred mask, as most tools do."""
    alpha = cv2.GaussianBlur(hole.astype(np.float64), (_KERNEL, _KERNEL), 0)[..., None]
    return np.rint(alpha * fill + (1 - alpha) * picture).astype(np.uint8)


def seamless(picture: Levels, fill: Levels, hole: Zone) -> Levels:
    """OpenCV's, placed so that the hole's box meets itself."""
    x, y, w, h = cv2.boundingRect(hole.astype(np.uint8))
    mask = hole.astype(np.uint8) * np.uint8(255)
    return np.asarray(
        cv2.seamlessClone(fill, picture, mask, (x + w // 2, y + h // 2), cv2.NORMAL_CLONE), np.uint8
    )


def seamless_wide(picture: Levels, fill: Levels, hole: Zone) -> Levels:
    """The same by a wider mask, so that all of the object lies under the fill's gradients."""
    grown = cv2.dilate(hole.astype(np.uint8), np.ones((2 * _WORN + 1,) * 2, np.uint8)) > 0
    return seamless(picture, fill, np.asarray(grown))


def multiband(picture: Levels, fill: Levels, hole: Zone) -> Levels:
    """Burt and Adelson, 1983: A multiresolution spline, through OpenCV's stitching module."""
    blender = cv2.detail.MultiBandBlender(0, _BANDS)
    h, w = hole.shape
    blender.prepare((0, 0, w, h))
    mask = hole.astype(np.uint8) * np.uint8(255)
    blender.feed(fill.astype(np.int16), mask, (0, 0))
    blender.feed(picture.astype(np.int16), 255 - mask, (0, 0))
    made = np.asarray(blender.blend(None, None)[0])  # type: ignore[call-overload]
    return np.clip(made, 0, 255).astype(np.uint8)
