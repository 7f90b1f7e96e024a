"""Reads SRVGGNetCompact from ncnn's two files: the layers as text (.param) and their tensors one after the other (.bin)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from model_registry.convert.graph import Weights
from model_registry.convert.srvgg import Layer
from model_registry.errors import WeightsDamaged

MAGIC: Final = "7767517"
HALF: Final = 0x01306B47
"""Before tensors held as float16; a zero stands before float32."""
_TRUST: Final = "give both files as the card's origin names them"


@dataclass(frozen=True, slots=True)
class _Row:
    kind: str
    numbers: dict[int, int]
    """The layer's settings by ncnn's key."""


def read_compact(param: Path, binary: Path) -> list[Layer]:
    """The convolutions in order, each with its PReLU.

    Raises WeightsDamaged for another network, and where the tensors end before or after the layers do."""
    tensors = _Tensors(binary.read_bytes())
    layers: list[Layer] = []
    for row in _rows(param):
        if row.kind == "Convolution":
            layers.append(_convolution(row, tensors))
        elif row.kind == "PReLU" and layers:
            slopes = tensors.floats(row.numbers.get(0, 0))
            layers[-1] = Layer(layers[-1].weight, layers[-1].bias, slopes)
        elif row.kind not in ("Input", "Split", "PixelShuffle", "Interp", "BinaryOp"):
            raise WeightsDamaged(f"{param.name} has a layer {row.kind}: no SRVGGNetCompact", cure=_TRUST)
    tensors.done()
    if not layers:
        raise WeightsDamaged(f"{param.name} has no convolution", cure=_TRUST)
    return layers


def _rows(param: Path) -> list[_Row]:
    """Each line: kind, name, inputs and outputs by count, their names, and key=value settings."""
    lines = param.read_text(encoding="ascii").split("\n")
    if lines[0].strip() != MAGIC:
        raise WeightsDamaged(f"{param.name} is no ncnn parameter file", cure=_TRUST)
    rows = []
    for line in lines[2:]:
        words = line.split()
        if len(words) > 3:
            given = (word.split("=") for word in words[4 + int(words[2]) + int(words[3]) :])
            rows.append(_Row(words[0], {int(k): int(float(v)) for k, v in given if "," not in v}))
    return rows


def _convolution(row: _Row, tensors: _Tensors) -> Layer:
    out, side, count = row.numbers.get(0, 0), row.numbers.get(1, 0), row.numbers.get(6, 0)
    each = out * side * side
    if not each or not count or count % each or row.numbers.get(5) != 1:
        raise WeightsDamaged(
            f"a convolution of {count} weights for {out} channels, {side}×{side}", cure=_TRUST
        )
    weight = tensors.weights(count).reshape(out, count // each, side, side)
    return Layer(weight, tensors.floats(out), None)


class _Tensors:
    """The bytes, read in order."""

    def __init__(self, held: bytes) -> None:
        self._held, self._at = held, 0

    def weights(self, count: int) -> Weights:
        """A flag, then float16 padded to four bytes, or float32."""
        (flag,) = struct.unpack("<I", self._bytes(4))
        if flag not in (0, HALF):
            raise WeightsDamaged(f"weights of an unknown kind ({flag:#x})", cure=_TRUST)
        if flag == 0:
            return self.floats(count)
        made = np.frombuffer(self._bytes(count * 2), "<f2").astype(np.float32)
        self._bytes(-self._at % 4)
        return made

    def floats(self, count: int) -> Weights:
        return np.frombuffer(self._bytes(count * 4), "<f4").astype(np.float32)

    def done(self) -> None:
        """Raises WeightsDamaged where bytes are left."""
        if self._at != len(self._held):
            raise WeightsDamaged(f"{len(self._held) - self._at} bytes have no layer", cure=_TRUST)

    def _bytes(self, count: int) -> Any:
        if self._at + count > len(self._held):
            raise WeightsDamaged("the tensors end before the layers do", cure=_TRUST)
        self._at += count
        return self._held[self._at - count : self._at]
