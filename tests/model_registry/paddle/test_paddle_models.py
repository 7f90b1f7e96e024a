"""Model folders made from rapidocr's wheel: the real networks, PaddleX's own metadata, pinned by the card."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from model_registry.engines import ocr_paddle_models
from model_registry.engines.load import load_engine
from model_registry.engines.ocr import MODELS, wheel_model
from model_registry.engines.ocr_paddle_models import export_models, model_name, pull
from model_registry.errors import WeightsDamaged, WeightsMissing
from model_registry.registry import Registry
from model_registry.weights import MADE_HERE, file_sha256, sha256_table, verify

REGISTRY = Registry.load()
CARD, FOLDER = REGISTRY.get("paddleocr"), REGISTRY.folder_of("paddleocr")
NAMES = {"det": "PP-OCRv6_small_det", "rec": "PP-OCRv6_small_rec"}


@pytest.fixture
def copied(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A set of models that a test may spoil."""
    shutil.copytree(models, tmp_path / "models")
    monkeypatch.setenv("PENTIMENTO_PADDLE_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def facts(models: Path, part: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((models / part / "inference.yml").read_text(encoding="utf-8"))
    return found


def test_the_networks_are_the_wheels_and_the_card_pins_every_file(models: Path) -> None:
    assert CARD.weights is not None
    assert sha256_table(models) == CARD.weights.sha256
    for part, known in (("det", "Det"), ("rec", "Rec")):
        assert file_sha256(models / part / "inference.onnx") == MODELS[known][1]
    assert verify(CARD, FOLDER) == []


@pytest.mark.parametrize("part", ["det", "rec"])
def test_the_metadata_is_what_paddlex_publishes_for_the_model(models: Path, part: str) -> None:
    from paddlex.modules.base.utils.pdparams2safetensors.inference_meta import build_inference_meta

    published = build_inference_meta(NAMES[part])
    published.pop("Hpi")
    found = facts(models, part)
    assert found.pop("Global") == {"model_name": NAMES[part]}
    characters = found["PostProcess"].pop("character_dict", [])
    assert found == published
    assert len(characters) == {"det": 0, "rec": 18_708}[part]
    assert model_name(models / part) == NAMES[part]


def test_making_them_again_gives_the_same_files_and_leaves_nothing_else(copied: Path) -> None:
    before = sha256_table(copied)
    (copied / "det" / "inference.onnx").write_bytes(b"old")
    (copied / "rec" / "inference.yml").write_text("old")
    assert export_models(copied) == copied
    assert sha256_table(copied) == before
    assert len(list(copied.rglob("*"))) == 6


def test_without_the_variable_the_cure_says_how_to_make_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PENTIMENTO_PADDLE_MODELS", raising=False)
    (fault,) = verify(CARD, FOLDER)
    assert "PENTIMENTO_PADDLE_MODELS is not set" in fault
    assert "pentimento models pull paddleocr" in fault
    with pytest.raises(WeightsMissing, match="PENTIMENTO_PADDLE_MODELS"):
        pull(CARD, FOLDER)
    with pytest.raises(WeightsMissing, match="PENTIMENTO_PADDLE_MODELS"):
        load_engine(CARD, FOLDER)


def test_pulling_makes_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENTIMENTO_PADDLE_MODELS", str(tmp_path / "not" / "yet"))
    (fault,) = verify(CARD, FOLDER)
    assert "pentimento models pull paddleocr" in fault
    assert pull(CARD, FOLDER) == tmp_path / "not" / "yet"
    assert verify(CARD, FOLDER) == []


def test_the_maker_the_registry_names_is_this_one() -> None:
    module, _, name = MADE_HERE["paddleocr"].partition(":")
    assert module == ocr_paddle_models.__name__
    assert getattr(ocr_paddle_models, name) is pull


@pytest.mark.parametrize("name", ["det/inference.onnx", "rec/inference.yml"])
def test_other_files_than_the_pinned_are_refused(copied: Path, name: str) -> None:
    with (copied / name).open("ab") as file:
        file.write(b"\n")
    with pytest.raises(WeightsDamaged, match=name):
        load_engine(CARD, FOLDER)


def test_a_network_beside_the_pinned_ones_is_refused(copied: Path) -> None:
    shutil.copyfile(copied / "det" / "inference.onnx", copied / "other.onnx")
    with pytest.raises(WeightsDamaged, match=r"other\.onnx is not pinned"):
        load_engine(CARD, FOLDER)


def test_pulling_for_a_card_of_other_models_fails(copied: Path) -> None:
    assert CARD.weights is not None
    pinned = CARD.weights.model_copy(
        update={"sha256": CARD.weights.sha256 | {"det/inference.onnx": "0" * 64}}
    )
    with pytest.raises(WeightsDamaged, match="det/inference"):
        pull(CARD.model_copy(update={"weights": pinned}), FOLDER)


def test_a_wheel_of_other_models_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import rapidocr

    shutil.copytree(wheel_model("Det").parent, tmp_path / "models")
    monkeypatch.setattr(rapidocr, "__file__", str(tmp_path / "__init__.py"))
    (tmp_path / "models" / MODELS["Rec"][0]).write_bytes(b"other")
    with pytest.raises(WeightsDamaged, match=MODELS["Rec"][0]):
        export_models(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_metadata_without_a_models_name_is_refused(copied: Path) -> None:
    (copied / "det" / "inference.yml").write_text("PreProcess: {}\n")
    with pytest.raises(WeightsDamaged, match="names no model"):
        model_name(copied / "det")
    (copied / "det" / "inference.yml").unlink()
    with pytest.raises(WeightsMissing, match=r"inference\.yml"):
        model_name(copied / "det")
