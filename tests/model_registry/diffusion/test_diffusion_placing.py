"""Offloading and tiles: hooks change no byte, a CPU ignores them, and only what is too large for one piece is cut."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model_registry.engines.contract import Generator
from model_registry.engines.diffusion import load
from model_registry.engines.diffusion_loader import load_pipeline
from model_registry.engines.diffusion_placing import OFFLOADS, decode_in_tiles, offloaded, placed
from model_registry.errors import EngineFault
from tests.model_registry.diffusion.conftest import read_card
from tests.model_registry.diffusion.tiny_pipeline import write_card

DEFAULTS = '{ steps = 2, scheduler = "ddim", offload = "none", tiles_over = 0, max_side = 0 }'


def engine(built: Path, tmp_path: Path) -> Any:
    """The tiny generator under a card that offers both parameters."""
    (tmp_path / "tiny-sd").symlink_to(built / "tiny-sd")
    return load(read_card(write_card(tmp_path, "generate", defaults=DEFAULTS)), tmp_path)


class _Pipe:
    """What is asked of a pipeline."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []

    def to(self, device: str) -> _Pipe:
        self.asked.append(("to", device))
        return self

    def enable_model_cpu_offload(self, device: str) -> None:
        self.asked.append(("model", device))

    def enable_sequential_cpu_offload(self, device: str) -> None:
        self.asked.append(("sequential", device))

    def enable_group_offload(self, device: object, **how: object) -> None:
        self.asked.append(("group", str(device), how["offload_type"], how["use_stream"]))


@pytest.mark.parametrize(
    ("offload", "asked"),
    [
        ("none", ("to", "cuda")),
        ("model", ("model", "cuda")),
        ("sequential", ("sequential", "cuda")),
        ("group", ("group", "cuda", "leaf_level", True)),
    ],
)
def test_each_way_asks_the_library_for_its_own(offload: str, asked: tuple[object, ...]) -> None:
    pipe = _Pipe()
    assert placed(pipe, "cuda", offload) is pipe
    assert pipe.asked == [asked]


def test_the_library_offers_every_way(built: Path) -> None:
    import diffusers

    for method in ("enable_model_cpu_offload", "enable_sequential_cpu_offload", "enable_group_offload"):
        assert callable(getattr(diffusers.StableDiffusionPipeline, method))


def test_on_a_cpu_nothing_is_hooked_and_it_is_said(
    built: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tiny = engine(built, tmp_path)
    plain = tiny.generate("x", 24, 24, seed=1, params={})
    for offload in OFFLOADS[1:]:
        with caplog.at_level(logging.INFO):
            assert (tiny.generate("x", 24, 24, seed=1, params={"offload": offload}) == plain).all()
    pipe = _Pipe()
    with caplog.at_level(logging.INFO):
        placed(pipe, "cpu", "model")
    assert pipe.asked == [("to", "cpu")]
    assert "offload 'model' does nothing on a CPU" in caplog.text


def test_a_group_that_is_fetched_when_needed_gives_the_same_bytes(built: Path, tmp_path: Path) -> None:
    """The library's own hooks, on the one device that is here."""
    tiny = engine(built, tmp_path)
    plain = tiny.generate("x", 24, 24, seed=1, params={})
    pipe = load_pipeline(tiny._model.card, built / "tiny-sd", "float32", "cpu")
    tiny._model._pipe = offloaded(pipe, "cpu", "group")
    assert any(
        "group_offloading" in module._diffusers_hook.hooks
        for module in pipe.unet.modules()
        if hasattr(module, "_diffusers_hook")
    )
    assert (tiny.generate("x", 24, 24, seed=1, params={}) == plain).all()


def test_an_unknown_way_is_refused(built: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineFault, match="`offload` is out of range: 'disk'"):
        engine(built, tmp_path).generate("x", 24, 24, seed=1, params={"offload": "disk"})


def test_only_a_picture_over_the_limit_is_decoded_in_tiles(built: Path, tmp_path: Path) -> None:
    tiny: Generator = engine(built, tmp_path)
    vae = tiny._model._pipe.vae  # type: ignore[attr-defined]
    plain = tiny.generate("x", 160, 96, seed=1, params={"max_side": 160})
    assert not vae.use_tiling
    within = tiny.generate("x", 160, 96, seed=1, params={"max_side": 160, "tiles_over": 160})
    assert not vae.use_tiling
    assert (within == plain).all()
    tiled = tiny.generate("x", 160, 96, seed=1, params={"max_side": 160, "tiles_over": 100})
    assert vae.use_tiling
    assert tiled.shape == plain.shape
    assert 0 < np.abs(tiled - plain).max() < 0.5
    assert (tiny.generate("x", 160, 96, seed=1, params={"max_side": 160}) == plain).all()


def test_a_pipeline_without_such_an_autoencoder_is_left_alone() -> None:
    decode_in_tiles(object(), 100, 10)
