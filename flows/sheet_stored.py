"""Pictures of the store, as a sheet shows them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from infra.store.contract import Damaged, NotFound
from tasks.workshop import Workshop


def stored_bytes(shop: Workshop, sha256: str) -> bytes | None:
    """None for no digest, and for what the store has lost."""
    try:
        return shop.store.get(sha256) if sha256 else None
    except (NotFound, Damaged):
        return None


def stored_levels(shop: Workshop, sha256: str) -> NDArray[np.uint8] | None:
    """H×W×C uint8, RGB before alpha, of a stored picture of 8 or 16 bits; None as for `stored_bytes`."""
    data = stored_bytes(shop, sha256)
    if data is None:
        return None
    pixels = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED))
    levels = (pixels // 257 if pixels.dtype == np.uint16 else pixels).astype(np.uint8)
    if levels.ndim == 2:
        return levels[..., None]
    return np.ascontiguousarray(levels[..., [2, 1, 0, *range(3, levels.shape[2])]])
