"""IMDN in 8 bits: levelling changes nothing, rounding little, the same bytes each time, other networks are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from flows.training.upscale_int8.calibrate import channel_factors, planned, written
from flows.training.upscale_int8.extremes import inputs
from model_registry.convert.graph import ENLARGED, IMAGE, Graph
from model_registry.convert.imdn_int8 import (
    FLOAT,
    Layers,
    Plan,
    laid_in_bits,
    lay,
    levelled,
    read_layers,
    read_plan,
)
from model_registry.convert.networks import convert
from model_registry.convert.state import State
from model_registry.errors import WeightsDamaged
from tests.model_registry.convert import published


def layers(width: int = 8) -> Layers:
    return read_layers(State(published.imdn(width)))


def pictures(count: int = 3) -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    return inputs([rng.integers(0, 256, (160, 160, 3)).astype(np.uint8) for _ in range(count)], 96)


def run(path: Path, picture: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return np.asarray(session.run([ENLARGED], {IMAGE: picture})[0])


def plain(of: Layers, path: Path) -> Path:
    graph = Graph()
    graph.save(path, lay(graph, of, 4, lambda _, x: x, lambda g, weight: g.constant(weight)))
    return path


def test_levelling_by_powers_of_two_changes_no_bit(tmp_path: Path) -> None:
    rng, given = np.random.default_rng(0), layers()
    widths = {
        "stream": 8,
        **{f"{b}.{s}": len(given[f"{b}.{s}"][1]) for b in range(1, 8) for s in range(1, 5)},
    }
    factors = {name: tuple(int(n) for n in rng.integers(-4, 3, width)) for name, width in widths.items()}
    before, after = plain(given, tmp_path / "a.onnx"), plain(levelled(given, factors), tmp_path / "b.onnx")
    assert (run(before, pictures()[0]) == run(after, pictures()[0])).all()
    assert len(channel_factors("1.joined", factors)) == len(given["1.close"][1])


def test_a_plan_changes_the_result_little_and_is_read_back_the_same(tmp_path: Path) -> None:
    given = layers()
    plan, changed = planned(given, pictures(), tmp_path)
    made = run(plain(given, tmp_path / "plain.onnx"), pictures()[0])
    assert 0 < changed < 0.05 * 255 * float(made.std())
    (tmp_path / "plan.toml").write_text(written(plan), "utf-8")
    assert read_plan(tmp_path / "plan.toml") == Plan(plan.factors, plan.ranges)
    assert planned(given, pictures(), tmp_path) == (plan, changed)


def test_only_what_is_named_stays_float(tmp_path: Path) -> None:
    given = layers()
    plan, _ = planned(given, pictures(1), tmp_path)
    graph = Graph()
    graph.save(tmp_path / "net.onnx", laid_in_bits(graph, given, 4, plan))
    held = onnx.load(str(tmp_path / "net.onnx")).graph.initializer
    in_bits = sum(one.data_type == onnx.TensorProto.INT8 and len(one.dims) == 4 for one in held)
    assert in_bits == len(given) - len(FLOAT) == 34


def test_the_packaged_plan_is_for_the_published_width(tmp_path: Path) -> None:
    source = published.save(published.imdn(64), tmp_path / "net.pth")
    first = convert("imdn-int8", source, tmp_path / "a.onnx")
    assert first == convert("imdn-int8", source, tmp_path / "b.onnx")
    assert run(tmp_path / "a.onnx", pictures()[0]).shape == (1, 3, 96, 96)
    narrow = published.save(published.imdn(8), tmp_path / "narrow.pth")
    with pytest.raises(WeightsDamaged, match="another width"):
        convert("imdn-int8", narrow, tmp_path / "net.onnx")
