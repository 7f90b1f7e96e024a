"""A folder of one ONNX network a scale: which is used, when it is read, and what is said where there is none."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from flows.training.upscale_network.export import export
from flows.training.upscale_network.network import Size, UpscaleNetwork
from model_registry.card import Card, Weights
from model_registry.engines import onnx, wrap
from model_registry.engines.contract import Pixels, Upscaler
from model_registry.engines.load import load_engine
from model_registry.errors import EngineFault
from model_registry.weights import sha256_table


def card_of(folder: Path, scales: tuple[int, ...]) -> Card:
    weights = Weights(path=str(folder), sha256=sha256_table(folder))
    return Card(
        id="toy", role="upscale", runtime="onnx", title="toy", licence="MIT", scales=scales, weights=weights
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("networks")
    for scale in (2, 4):
        torch.manual_seed(scale)
        export(UpscaleNetwork(Size(16, 1), scale).eval(), made / f"x{scale}.onnx")
    return made


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the networks read, in order."""
    names: list[str] = []

    class Counted(onnx._Network):
        def __init__(self, path: Path) -> None:
            names.append(path.name)
            time.sleep(0.02)  # as reading a large one takes
            super().__init__(path)

    monkeypatch.setattr(onnx, "_Network", Counted)
    return names


def picture(h: int = 9, w: int = 12) -> Pixels:
    return np.random.default_rng([h, w]).random((h, w, 3), np.float32)


def test_each_scale_has_its_network_read_when_first_asked_for(folder: Path, read: list[str]) -> None:
    card = card_of(folder, (2, 4))
    engine = load_engine(card, folder)
    assert read == []
    for scale, known in ((4, ["x4.onnx"]), (2, ["x4.onnx", "x2.onnx"]), (4, ["x4.onnx", "x2.onnx"])):
        assert wrap.upscale(card, engine, picture(), scale, params={}).shape == (9 * scale, 12 * scale, 3)
        assert read == known


def test_threads_share_one_session_a_scale(folder: Path, read: list[str]) -> None:
    engine = load_engine(card_of(folder, (2, 4)), folder)
    assert isinstance(engine, Upscaler)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: engine.upscale(picture(), 2, params={}), range(24)))
    assert read == ["x2.onnx"]
    assert all((m == made[0]).all() for m in made)


def test_a_scale_without_a_network_is_named(folder: Path) -> None:
    engine = load_engine(card_of(folder, (2, 3, 4)), folder)
    with pytest.raises(EngineFault, match="toy has no network for ×3, only for ×2, ×4"):
        wrap.upscale(card_of(folder, (2, 3, 4)), engine, picture(), 3, params={})


def test_a_folder_of_networks_without_scales_is_still_a_fault(folder: Path, tmp_path: Path) -> None:
    for name in ("a.onnx", "b.onnx"):
        (tmp_path / name).write_bytes((folder / "x2.onnx").read_bytes())
    with pytest.raises(EngineFault, match="holds 2 ONNX files"):
        load_engine(card_of(tmp_path, (2,)), tmp_path)
