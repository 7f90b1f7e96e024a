"""Writes the network as ONNX, batch norm folded: `python -m flows.training.overlay_letters.export --run FOLDER --out FILE`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from flows.training.overlay_letters.learning import Learner, Recipe
from flows.training.overlay_letters.network import CLASSES, Block, LetterNet
from flows.training.overlay_letters.train import CHECKPOINT

OPSET = 17
Weights = NDArray[np.float32]


def main(argv: Sequence[str] | None = None) -> None:
    """The running mean of a run's weights, as a file of the same bytes each time."""
    given = _parsed(argv)
    learner = Learner(Recipe())
    learner.load(given.run / CHECKPOINT)
    given.out.write_bytes(exported(learner.mean))


def exported(network: LetterNet) -> bytes:
    """An ONNX model: N×3×H×W, 0–1, sides multiples of 16, to N×3×H×W probabilities in the order of the classes."""
    graph = _Graph()
    x = graph.add("Sub", [graph.add("Mul", ["picture", graph.constant(4.0)]), graph.constant(2.0)])
    half = graph.block(graph.add("SpaceToDepth", [x], blocksize=2), network.stem, folded=True)
    quarter = graph.block(graph.block(half, network.down1), network.same1)
    eighth = graph.block(graph.block(quarter, network.down2), network.same2)
    deep = graph.block(graph.block(eighth, network.down3), network.wide)
    eighth = graph.joined(eighth, deep, network.side2, network.join2)
    quarter = graph.joined(quarter, eighth, network.side1, network.join1)
    last = graph.joined(half, quarter, network.side0, network.join0)
    logits = graph.conv(last, _array(network.head.weight), _array(network.head.bias))
    graph.twice(graph.add("Softmax", [logits], axis=1), name="chances")
    return graph.model()


def _array(tensor: Any) -> Weights:
    return np.asarray(tensor.detach().cpu().numpy(), np.float32)


@dataclass
class _Graph:
    """Nodes and constants as they are added, named by their number."""

    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def add(self, kind: str, inputs: Sequence[str], name: str = "", **settings: Any) -> str:
        name = name or f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name, **settings))
        return name

    def constant(self, value: Weights | float) -> str:
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, np.float32), name))
        return name

    def conv(self, x: str, weight: Weights, bias: Weights, stride: int = 1, dilation: int = 1) -> str:
        pad = dilation * (weight.shape[2] // 2)
        return self.add(
            "Conv", [x, self.constant(weight), self.constant(bias)], kernel_shape=list(weight.shape[2:]),
            pads=[pad] * 4, strides=[stride] * 2, dilations=[dilation] * 2,
        )  # fmt: skip

    def block(self, x: str, block: Block, folded: bool = False) -> str:
        """folded: the input comes from SpaceToDepth, which counts places before channels; torch does the reverse."""
        conv: Any = block[0]
        norm: Any = block[1]
        share = _array(norm.weight) / np.sqrt(_array(norm.running_var) + np.float32(norm.eps))
        weight = _array(conv.weight) * share[:, None, None, None]
        bias = _array(norm.bias) - _array(norm.running_mean) * share
        if folded:
            made, given = weight.shape[:2]
            weight = weight.reshape(made, given // 4, 4, 3, 3).transpose(0, 2, 1, 3, 4).reshape(weight.shape)
        found = self.conv(x, weight.astype(np.float32), bias, conv.stride[0], conv.dilation[0])
        return self.add("Relu", [found])

    def joined(self, fine: str, coarse: str, side: Any, join: Block) -> str:
        coarse = self.twice(self.conv(coarse, _array(side.weight), _array(side.bias)))
        return self.block(self.add("Add", [fine, coarse]), join)

    def twice(self, x: str, name: str = "") -> str:
        scales = self.constant(np.array([1, 1, 2, 2], np.float32))
        return self.add(
            "Resize", [x, "", scales], name, mode="nearest", coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )  # fmt: skip

    def model(self) -> bytes:
        given = helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["n", 3, "h", "w"])
        made = helper.make_tensor_value_info("chances", TensorProto.FLOAT, ["n", CLASSES, "h", "w"])
        graph = helper.make_graph(self.nodes, "overlay-letters", [given], [made], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString(deterministic=True))


def _parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="the folder that training wrote to")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
