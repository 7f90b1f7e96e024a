"""What is PaddleOCR's own: channel order, offline and quiet loading, only when asked for."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from model_registry.engines.ocr_paddle import PaddleReader
from model_registry.registry import Registry
from tests.model_registry.paddle.lettering import Reader, lettered, paper, photograph, words

OFFLINE = """
import socket, sys

def refuse(*args, **kwargs):
    raise AssertionError(f"a network was asked for: {args}")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = socket.create_connection = refuse
import numpy as np
from model_registry.engines import load, ocr, ocr_paddle, wrap
from model_registry.registry import Registry

registry = Registry.load()
assert not {"paddleocr", "paddlex", "rapidocr", "onnxruntime", "yaml", "torch"} & set(sys.modules)
card = registry.get("paddleocr")
engine = load.load_engine(card, registry.folder_of(card.id))
(line,) = wrap.read_text(card, engine, np.load(sys.argv[1]), {"enlarge": 1.0})
assert line.text == "OFFLINE", line
assert wrap.read_text(card, engine, np.full((20, 6000, 3), 200, np.uint8), {}) == ()  # the library warns here
assert "paddle" not in sys.modules
"""


def test_it_loads_and_reads_without_a_network_and_without_a_word(models: Path, tmp_path: Path) -> None:
    dark = (20, 30, 120)
    np.save(tmp_path / "a.npy", lettered(paper(100, 300), "OFFLINE", (150, 50), 36, fill=dark, stroke=dark))
    home = {"HOME": str(tmp_path), "PENTIMENTO_PADDLE_MODELS": str(models)}
    unset = ("HF_HUB_OFFLINE", "PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK")
    ran = subprocess.run(
        [sys.executable, "-c", OFFLINE, str(tmp_path / "a.npy")],
        env={k: v for k, v in os.environ.items() if k not in unset} | home,
        capture_output=True, text=True, cwd=Path(__file__).parents[3], timeout=120,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert not list((tmp_path / ".paddlex").rglob("*.onnx"))


def test_colours_reach_the_library_in_its_order(readers: dict[str, Reader]) -> None:
    """A picture that needs no margin and no scaling gives exactly what the library gives for BGR, and not for RGB."""
    reader = readers["paddleocr"]
    image = lettered(
        photograph("astronaut"), "Red on blue", (250, 250), 40, fill=(255, 0, 0), stroke=(0, 0, 255)
    )
    engine = reader.engine
    assert isinstance(engine, PaddleReader)
    options = {"text_det_limit_type": "max", "text_det_limit_side_len": 4000, "text_det_box_thresh": 0.5}
    options |= {"text_det_unclip_ratio": 1.6, "text_rec_score_thresh": 0.5}
    (right,) = engine._ocr.predict(np.ascontiguousarray(image[..., ::-1]), **options)
    (wrong,) = engine._ocr.predict(image, **options)
    found = sorted((line.text, line.score) for line in reader.read(image))
    assert "redonblue" in words(reader.read(image))
    assert found == sorted(zip(right["rec_texts"], right["rec_scores"], strict=True))
    assert found != sorted(zip(wrong["rec_texts"], wrong["rec_scores"], strict=True))


def test_a_second_instance_reads_the_same_and_quietly(
    models: Path, readers: dict[str, Reader], capfd: pytest.CaptureFixture[str]
) -> None:
    reader = readers["paddleocr"]
    image = lettered(photograph("chelsea"), "Twice the same", (220, 150), 34)
    second = Reader(reader.card, PaddleReader(models))
    assert second.read(image) == reader.read(image) != ()
    assert capfd.readouterr() == ("", "")
    assert all(logging.getLogger(name).level >= logging.CRITICAL for name in ("paddlex", "paddleocr"))


def test_a_threshold_of_nothing_is_not_the_librarys_own(readers: dict[str, Reader]) -> None:
    """PaddleX takes a 0 for "not given" and would fall back to 0.6."""
    image = photograph("astronaut")
    counts = [len(readers["paddleocr"].read(image, min_score=0.0, box_score=least)) for least in (0.0, 0.6)]
    assert counts[0] > counts[1]


def test_the_planner_never_takes_it_by_itself() -> None:
    registry = Registry.load()
    assert [card.id for card in registry.of_role("text")] == ["rapidocr"]
    card = registry.resolve("text", "paddleocr")
    assert (card.automatic, card.thread_safe, card.fallback) == (False, False, ())
    assert card.defaults == registry.get("rapidocr").defaults
