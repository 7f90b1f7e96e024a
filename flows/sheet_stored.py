"""Pictures of the store, as a sheet shows them."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from infra.store.contract import Damaged, NotFound
from tasks.steps.crop_strip import whole_of
from tasks.workshop import Workshop


def stored_bytes(shop: Workshop, sha256: str) -> bytes | None:
    """None for no digest, and for what the store has lost."""
    try:
        return shop.store.get(sha256) if sha256 else None
    except (NotFound, Damaged):
        return None


def stored_levels(shop: Workshop, name: str) -> NDArray[np.uint8] | None:
    """H×W×C uint8, RGB before alpha, of a stored picture of 8 or 16 bits, or of a part of one; None as for `stored_bytes`."""
    digest, box = whole_of(name)
    if box is None:
        return _decoded(shop, digest)
    levels = _decoded_lately(shop, digest)
    if levels is None:
        _decoded_lately.cache_clear()  # what is lost may be made again
        return None
    return np.ascontiguousarray(levels[box[1] : box[3], box[0] : box[2]])


@lru_cache(maxsize=4)
def _decoded_lately(shop: Workshop, digest: str) -> NDArray[np.uint8] | None:
    """Many parts of one picture are asked for one after the other."""
    return _decoded(shop, digest)


def _decoded(shop: Workshop, digest: str) -> NDArray[np.uint8] | None:
    data = stored_bytes(shop, digest)
    if data is None:
        return None
    pixels = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED))
    levels = (pixels // 257 if pixels.dtype == np.uint16 else pixels).astype(np.uint8)
    if levels.ndim == 2:
        return levels[..., None]
    return np.ascontiguousarray(levels[..., [2, 1, 0, *range(3, levels.shape[2])]])
