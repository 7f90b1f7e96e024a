"""Published networks at hand: converted into a folder of the bench's own, or run by OpenCV as they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from flows.bench.setting import tell
from flows.bench.text.grounds import data_folder

Levels = NDArray[np.uint8]
WEIGHTS: Final = "PENTIMENTO_WEIGHTS"
_STATES: Final = ("weights", "03_sr_psnr_x4_pytorch")
SOURCES: Final = {
    "imdn": (*_STATES, "2022_imdn_baseline.pth"),
    "imdn-int8": (*_STATES, "2022_imdn_baseline.pth"),
    "rfdn": (*_STATES, "2022_rfdn_baseline.pth"),
    "rlfn": (*_STATES, "2022_team04_rlfn.pth"),
    "span": (*_STATES, "2025_team46_span.pth"),
    "realesr-general": ("weights", "01_realesrgan_general_x4v3_ncnn", "RealESRGAN_General_x4_v3.param"),
    "lsdir-compact": ("weights", "13_lsdir_compact_x4_ncnn", "4xLSDIRCompactC3.param"),
}
"""Card to its published file among the development data."""
GRAPHS: Final = ("FSRCNN", "ESPCN", "LapSRN")


@contextmanager
def converted() -> Iterator[tuple[str, ...]]:
    """Cards whose weights are at hand while this lasts: those of PENTIMENTO_WEIGHTS, or converted into a temporary folder."""
    if os.environ.get(WEIGHTS):
        there = Path(os.environ[WEIGHTS])
        yield tuple(name for name in SOURCES if (there / f"{name}_x4.onnx").is_file())
        return
    with TemporaryDirectory() as folder:
        made = _convert_all(Path(folder))
        os.environ[WEIGHTS] = folder
        try:
            yield made
        finally:
            del os.environ[WEIGHTS]


def _convert_all(folder: Path) -> tuple[str, ...]:
    try:
        from model_registry.convert.networks import convert
    except ImportError as missing:  # `onnx` writes files: it comes with the developers' extra
        tell(f"upscale: no published network can be converted ({missing})")
        return ()
    made = []
    for name, (*parts, file) in SOURCES.items():
        where = data_folder(*parts)
        if where is not None and (where / file).is_file():
            convert(name, where / file, folder / f"{name}_x4.onnx")
            made.append(name)
    return tuple(made)


class _DepthToSpace:
    """The one operator that these graphs need and OpenCV's reader leaves to whoever loads them."""

    def __init__(self, params: Any, blobs: Any) -> None:
        self._block = int(params["block_size"])

    def getMemoryShapes(self, inputs: Any) -> list[list[int]]:  # noqa: N802  # the name that OpenCV calls
        n, depth, height, width = (int(v) for v in inputs[0])
        return [[n, depth // self._block**2, height * self._block, width * self._block]]

    def forward(self, inputs: Any) -> list[Any]:
        """N×(b²·C)×H×W to N×C×(b·H)×(b·W)."""
        n, depth, height, width = inputs[0].shape
        b = self._block
        apart = inputs[0].reshape(n, b, b, depth // b**2, height, width).transpose(0, 3, 4, 1, 5, 2)
        return [np.ascontiguousarray(apart).reshape(n, depth // b**2, height * b, width * b)]


@cache
def _reader() -> Any:
    cv2.dnn_registerLayer("DepthToSpace", _DepthToSpace)
    return cv2.dnn.readNetFromTensorflow


class Graph:
    """A frozen graph of luma alone, as OpenCV's super-resolution module runs them: the other two planes are bicubic."""

    def __init__(self, path: Path, scale: int) -> None:
        self._net: Any = _reader()(str(path))
        self._scale = scale

    def enlarge(self, small: Levels) -> Levels:
        """H×W×3 to (H·scale)×(W·scale)×3."""
        planes = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2YCrCb)
        self._net.setInput(np.ascontiguousarray(planes[None, None, :, :, 0]))
        made = self._net.forward()[0, 0]
        size = (small.shape[1] * self._scale, small.shape[0] * self._scale)
        large = np.array(cv2.resize(planes, size, interpolation=cv2.INTER_CUBIC))
        large[..., 0] = made[: size[1], : size[0]]
        return _levels(cv2.cvtColor(large, cv2.COLOR_YCrCb2RGB))


def graphs(scale: int) -> dict[str, Graph]:
    """Those of this scale that are at hand, by name."""
    folder = data_folder("weights", "04_sr_tf_pb")
    paths = {name: folder / f"{name}_x{scale}.pb" for name in GRAPHS} if folder else {}
    return {name: Graph(path, scale) for name, path in paths.items() if path.is_file()}


def _levels(picture: Any) -> Levels:
    return np.asarray(np.rint(np.clip(picture, 0, 1) * 255), np.uint8)
