"""Seeds are hashes, never draws: the same region of the same picture under the same plan always gets the same one."""

from __future__ import annotations

import hashlib


def region_seed(source_sha256: str, region_key: str, plan_seed: int) -> int:
    """A 32-bit seed from the picture's digest, the region (its box and mask digest) and the plan's seed number."""
    text = f"{source_sha256}:{region_key}:{plan_seed}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
