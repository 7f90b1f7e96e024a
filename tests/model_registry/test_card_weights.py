"""Weights: found, pinned, never a pickle, hashed once."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from model_registry import hashing, weights
from model_registry.card import Card
from model_registry.engines.load import load_engine
from model_registry.errors import WeightsDamaged, WeightsMissing

DATA = b"not really a network"
SHA = hashlib.sha256(DATA).hexdigest()


def card(path: str, table: dict[str, str] | None = None) -> Card:
    return Card.model_validate({
        "id": "toy", "role": "fill", "runtime": "onnx", "title": "t", "licence": "MIT",
        "weights": {"path": path, "sha256": table or {}},
    })  # fmt: skip


def test_weights_that_match_are_accepted(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(DATA)
    assert weights.verify(card("net.onnx", {"net.onnx": SHA}), tmp_path) == []
    assert weights.locate(card("net.onnx"), tmp_path) == tmp_path / "net.onnx"


def test_changed_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(DATA + b"!")
    toy = card("net.onnx", {"net.onnx": SHA})
    assert "not " + SHA in weights.verify(toy, tmp_path)[0]
    with pytest.raises(WeightsDamaged):
        load_engine(toy, tmp_path)


def test_a_change_after_the_first_look_is_seen(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(DATA)
    toy = card("net.onnx", {"net.onnx": SHA})
    assert weights.verify(toy, tmp_path) == []
    (tmp_path / "net.onnx").write_bytes(DATA + b"longer")
    assert weights.verify(toy, tmp_path)


def test_a_file_is_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "net.onnx").write_bytes(DATA)
    read: list[Path] = []
    real = hashing._hash
    monkeypatch.setattr(hashing, "_hash", lambda path: (read.append(path), real(path))[1])
    toy = card("net.onnx", {"net.onnx": SHA})
    assert weights.verify(toy, tmp_path) == weights.verify(toy, tmp_path) == []
    assert len(read) == 1


def test_unpinned_weights_are_refused_with_the_line_to_add(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(DATA)
    assert f'add "net.onnx" = "{SHA}"' in weights.verify(card("net.onnx"), tmp_path)[0]
    assert weights.sha256_table(tmp_path) == {"net.onnx": SHA}


@pytest.mark.parametrize("name", ["a.pt", "a.pth", "deep/a.bin", "a.CKPT", "a.pkl"])
def test_pickles_are_refused_even_when_pinned(tmp_path: Path, name: str) -> None:
    (tmp_path / "w" / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "w" / name).write_bytes(DATA)
    assert "pickle" in weights.verify(card("w", {name: SHA}), tmp_path)[0]


def test_other_kinds_of_file_are_refused_and_side_files_are_not(tmp_path: Path) -> None:
    for name in ("config.json", "merges.txt", "spiece.model", "run.py"):
        (tmp_path / name).write_bytes(DATA)
    faults = weights.verify(card(str(tmp_path)), tmp_path)
    assert len(faults) == 1
    assert faults[0].startswith("run.py")


def test_missing_weights_say_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toy = card("${TOY_WEIGHTS}/net.onnx", {"net.onnx": SHA})
    monkeypatch.delenv("TOY_WEIGHTS", raising=False)
    with pytest.raises(WeightsMissing, match="set TOY_WEIGHTS"):
        load_engine(toy, tmp_path)
    monkeypatch.setenv("TOY_WEIGHTS", str(tmp_path))
    with pytest.raises(WeightsMissing, match="correct TOY_WEIGHTS"):
        weights.locate(toy, tmp_path)
    (tmp_path / "net.onnx").write_bytes(DATA)
    assert weights.verify(toy, tmp_path) == []


def test_a_file_of_the_table_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    assert weights.verify(card(str(tmp_path), {"net.onnx": SHA}), tmp_path) == ["net.onnx is missing"]


def test_a_hub_that_was_not_pulled_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    toy = Card.model_validate({
        "id": "toy", "role": "fill", "runtime": "diffusers", "title": "t", "licence": "MIT",
        "weights": {"hub": "nobody/nothing", "revision": "0" * 40},
    })  # fmt: skip
    with pytest.raises(WeightsMissing, match="pentimento models pull toy"):
        weights.locate(toy, tmp_path)


def test_the_digest_is_of_what_is_pinned() -> None:
    assert weights.weights_digest(card("net.onnx")) == ""
    assert weights.weights_digest(Card.model_validate(
        {"id": "toy", "role": "fill", "runtime": "classical", "title": "t", "licence": "MIT"}
    )) == ""  # fmt: skip
    one, two = card("a", {"a": SHA, "b": SHA}), card("elsewhere", {"b": SHA, "a": SHA})
    assert weights.weights_digest(one) == weights.weights_digest(two) != ""
    assert weights.weights_digest(one) != weights.weights_digest(card("a", {"a": SHA}))
