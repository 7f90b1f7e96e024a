"""Small ONNX networks with random weights and exactly the inputs, outputs, sizes and ranges of published fill networks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Nodes = list[onnx.NodeProto]


def lama_like(path: Path, sides: tuple[int | str, int | str] = (512, 512), mask_first: bool = False) -> None:
    """As the export of big-lama: `image` 0-1 and `mask` 1 = hole, float; `output` 0-255, the known pixels kept."""
    nodes = [
        node("Sub", ["one", "mask"], "known"),
        node("Mul", ["image", "known"], "kept"),
        node("Concat", ["kept", "mask"], "both", axis=1),
        node("Conv", ["both", "first"], "wide", pads=[1, 1, 1, 1]),
        node("Relu", ["wide"], "bent"),
        node("Conv", ["bent", "second"], "narrow", pads=[1, 1, 1, 1]),
        node("Sigmoid", ["narrow"], "made"),
        node("Mul", ["made", "mask"], "new"),
        node("Add", ["kept", "new"], "whole"),
        node("Mul", ["whole", "top"], "output"),
    ]
    inputs = {"image": ["batch", 3, *sides], "mask": ["batch", 1, *sides]}
    if mask_first:
        inputs = dict(reversed(inputs.items()))
    save(path, nodes, inputs, {"output": ["batch", 3, *sides]}, TensorProto.FLOAT)


def migan_like(path: Path) -> None:
    """As the pipeline of MI-GAN: `image` and `mask` uint8, 255 = known, any size; `result` uint8, the known pixels kept."""
    nodes = [
        node("Cast", ["image"], "levels", to=TensorProto.FLOAT),
        node("Cast", ["mask"], "marked", to=TensorProto.FLOAT),
        node("Div", ["marked", "top"], "known"),
        node("Div", ["levels", "half"], "doubled"),
        node("Sub", ["doubled", "one"], "signed"),
        node("Mul", ["signed", "known"], "kept"),
        node("Sub", ["known", "middle"], "centred"),
        node("Concat", ["kept", "centred"], "both", axis=1),
        node("Conv", ["both", "first"], "wide", pads=[1, 1, 1, 1]),
        node("Relu", ["wide"], "bent"),
        node("Conv", ["bent", "second"], "narrow", pads=[1, 1, 1, 1]),
        node("Sigmoid", ["narrow"], "made"),
        node("Mul", ["made", "top"], "bright"),
        node("Sub", ["one", "known"], "hole"),
        node("Mul", ["bright", "hole"], "new"),
        node("Mul", ["levels", "known"], "old"),
        node("Add", ["new", "old"], "whole"),
        node("Clip", ["whole", "none", "top"], "bounded"),
        node("Cast", ["bounded"], "result", to=TensorProto.UINT8),
    ]
    dims: list[str | int] = ["height", "width"]
    inputs = {"image": ["batch_size", 3, *dims], "mask": ["batch_size", 1, *dims]}
    save(path, nodes, inputs, {"result": ["batch_size", 3, *dims]}, TensorProto.UINT8)


def node(kind: str, inputs: list[str], output: str, **facts: Any) -> onnx.NodeProto:
    """One step."""
    return helper.make_node(kind, inputs, [output], **facts)


def save(path: Path, nodes: Nodes, inputs: dict[str, Any], outputs: dict[str, Any], kind: int) -> None:
    """A checked file; the convolutions' weights are drawn."""
    rng = np.random.default_rng(3)
    held = {
        "first": rng.normal(0, 0.5, (8, 4, 3, 3)), "second": rng.normal(0, 0.5, (3, 8, 3, 3)), "one": 1.0, "none": 0.0,
        "middle": 0.5, "top": 255.0, "half": 127.5,
    }  # fmt: skip
    used = {name for n in nodes for name in n.input}
    graph = helper.make_graph(
        nodes, "shaped",
        [helper.make_tensor_value_info(name, kind, dims) for name, dims in inputs.items()],
        [helper.make_tensor_value_info(name, kind, dims) for name, dims in outputs.items()],
        [numpy_helper.from_array(np.asarray(v, np.float32), name) for name, v in held.items() if name in used],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))
