"""Runs image-to-image ONNX networks: upscalers, cleaners and fills described by their card alone.

A card's defaults may say how its network wants pixels; what it leaves out is as below.

    layout         nchw | nhwc
    range          0-1 | 0-255 | -1-1        of the picture given
    output_range   the same, of the result; default: as `range`
    mask_input     separate | channel        (fills) a second input, or a fourth channel of the first
    mask_polarity  hole | known              (fills) where the mask is set
    mask_range     0-1 | 0-255               (fills) what it is set to
    image_name     the picture's input, by name; default: the first one
    mask_name      (fills) the mask's input, by name; default: the second one
    output_name    the output that is the picture; default: the first one

Weights are one ONNX file, or, for an upscaler of several scales, a folder of `x2.onnx`, `x3.onnx` …: one a scale.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_registry.card import Card
from model_registry.engines.contract import Filler, Hole, Params, Pixels, Upscaler
from model_registry.errors import EngineFault
from model_registry.weights import locate

Tensor = NDArray[Any]

_RANGES: dict[str, tuple[float, float]] = {"0-1": (1.0, 0.0), "0-255": (255.0, 0.0), "-1-1": (2.0, -1.0)}
"""Factor and offset from 0–1."""
_TYPES: dict[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
    "tensor(bool)": np.bool_,
}
_OF_A_SCALE = re.compile(r"x([1-9]\d?)\.onnx")


def load(card: Card, folder: Path) -> Filler | Upscaler:
    """The engine of a card with runtime `onnx`. Raises EngineFault for a role it cannot do, WeightsMissing."""
    if card.role not in ("fill", "upscale", "clean", "letters"):
        raise EngineFault(
            f"{card.id}: the onnx runtime does fill, upscale, clean and letters, not {card.role}"
        )
    where = locate(card, folder)
    if card.role != "fill" and (by_scale := _by_scale(where)):
        return OnnxUpscale(_Networks(card.id, by_scale))
    network = _Network(_onnx_file(card, where))
    return OnnxFill(network) if card.role == "fill" else OnnxUpscale(lambda _: network)


def _by_scale(where: Path) -> dict[int, Path]:
    """The networks of a folder that are named by their scale."""
    named = ((_OF_A_SCALE.fullmatch(path.name), path) for path in sorted(where.glob("x*.onnx")))
    return {int(match[1]): path for match, path in named if match}


def _onnx_file(card: Card, where: Path) -> Path:
    found = sorted(where.rglob("*.onnx")) if where.is_dir() else [where]
    if len(found) != 1:
        raise EngineFault(f"{card.id}: {where.name} holds {len(found)} ONNX files, not one")
    return found[0]


class _Network:
    """A session on one thread of the CPU, with deterministic kernels: workers are what runs in parallel."""

    def __init__(self, path: Path) -> None:
        ort: Any = import_module("onnxruntime")  # it has no types
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        options.use_deterministic_compute = True
        options.log_severity_level = 3
        self._session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def run(self, inputs: Sequence[Tensor], names: Sequence[str], output: str) -> Tensor:
        """One output, as float32; inputs are cast to the types the network declares.

        names: of the inputs, "" for the one at the same place; output: its name, "" for the first."""
        declared = {d.name: d.type for d in self._session.get_inputs()}
        if len(declared) != len(inputs):
            raise EngineFault(
                f"the network takes {len(declared)} inputs, not {len(inputs)}; see `mask_input`"
            )
        wanted = [given or there for given, there in zip(names, declared, strict=True)]
        made = [d.name for d in self._session.get_outputs()]
        if set(wanted) != set(declared) or (output and output not in made):
            asked = f"{', '.join(wanted)} -> {output or made[0]}"
            raise EngineFault(f"the network has {', '.join(declared)} -> {', '.join(made)}, not {asked}")
        feed = {name: _cast(a, declared[name]) for name, a in zip(wanted, inputs, strict=True)}
        return np.asarray(self._session.run([output or made[0]], feed)[0], np.float32)


class _Networks:
    """One network a scale, each read when it is first asked for; may be asked by several threads."""

    def __init__(self, engine: str, paths: Mapping[int, Path]) -> None:
        self._engine = engine
        self._paths = dict(paths)
        self._made: dict[int, _Network] = {}
        self._lock = threading.Lock()

    def __call__(self, scale: int) -> _Network:
        """Raises EngineFault for a scale that there is no network of."""
        if scale not in self._paths:
            known = ", ".join(f"×{n}" for n in sorted(self._paths))
            raise EngineFault(f"{self._engine} has no network for ×{scale}, only for {known}")
        with self._lock:
            if scale not in self._made:
                self._made[scale] = _Network(self._paths[scale])
            return self._made[scale]


class OnnxUpscale:
    """Roles `upscale` and `clean`."""

    def __init__(self, network_of: Callable[[int], _Network]) -> None:
        self._network_of = network_of

    def upscale(self, image: Pixels, scale: int, *, params: Params) -> Pixels:
        """Returns (H·scale)×(W·scale)×3, 0–1."""
        names = [str(params.get("image_name", ""))]
        network = self._network_of(scale)
        made = network.run([_to_tensor(image, params)], names, str(params.get("output_name", "")))
        return _to_pixels(made, params)


class OnnxFill:
    """Role `fill`."""

    def __init__(self, network: _Network) -> None:
        self._network = network

    def fill(self, image: Pixels, hole: Hole, *, seed: int, prompt: str, params: Params) -> Pixels:
        """Returns H×W×3, 0–1, equal to `image` outside the hole. seed and prompt are not used."""
        mask = _mask(hole, params)
        named, output = str(params.get("image_name", "")), str(params.get("output_name", ""))
        if _choice(params, "mask_input", ("separate", "channel")) == "separate":
            names = [named, str(params.get("mask_name", ""))]
            made = self._network.run([_to_tensor(image, params), _laid_out(mask, params)], names, output)
        else:
            scaled = np.concatenate([_scaled(image, params), mask], axis=2)
            made = self._network.run([_laid_out(scaled, params)], [named], output)
        out = _to_pixels(made, params)
        if out.shape != image.shape:
            raise EngineFault(f"the network gave {out.shape} for {image.shape}")
        return np.where(hole[..., None], out, image)


def _choice(params: Params, name: str, allowed: tuple[str, ...], default: str = "") -> str:
    value = str(params.get(name, default or allowed[0]))
    if value not in allowed:
        raise EngineFault(f"{name} is {value!r}, not one of {', '.join(allowed)}")
    return value


def _mask(hole: Hole, params: Params) -> Pixels:
    """H×W×1, as the network wants it."""
    marked = hole if _choice(params, "mask_polarity", ("hole", "known")) == "hole" else ~hole
    top = 1 if _choice(params, "mask_range", ("0-1", "0-255")) == "0-1" else 255
    return (marked * np.float32(top))[..., None]


def _scaled(image: Pixels, params: Params) -> Pixels:
    factor, offset = _RANGES[_choice(params, "range", tuple(_RANGES))]
    return image * np.float32(factor) + np.float32(offset)


def _laid_out(array: Pixels, params: Params) -> Tensor:
    """H×W×C to a batch of one."""
    planar = _choice(params, "layout", ("nchw", "nhwc")) == "nchw"
    return np.ascontiguousarray(array.transpose(2, 0, 1) if planar else array)[None]


def _to_tensor(image: Pixels, params: Params) -> Tensor:
    return _laid_out(_scaled(image, params), params)


def _to_pixels(tensor: Tensor, params: Params) -> Pixels:
    """A batch of one to H×W×C, 0–1 (beyond it where the network overshoots)."""
    if tensor.ndim != 4 or tensor.shape[0] != 1:
        raise EngineFault(f"the network gave shape {tensor.shape}, not a batch of one picture")
    planar = _choice(params, "layout", ("nchw", "nhwc")) == "nchw"
    picture = tensor[0].transpose(1, 2, 0) if planar else tensor[0]
    given = _choice(params, "range", tuple(_RANGES))
    factor, offset = _RANGES[_choice(params, "output_range", tuple(_RANGES), given)]
    return np.ascontiguousarray((picture - np.float32(offset)) / np.float32(factor), np.float32)


def _cast(array: Tensor, declared: str) -> Tensor:
    kind = _TYPES.get(declared)
    if kind is None:
        raise EngineFault(f"the network asks for {declared}; known: {', '.join(_TYPES)}")
    return np.clip(np.rint(array), 0, 255).astype(kind) if kind is np.uint8 else array.astype(kind)
