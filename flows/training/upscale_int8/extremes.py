"""Runs IMDN's layers on pictures: what values each channel takes, and what a plan of 8 bits changes in the result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from flows.training.upscale_network.imresize import Bytes3, imresize
from model_registry.convert.graph import ENLARGED, IMAGE, Graph
from model_registry.convert.imdn_int8 import Layers, Plan, laid_in_bits, lay

SCALE: Final = 4
Planes = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Span:
    """Least and greatest of a value, a number a channel."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @property
    def size(self) -> NDArray[np.float64]:
        """The greater distance from 0."""
        return np.maximum(self.high, -self.low)


Extremes = Mapping[str, Span]
"""By what values are called in model_registry/convert/imdn_int8.py."""


class Network:
    """The float network and its likes in 8 bits, written into `folder`."""

    def __init__(self, layers: Layers, folder: Path) -> None:
        self._layers, self._folder = layers, folder
        self.taps: dict[str, str] = {}
        graph = Graph()

        def tap(name: str, x: str) -> str:
            self.taps.setdefault(name, x)
            return x

        made = lay(graph, layers, SCALE, tap, lambda g, weight: g.constant(weight))
        graph.save(folder / "float.onnx", made)
        self._float = _session(_with_outputs(folder / "float.onnx", self.taps.values()))

    def plain(self, picture: Planes) -> Planes:
        """What the float network makes of 1×3×H×W: four times the size."""
        return np.asarray(self._float.run([ENLARGED], {IMAGE: picture})[0], np.float32)

    def values(self, picture: Planes) -> dict[str, Planes]:
        """Every value that is kept in 8 bits, 1×C×H×W."""
        made = self._float.run(list(self.taps.values()), {IMAGE: picture})
        return dict(zip(self.taps, made, strict=True))

    def changed(self, plan: Plan, pictures: Sequence[Planes], wanted: Sequence[Planes]) -> float:
        """Root mean squared difference of the result in 8 bits, levels: its mean over the pictures."""
        graph, path = Graph(), self._folder / "int8.onnx"
        graph.save(path, laid_in_bits(graph, self._layers, SCALE, plan))
        session = _session(path.read_bytes())
        made = (session.run([ENLARGED], {IMAGE: picture})[0] for picture in pictures)
        return float(
            np.mean([np.sqrt(np.square((a - b) * 255).mean()) for a, b in zip(made, wanted, strict=True)])
        )


def extremes(network: Network, pictures: Iterable[Planes]) -> Extremes:
    """Of each picture, then their mean: rare values of one picture are not to cost all others a finer step."""
    found: dict[str, list[NDArray[np.float64]]] = {name: [] for name in network.taps}
    for picture in pictures:
        for name, value in network.values(picture).items():
            found[name].append(
                np.stack([f(value, axis=(0, 2, 3)) for f in (np.min, np.max)]).astype(np.float64)
            )
    means = {name: np.mean(spans, axis=0) for name, spans in found.items()}
    return {name: Span(low, high) for name, (low, high) in means.items()}


def inputs(pictures: Iterable[Bytes3], side: int) -> list[Planes]:
    """Each picture's middle, at most `side` px, shrunk to a quarter by bicubic: 1×3×h×w, 0–1."""
    made: list[Planes] = []
    for picture in pictures:
        tall, wide = (min(n, side) // SCALE * SCALE for n in picture.shape[:2])
        top, left = (picture.shape[0] - tall) // 2, (picture.shape[1] - wide) // 2
        small = imresize(picture[top : top + tall, left : left + wide], tall // SCALE, wide // SCALE)
        made.append(np.ascontiguousarray(small.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255)))
    return made


def _with_outputs(path: Path, names: Iterable[str]) -> bytes:
    onnx: Any = import_module("onnx")
    model = onnx.load(str(path))
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    return bytes(model.SerializeToString())


def _session(model: bytes) -> Any:
    """On one thread, with deterministic kernels."""
    ort: Any = import_module("onnxruntime")  # it has no types
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.log_severity_level = 3
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
