"""Writes trained networks as ONNX: `python -m flows.training.upscale_network.export --state FILE --out FOLDER …`."""

from __future__ import annotations

import argparse
import tempfile
import warnings
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from flows.training.fill_network.state import trained
from flows.training.upscale_network.folded import Folded
from flows.training.upscale_network.network import SIZES, UpscaleNetwork

OPSET: Final = 17
INPUT: Final = "image"
OUTPUT: Final = "enlarged"
_CLOSE: Final = 1e-4
"""How far the exported network may be from the trained one, its weights rounded to half precision; 0–1."""
_HALVED: Final = ("trunk.", "tail.weight")
"""What is held in half precision: nearly everything. The first kernels must go on summing to nothing."""


def export(network: UpscaleNetwork, path: Path) -> None:
    """One ONNX file for pictures of any size: N×3×H×W, 0–1, to N×3×(H·scale)×(W·scale).

    Weights are held in half precision and cast when the file is loaded: computing stays float32. Raises RuntimeError where
    the file gives another picture than the network with its weights rounded."""
    plain = flattened(network)
    axes = {name: {0: "batch", 2: "height", 3: "width"} for name in (INPUT, OUTPUT)}
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")  # of the exporter being the older one: it needs no further package
        whole = Path(folder) / "whole.onnx"
        torch.onnx.export(
            plain, (_example(16, 24),), str(whole), dynamo=False, opset_version=OPSET, input_names=[INPUT],
            output_names=[OUTPUT], dynamic_axes=axes,
        )  # fmt: skip
        onnx: Any = import_module("onnx")
        onnx.save(_halved(onnx, onnx.load(str(whole))), str(path))
    _check(plain, path)


def flattened(network: UpscaleNetwork) -> UpscaleNetwork:
    """The same network with one kernel in place of each set of branches, weights rounded to half precision."""
    flat = UpscaleNetwork(network.size, network.scale)
    flat.load_state_dict(network.state_dict())
    with torch.no_grad():
        flat.head = _Plain(flat.head)
        flat.trunk = nn.ModuleList(_Plain(layer) for layer in flat.trunk)
        for name, weights in flat.named_parameters():
            if _is_halved(name):
                weights.copy_(weights.half().float())
    flat.level_off()
    return flat.eval()


def _is_halved(name: str) -> bool:
    return name.startswith(_HALVED) and name.endswith("weight")


class _Plain(nn.Module):
    """What a `Folded` is once its branches are one kernel."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        assert isinstance(layer, Folded)
        self.weight = nn.Parameter(layer.kernel())
        self.bias = None if layer.bias is None else nn.Parameter(layer.bias.clone())

    def forward(self, x: Tensor) -> Tensor:
        return functional.conv2d(x, self.weight, self.bias)


def _halved(onnx: Any, model: Any) -> Any:
    """The model with its larger weights in half precision, each followed by a cast."""
    casts = []
    for held in [w for w in model.graph.initializer if w.data_type == onnx.TensorProto.FLOAT]:
        name, values = held.name, onnx.numpy_helper.to_array(held)
        if not _is_halved(name):
            continue
        held.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
        casts.append(onnx.helper.make_node("Cast", [f"{name}.half"], [name], to=onnx.TensorProto.FLOAT))
    for node in reversed(casts):
        model.graph.node.insert(0, node)
    model.producer_name = model.producer_version = ""
    onnx.checker.check_model(model, full_check=True)
    return model


def _check(network: UpscaleNetwork, path: Path) -> None:
    session = import_module("onnxruntime").InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for height, width in ((16, 24), (1, 1), (7, 2), (61, 83)):
        picture = _example(height, width)
        with torch.inference_mode():
            wanted = network(picture).numpy()
        (made,) = session.run([OUTPUT], {INPUT: picture.numpy()})
        off = float(np.abs(made - wanted).max())
        if off > _CLOSE:
            raise RuntimeError(f"{path.name} is off by {off:.2g} at {width}×{height}")


def _example(height: int, width: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng([height, width]).random((1, 3, height, width), np.float32))


def main(argv: Sequence[str] | None = None) -> None:
    """Reads a state and writes `x{scale}.onnx` into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="what the training wrote")
    parser.add_argument("--size", choices=sorted(SIZES), required=True)
    parser.add_argument("--scale", type=int, choices=(1, 2, 3, 4), required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder")
    given = parser.parse_args(argv)
    given.out.mkdir(parents=True, exist_ok=True)
    network = trained(given.state, UpscaleNetwork(SIZES[given.size], given.scale))
    export(network, given.out / f"x{given.scale}.onnx")


if __name__ == "__main__":
    main()
