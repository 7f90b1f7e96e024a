"""The spandrel runtime for upscalers, against a small stand-in for spandrel: its descriptors and loader, as 0.4 documents them.

Spandrel itself needs torchvision, which is not installed: what is held here is what we ask of it and do with its answers."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from safetensors.torch import load_file

from model_registry.card import Card
from model_registry.engines import wrap
from model_registry.engines.load import load_engine
from model_registry.errors import EngineFault
from model_registry.weights import sha256_table


class _Descriptor:
    """A network that repeats every pixel and adds the file's bias."""

    def __init__(self, bias: torch.Tensor, scale: int, channels: int) -> None:
        self._bias, self.scale = bias, scale
        self.input_channels = self.output_channels = channels
        self.architecture = SimpleNamespace(name="Toy")

    def float(self) -> Any:
        return self

    def eval(self) -> Any:
        return self

    def __call__(self, picture: torch.Tensor) -> torch.Tensor:
        assert picture.dtype == torch.float32
        assert picture.shape[:2] == (1, 3)
        large = torch.nn.functional.interpolate(picture, scale_factor=self.scale, mode="nearest")
        return large + self._bias[:, None, None]


class _Masked(_Descriptor):
    pass


@pytest.fixture
def spandrel(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What the next file loaded is."""
    kind = SimpleNamespace(of=_Descriptor, scale=4, channels=3)

    class Loader:
        def __init__(self, device: str) -> None:
            assert device == "cpu"

        def load_from_file(self, path: Path) -> _Descriptor:
            return kind.of(load_file(str(path))["bias"], kind.scale, kind.channels)

    module = ModuleType("spandrel")
    module.__dict__.update(
        ModelLoader=Loader, ImageModelDescriptor=_Descriptor, MaskedImageModelDescriptor=_Masked
    )
    monkeypatch.setitem(sys.modules, "spandrel", module)
    return kind


def card(folder: Path, role: str = "upscale", scale: int = 4) -> Card:
    save_file({"bias": np.array([0.1, 0.0, -0.05], np.float32)}, folder / "net.safetensors")
    return Card.model_validate({
        "id": "swinir", "role": role, "runtime": "spandrel", "title": "t", "licence": "l", "scales": [scale],
        "weights": {"path": "net.safetensors", "sha256": sha256_table(folder / "net.safetensors")},
    })  # fmt: skip


@pytest.mark.parametrize(("role", "scale"), [("upscale", 4), ("clean", 1)])
def test_a_picture_is_enlarged(spandrel: SimpleNamespace, tmp_path: Path, role: str, scale: int) -> None:
    spandrel.scale = scale
    mine = card(tmp_path, role, scale)
    image = np.random.default_rng(0).uniform(0.2, 0.8, (5, 7, 3)).astype(np.float32)
    made = wrap.upscale(mine, load_engine(mine, tmp_path), image, scale, params={})
    wanted = np.repeat(np.repeat(image, scale, axis=0), scale, axis=1) + np.array(
        [0.1, 0.0, -0.05], np.float32
    )
    assert np.abs(made - wanted).max() < 1e-6


def test_weights_that_do_not_fit_their_card_are_faults(spandrel: SimpleNamespace, tmp_path: Path) -> None:
    mine = card(tmp_path)
    spandrel.scale = 2
    with pytest.raises(EngineFault, match=r"enlarge by 2.*Cure: scales = \[2\]"):
        load_engine(mine, tmp_path)
    spandrel.scale, spandrel.channels = 4, 1
    with pytest.raises(EngineFault, match="three colours"):
        load_engine(mine, tmp_path)


def test_a_network_of_the_other_kind_is_a_fault(spandrel: SimpleNamespace, tmp_path: Path) -> None:
    with pytest.raises(EngineFault, match="no network that fills holes"):
        load_engine(card(tmp_path, "fill"), tmp_path)
