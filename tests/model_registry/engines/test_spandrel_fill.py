"""The spandrel runtime where spandrel is not installed, which is the only state it has been seen in."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from model_registry.card import Card
from model_registry.engines.load import load_engine
from model_registry.errors import EngineFault, WeightsDamaged, WeightsMissing
from model_registry.weights import sha256_table

absent = pytest.mark.skipif(find_spec("spandrel") is not None, reason="spandrel is installed here")


def card(folder: Path, file: str, role: str = "fill") -> Card:
    pins = sha256_table(folder / file) if (folder / file).exists() else {}
    return Card.model_validate({
        "id": "mat", "role": role, "runtime": "spandrel", "title": "t", "licence": "l",
        "weights": {"path": file, "sha256": pins},
    })  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_file({"w": np.zeros(3, np.float32)}, tmp_path / "net.safetensors")
    (tmp_path / "net.pth").write_bytes(b"a pickle")
    (tmp_path / "net.onnx").write_bytes(b"a graph")
    return tmp_path


@absent
def test_without_spandrel_the_fault_is_typed_and_names_the_cure(folder: Path) -> None:
    with pytest.raises(EngineFault, match=r"spandrel is not here .*Cure: install spandrel"):
        load_engine(card(folder, "net.safetensors"), folder)


def test_pickles_are_refused_before_anything_is_loaded(folder: Path) -> None:
    with pytest.raises(WeightsDamaged, match="pickle"):
        load_engine(card(folder, "net.pth"), folder)


def test_it_takes_safetensors_alone_and_only_the_roles_it_knows(folder: Path) -> None:
    with pytest.raises(EngineFault, match="safetensors"):
        load_engine(card(folder, "net.onnx"), folder)
    with pytest.raises(EngineFault, match="not text"):
        load_engine(card(folder, "net.safetensors", "text"), folder)


def test_missing_weights_come_before_a_missing_library(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing):
        load_engine(card(tmp_path, "net.safetensors"), tmp_path)
