"""Writes a model's tensors as float16 safetensors straight to disk: random numbers of a fitting size, one tensor in memory at a time."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_POOL = 1 << 22
Shape = tuple[int, ...]


def write_random(path: Path, shapes: Mapping[str, Shape], seed: int) -> int:
    """A safetensors file of these tensors; returns its bytes.

    Matrices and kernels are normal with variance one over their inputs, so that signals neither die nor grow; norms are 1,
    biases 0. The numbers are one pool of 4 Mi drawn from `seed`, read from another place for each tensor."""
    header, end = _header(shapes)
    pool = np.random.default_rng(seed).standard_normal(_POOL, np.float32)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        for n, (name, shape) in enumerate(shapes.items()):
            for piece in _pieces(name, shape, pool, n * 7919):
                file.write(piece.astype(np.float16).tobytes())
    return 8 + len(header) + end


def _header(shapes: Mapping[str, Shape]) -> tuple[bytes, int]:
    """The format's JSON header, padded to whole words, and the length of what follows."""
    entries: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape in shapes.items():
        start, end = end, end + 2 * int(np.prod(shape, dtype=np.int64))
        entries[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(entries, separators=(",", ":")).encode()
    return text + b" " * (-len(text) % 8), end


def _pieces(name: str, shape: Shape, pool: NDArray[np.float32], start: int) -> list[NDArray[np.float32]]:
    count = int(np.prod(shape, dtype=np.int64))
    if len(shape) < 2:
        return [np.full(count, 0.0 if name.endswith("bias") else 1.0, np.float32)]
    inputs = 2500 if "embedding" in name else int(np.prod(shape[1:], dtype=np.int64))
    scaled = pool * np.float32(inputs**-0.5)
    turned = np.roll(scaled, -(start % _POOL))
    whole, rest = divmod(count, _POOL)
    return [turned] * whole + [turned[:rest]]
