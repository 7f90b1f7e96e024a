"""Writes the trained network as ONNX: `python -m flows.training.fill_network.export --state FILE --out FILE.onnx`."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

import numpy as np
import torch

from flows.training.fill_network.network import FillNetwork
from flows.training.fill_network.state import trained

OPSET: Final = 17
INPUTS: Final = ("image", "mask")
OUTPUT: Final = "filled"
_CLOSE: Final = 1e-4
"""How far the exported network may be from the trained one, 0–1."""


def export(network: FillNetwork, path: Path) -> None:
    """One ONNX file for any height and width that are multiples of 16. Raises RuntimeError where it fills otherwise than
    the network itself."""
    network = network.eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    picture, mask = _example(64, 96)
    axes = {name: {2: "height", 3: "width"} for name in (*INPUTS, OUTPUT)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter being the older one: it needs no further package
        torch.onnx.export(
            network, (picture, mask), str(path), dynamo=False, opset_version=OPSET, input_names=list(INPUTS),
            output_names=[OUTPUT], dynamic_axes=axes,
        )  # fmt: skip
    _check(network, path)


def _check(network: FillNetwork, path: Path) -> None:
    session = import_module("onnxruntime").InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for height, width in ((64, 96), (48, 32), (112, 160)):
        picture, mask = _example(height, width)
        with torch.inference_mode():
            wanted = network(picture, mask).numpy()
        (made,) = session.run([OUTPUT], dict(zip(INPUTS, (picture.numpy(), mask.numpy()), strict=True)))
        off = float(np.abs(made - wanted).max())
        if off > _CLOSE:
            raise RuntimeError(f"{path.name} is off by {off:.2g} at {width}×{height}")


def _example(height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng([height, width])
    picture = rng.random((1, 3, height, width), np.float32)
    mask = (rng.random((1, 1, height // 8, width // 8)) < 0.2).repeat(8, 2).repeat(8, 3)
    return torch.from_numpy(picture), torch.from_numpy(mask.astype(np.float32))


def main(argv: Sequence[str] | None = None) -> None:
    """Reads a state and writes the network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="what the training wrote")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(argv)
    export(trained(given.state, FillNetwork()), given.out)


if __name__ == "__main__":
    main()
