"""Published networks' files with small random weights: the same tensors by name, written in the same formats."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float32]
HALF = 0x01306B47


class Tensors:
    """Random tensors by name."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self.held: dict[str, Weights] = {}

    def pair(self, name: str, out: int, given: int, side: int) -> None:
        spread = 1 / np.sqrt(given * side * side)
        self.held[f"{name}.weight"] = self._normal(spread, out, given, side, side)
        self.held[f"{name}.bias"] = self._normal(0.05, out)

    def _normal(self, spread: float, *shape: int) -> Weights:
        return (self._rng.normal(0, spread, shape)).astype(np.float32)


def imdn(width: int = 8) -> dict[str, Weights]:
    made, rest = Tensors(1), width - width // 4
    made.pair("model.0", width, 3, 3)
    for n in range(8):
        for step, given in (("conv1", width), ("conv2", rest), ("conv3", rest)):
            made.pair(f"model.1.sub.{n}.{step}.0", width, given, 3)
        made.pair(f"model.1.sub.{n}.conv4", width // 4, rest, 3)
        made.pair(f"model.1.sub.{n}.conv1x1", width, width, 1)
    made.pair("model.1.sub.8", width, width, 3)
    made.pair("model.2", 48, width, 3)
    return made.held


def _attention(made: Tensors, name: str, width: int, inner: int, three: bool) -> None:
    made.pair(f"{name}.conv1", inner, width, 1)
    made.pair(f"{name}.conv_f", inner, inner, 1)
    for part in ("conv2", "conv3", *(("conv_max", "conv3_") if three else ())):
        made.pair(f"{name}.{part}", inner, inner, 3)
    made.pair(f"{name}.conv4", width, inner, 1)


def rfdn(width: int = 8) -> dict[str, Weights]:
    made = Tensors(2)
    made.pair("fea_conv", width, 3, 3)
    for n in range(1, 5):
        for step in ("c1", "c2", "c3"):
            made.pair(f"B{n}.{step}_d", width // 2, width, 1)
            made.pair(f"B{n}.{step}_r", width, width, 3)
        made.pair(f"B{n}.c4", width // 2, width, 3)
        made.pair(f"B{n}.c5", width, 2 * width, 1)
        _attention(made, f"B{n}.esa", width, 4, three=True)
    made.pair("c.0", width, 4 * width, 1)
    made.pair("LR_conv", width, width, 3)
    made.pair("upsampler.0", 48, width, 3)
    return made.held


def rlfn(width: int = 8, inside: int = 10) -> dict[str, Weights]:
    made = Tensors(3)
    made.pair("fea_conv", width, 3, 3)
    for n in range(1, 5):
        for step, out, given in (("c1_r", inside, width), ("c2_r", inside, inside), ("c3_r", width, inside)):
            made.pair(f"B{n}.{step}", out, given, 3)
        made.pair(f"B{n}.c5", width, width, 1)
        _attention(made, f"B{n}.esa", width, 4, three=False)
    made.pair("LR_conv", width, width, 3)
    made.pair("upsampler.0", 48, width, 3)
    return made.held


def span(width: int = 8, joined: int = 6) -> dict[str, Weights]:
    made = Tensors(4)
    made.pair("conv_1.eval_conv", width, 3, 3)
    for n in range(1, 7):
        for step in ("c1_r", "c2_r", "c3_r"):
            made.pair(f"block_{n}.{step}.eval_conv", width, width, 3)
    made.pair("conv_2.eval_conv", width, width, 3)
    made.pair("conv_cat", joined, 4 * width, 1)
    made.pair("upsampler.0", 48, joined, 3)
    return made.held


STATES = {"imdn": imdn, "rfdn": rfdn, "rlfn": rlfn, "span": span}


def save(tensors: dict[str, Weights], path: Path, inside: str = "") -> Path:
    """As a state dict, or as one inside a checkpoint."""
    import torch

    state = {name: torch.from_numpy(value) for name, value in tensors.items()}
    torch.save({inside: state} if inside else state, path)
    return path


class Compact:
    """An SRVGGNetCompact: `inner` pairs of PReLU and convolution between the first convolution and the last PReLU."""

    def __init__(self, width: int = 5, inner: int = 2) -> None:
        rng = np.random.default_rng(5)
        channels = [(3, width), *[(width, width)] * inner, (width, 48)]
        halves = [rng.normal(0, 0.2, (out, given, 3, 3)).astype(np.float16) for given, out in channels]
        self.weights = [w.astype(np.float32) for w in halves]
        self.biases = [rng.normal(0, 0.1, out).astype(np.float32) for _, out in channels]
        self.slopes = [rng.uniform(0, 0.5, width).astype(np.float32) for _ in range(inner + 1)]

    def save(self, folder: Path, half: bool = True) -> Path:
        """The two files; the path of the .param."""
        rows, held, last = ["Input            image  0 1 data", "Split  s 1 2 data a b"], b"", "a"
        for n, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            out, count = weight.shape[0], weight.size
            rows.append(f"Convolution      Conv_{n} 1 1 {last} c{n} 0={out} 1=3 4=1 5=1 6={count}")
            held += _tensor(weight, half) + bias.tobytes()
            last = f"c{n}"
            if n < len(self.slopes):
                rows.append(f"PReLU            PRelu_{n} 1 1 {last} p{n} 0={self.slopes[n].size}")
                held += self.slopes[n].tobytes()
                last = f"p{n}"
        rows += [
            f"PixelShuffle x 1 1 {last} y 0=4",
            "Interp z 1 1 b w 0=1 1=4.0 2=4.0",
            "BinaryOp + 2 1 y w output",
        ]
        param = folder / "net.param"
        param.write_text("\n".join(["7767517", f"{len(rows)} {len(rows) + 1}", *rows, ""]))
        param.with_suffix(".bin").write_bytes(held)
        return param


def _tensor(weight: Weights, half: bool) -> bytes:
    if not half:
        return struct.pack("<I", 0) + weight.tobytes()
    held = weight.astype("<f2").tobytes()
    return struct.pack("<I", HALF) + held + b"\0" * (-len(held) % 4)
