"""An engine is added by dropping one card: ONNX networks built here, and a classical method with other defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from model_registry.engines import wrap
from model_registry.engines.contract import Hole, Pixels
from model_registry.errors import EngineFault
from model_registry.pool import EnginePool
from model_registry.registry import Registry
from model_registry.weights import sha256_table
from tests.model_registry.cards import write_card

Nodes = list[onnx.NodeProto]
Dims = list[str | int]


def save(
    path: Path, nodes: Nodes, inputs: dict[str, Dims], weights: dict[str, Any], kind: int = TensorProto.FLOAT
) -> None:
    """A checked network with float inputs of these shapes and one output called `out`."""
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info(name, kind, dims) for name, dims in inputs.items()],
        [helper.make_tensor_value_info("out", kind, [1, None, None, None])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))


def drop(folder: Path, name: str, body: str = "", **facts: str) -> Registry:
    """A card beside `<name>.onnx`, and the registry with it."""
    pins = "".join(f'"{file}" = "{sha}"\n' for file, sha in sha256_table(folder / f"{name}.onnx").items())
    weights = f'\n[weights]\npath = "{name}.onnx"\n[weights.sha256]\n{pins}'
    write_card(folder, name, body + weights, runtime='"onnx"', entry="", **facts)
    return Registry.load(folder)


def pixel_shuffle(path: Path, scale: int) -> None:
    """A convolution to scale² copies of each channel, then DepthToSpace: the nearest-neighbour upscaler."""
    kernel = np.zeros((3 * scale**2, 3, 1, 1), np.float32)
    for out in range(3 * scale**2):
        kernel[out, out // scale**2] = 1
    nodes = [
        helper.make_node("Conv", ["in", "kernel"], ["wide"]),
        helper.make_node("DepthToSpace", ["wide"], ["out"], blocksize=scale, mode="CRD"),
    ]
    save(path, nodes, {"in": [1, 3, "h", "w"]}, {"kernel": kernel})


def mixing(inner: str, known: bool = False) -> Nodes:
    """out = in·(1 - mask) + `inner`·mask, or the reverse where the mask marks what is known."""
    hole, rest = ("rest", "mask") if known else ("mask", "rest")
    return [
        helper.make_node("Sub", ["one", "mask"], ["rest"]),
        helper.make_node("Mul", ["in", rest], ["kept"]),
        helper.make_node("Mul", [inner, hole], ["new"]),
        helper.make_node("Add", ["kept", "new"], ["out"]),
    ]


ONE = {"one": np.float32([[[[1]]]]), "value": np.float32([[[[0.25]]]])}


@pytest.fixture
def image() -> Pixels:
    return np.random.default_rng(0).random((21, 34, 3)).astype(np.float32)


@pytest.fixture
def hole() -> Hole:
    out = np.zeros((21, 34), bool)
    out[5:12, 20:] = True
    return out


def use_fill(registry: Registry, name: str, image: Pixels, hole: Hole) -> Pixels:
    with EnginePool(registry, 100).lease(name) as engine:
        return wrap.fill(registry.get(name), engine, image, hole, seed=1, params={})


def test_an_onnx_upscaler(tmp_path: Path, image: Pixels) -> None:
    pixel_shuffle(tmp_path / "toy-x3.onnx", 3)
    registry = drop(tmp_path, "toy-x3", "[cost]\nrung = 1\n", role='"upscale"', scales="[3]")
    assert registry.of_role("upscale")[0].id == "toy-x3"
    with EnginePool(registry, 100).lease("toy-x3") as engine:
        out = wrap.upscale(registry.get("toy-x3"), engine, image, 3, params={})
        grey = wrap.upscale(registry.get("toy-x3"), engine, image[..., :1], 3, params={})
    np.testing.assert_allclose(out, image.repeat(3, axis=0).repeat(3, axis=1), atol=1e-6)
    np.testing.assert_allclose(grey, image[..., :1].repeat(3, axis=0).repeat(3, axis=1), atol=1e-6)


@pytest.mark.parametrize("polarity", ["hole", "known"])
def test_an_onnx_fill_with_a_mask_of_its_own_on_a_fixed_canvas(
    tmp_path: Path, image: Pixels, hole: Hole, polarity: str
) -> None:
    nodes = mixing("value", known=polarity == "known")
    save(tmp_path / "net.onnx", nodes, {"in": [1, 3, 32, 48], "mask": [1, 1, 32, 48]}, ONE)
    body = f'[defaults]\nmask_polarity = "{polarity}"\n[size]\nminimum = 32\nmultiple_of = 16\nmaximum = 48\n'
    out = use_fill(drop(tmp_path, "net", body), "net", image, hole)
    assert (out[hole] == 0.25).all()
    assert (out[~hole] == image[~hole]).all()


def test_an_onnx_fill_with_the_mask_as_fourth_channel_in_nhwc_and_other_ranges(
    tmp_path: Path, image: Pixels, hole: Hole
) -> None:
    """In: -1 to 1 with a fourth channel. Out: 0 to 255. The result is the input itself, so the ranges must undo each other."""
    nodes = [
        helper.make_node("Slice", ["four", "zero", "three", "axis"], ["three_channels"]),
        helper.make_node("Slice", ["four", "three", "end", "axis"], ["mask"]),
        helper.make_node("Sub", ["three_channels", "mask"], ["marked"]),
        helper.make_node("Add", ["marked", "one"], ["shifted"]),
        helper.make_node("Mul", ["shifted", "half_range"], ["out"]),
    ]
    weights = {
        "zero": np.int64([0]), "three": np.int64([3]), "end": np.int64([4]), "axis": np.int64([3]),
        "one": np.float32([1]), "half_range": np.float32([127.5]),
    }  # fmt: skip
    save(tmp_path / "net.onnx", nodes, {"four": [1, "h", "w", 4]}, weights)
    body = '[defaults]\nlayout = "nhwc"\nrange = "-1-1"\noutput_range = "0-255"\nmask_input = "channel"\n'
    out = use_fill(drop(tmp_path, "net", body), "net", image, hole)
    expected = np.clip(image[~hole].mean(0) - 0.5, 0, 1)
    np.testing.assert_allclose(out[hole], np.broadcast_to(expected, out[hole].shape), atol=1e-5)
    assert (out[~hole] == image[~hole]).all()


@pytest.mark.parametrize("span", ["0-1", "0-255", "-1-1"])
def test_a_network_that_changes_nothing_changes_nothing_in_any_range(
    tmp_path: Path, image: Pixels, span: str
) -> None:
    nodes = [helper.make_node("Identity", ["in"], ["out"])]
    save(tmp_path / "net.onnx", nodes, {"in": [1, 3, "h", "w"]}, {})
    registry = drop(tmp_path, "net", f'[defaults]\nrange = "{span}"\n', role='"clean"', scales="[1]")
    with EnginePool(registry, 100).lease("net") as engine:
        out = wrap.upscale(registry.get("net"), engine, image, 1, params={})
    np.testing.assert_allclose(out, image, atol=1e-6)


def test_half_precision_networks_run(tmp_path: Path, image: Pixels) -> None:
    nodes = [helper.make_node("Identity", ["in"], ["out"])]
    save(tmp_path / "net.onnx", nodes, {"in": [1, 3, "h", "w"]}, {}, TensorProto.FLOAT16)
    registry = drop(tmp_path, "net", role='"clean"', scales="[1]")
    with EnginePool(registry, 100).lease("net") as engine:
        out = wrap.upscale(registry.get("net"), engine, image, 1, params={})
    np.testing.assert_allclose(out, image, atol=1e-3)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('[defaults]\nlayout = "chwn"\n', "layout is 'chwn', not one of nchw, nhwc"),
        ('[defaults]\nmask_input = "channel"\n', "takes 2 inputs, not 1"),
        ('[defaults]\nlayout = "nhwc"\n', "net"),
    ],
)
def test_a_card_that_misdescribes_its_network_is_a_fault(
    tmp_path: Path, image: Pixels, hole: Hole, body: str, words: str
) -> None:
    save(tmp_path / "net.onnx", mixing("value"), {"in": [1, 3, "h", "w"], "mask": [1, 1, "h", "w"]}, ONE)
    with pytest.raises(EngineFault, match=words):
        use_fill(drop(tmp_path, "net", body), "net", image, hole)


def test_a_damaged_network_is_a_fault(tmp_path: Path, image: Pixels, hole: Hole) -> None:
    (tmp_path / "net.onnx").write_bytes(b"no network at all")
    with pytest.raises(EngineFault, match="net could not be loaded"):
        use_fill(drop(tmp_path, "net"), "net", image, hole)


def test_an_onnx_generator_is_refused(tmp_path: Path) -> None:
    pixel_shuffle(tmp_path / "net.onnx", 2)
    registry = drop(tmp_path, "net", role='"generate"')
    with pytest.raises(EngineFault, match="not generate"), EnginePool(registry, 100).lease("net"):
        pass


def test_a_classical_engine_with_other_defaults(tmp_path: Path, image: Pixels, hole: Hole) -> None:
    entry = Registry.load().get("telea").entry
    write_card(tmp_path, "telea-wide", "[defaults]\nradius = 12.0\n[cost]\nrung = 31\n", entry=f'"{entry}"')
    registry = Registry.load(tmp_path)
    rungs = [card.id for card in registry.of_role("fill")]
    assert rungs.index("telea") + 1 == rungs.index("telea-wide")
    wide, usual = (use_fill(registry, name, image, hole) for name in ("telea-wide", "telea"))
    assert (wide != usual).any()
    with EnginePool(registry, 100).lease("telea") as engine:
        same = wrap.fill(registry.get("telea"), engine, image, hole, seed=1, params={"radius": 12.0})
    assert (same == wide).all()
