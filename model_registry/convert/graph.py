"""An ONNX graph, built node by node: the same calls give the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Weights = NDArray[np.float32]
IMAGE: Final = "image"
ENLARGED: Final = "enlarged"
_OPSET: Final = 17
_FORMAT: Final = 8
"""Of the file: named here, so that another version of onnx writes the same one."""


class Graph:
    """A network from `image` to `enlarged`, both N×3×H×W float32 of any size. Values are called by the names handed out."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def conv(
        self, x: str, weight: Weights, bias: Weights | None, *, stride: int = 1, pad: int = -1, group: int = 1
    ) -> str:
        """A convolution. weight: out×in/group×k×k; pad: px on every side, by default what keeps the size."""
        k = weight.shape[2]
        sides = [k // 2 if pad < 0 else pad] * 4
        given = [x, self.constant(weight), *([] if bias is None else [self.constant(bias)])]
        return self.node("Conv", given, kernel_shape=[k, k], strides=[stride] * 2, pads=sides, group=group)

    def leaky(self, x: str, slope: float) -> str:
        return self.node("LeakyRelu", [x], alpha=slope)

    def prelu(self, x: str, slopes: Weights) -> str:
        """slopes: one a channel."""
        return self.node("PRelu", [x, self.constant(slopes.reshape(-1, 1, 1))])

    def silu(self, x: str) -> str:
        return self.node("Mul", [x, self.node("Sigmoid", [x])])

    def add(self, a: str, b: str) -> str:
        return self.node("Add", [a, b])

    def cat(self, *parts: str) -> str:
        """One after the other, by channel."""
        return self.node("Concat", list(parts), axis=1)

    def split(self, x: str, first: int, rest: int) -> tuple[str, str]:
        """The first channels, and the rest."""
        names = [f"v{len(self._nodes)}a", f"v{len(self._nodes)}b"]
        sizes = self.constant(np.array([first, rest], np.int64))
        self._nodes.append(helper.make_node("Split", [x, sizes], names, axis=1))
        return names[0], names[1]

    def shuffle(self, x: str, scale: int) -> str:
        """Channels to pixels: scale² of them to a square."""
        return self.node("DepthToSpace", [x], blocksize=scale, mode="CRD")

    def repeat(self, x: str, scale: int) -> str:
        """Every pixel `scale` times in both directions."""
        factors = self.constant(np.array([1, 1, scale, scale], np.float32))
        kind = {
            "mode": "nearest",
            "coordinate_transformation_mode": "asymmetric",
            "nearest_mode": "floor",
        }
        return self.node("Resize", [x, "", factors], **kind)

    def stretch(self, x: str, like: str) -> str:
        """To the height and width of `like`, bilinear, pixels' centres at halves."""
        span = [self.constant(np.array([n], np.int64)) for n in (0, 2, 4)]
        own = self.node("Slice", [self.node("Shape", [x]), span[0], span[1]])
        theirs = self.node("Slice", [self.node("Shape", [like]), span[1], span[2]])
        size = self.node("Concat", [own, theirs], axis=0)
        kind = {"mode": "linear", "coordinate_transformation_mode": "pytorch_half_pixel"}
        return self.node("Resize", [x, "", "", size], **kind)

    def constant(self, value: NDArray[Any]) -> str:
        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def scalar(self, value: np.generic) -> str:
        """A constant without dimensions, as scales of whole tensors must be."""
        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, kind: str, inputs: Sequence[str], **attributes: Any) -> str:
        """Any operator with one output; the output's name."""
        name = f"v{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def save(self, path: Path, made: str) -> None:
        """Writes the file. made: the value that is the picture. Raises onnx's ValidationError for a graph that is none."""
        nodes = [*self._nodes, helper.make_node("Identity", [made], [ENLARGED])]
        ends = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, f"{name}_h", f"{name}_w"])
            for name in (IMAGE, ENLARGED)
        ]
        graph = helper.make_graph(nodes, "upscaler", ends[:1], ends[1:], self._constants)
        opset = [helper.make_opsetid("", _OPSET)]
        model = helper.make_model(graph, producer_name="pentimento", opset_imports=opset)
        model.ir_version = _FORMAT
        onnx.checker.check_model(model)
        path.write_bytes(model.SerializeToString(deterministic=True))
