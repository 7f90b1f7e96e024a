"""The cards of LaMa and MI-GAN drive networks of those shapes; without weights they are off, with a cure.

The networks here have random weights: what is proven is what goes in and what comes out, not how good a fill is."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from model_registry.card import Card
from model_registry.engines import wrap
from model_registry.engines.contract import Hole, Pixels
from model_registry.engines.load import load_engine
from model_registry.errors import EngineFault, WeightsDamaged, WeightsMissing
from model_registry.pool import EnginePool
from model_registry.registry import PACKAGED, Registry
from model_registry.weights import sha256_table
from tasks.intents import MaskBoxes, RemoveObject
from tasks.planner import plan
from tests.model_registry.engines.published_fill_shapes import lama_like, migan_like

FILES = {"lama": "lama_fp32.onnx", "migan": "migan_pipeline_v2.onnx"}


@pytest.fixture
def image() -> Pixels:
    return np.random.default_rng(0).random((90, 121, 3)).astype(np.float32)


@pytest.fixture
def hole() -> Hole:
    out = np.zeros((90, 121), bool)
    out[20:50, 40:90] = True
    return out


def card_for(folder: Path, name: str, size: dict[str, int] | None = None, **defaults: str) -> Registry:
    """The packaged card under another id, pinned to the random network that lies in the folder."""
    facts: dict[str, Any] = tomllib.loads((PACKAGED / f"{name}.toml").read_text())
    pins = sha256_table(folder / FILES[name])
    facts |= {"id": f"{name}-shaped", "fallback": [], "weights": {"path": FILES[name], "sha256": pins}}
    facts |= {"size": size} if size else {}
    facts["defaults"] |= defaults
    return Registry((Card.model_validate(facts),), (folder,))


def filled(registry: Registry, name: str, image: Pixels, hole: Hole) -> Pixels:
    with EnginePool(registry, 2000).lease(f"{name}-shaped") as engine:
        return wrap.fill(registry.get(f"{name}-shaped"), engine, image, hole, seed=1, params={})


def asked_directly(path: Path, feed: dict[str, Any]) -> Any:
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, feed)[0][0]


def with_mean(image: Pixels, hole: Hole) -> Pixels:
    out = image.copy()
    out[hole] = image[~hole].mean(axis=0, dtype=np.float64)
    return out


def mirrored(array: Any, height: int, width: int) -> Any:
    """To this size: mirrored about the last row and column, then the last of that again."""
    for axis, side in ((0, height), (1, width)):
        more = min(side - array.shape[axis], array.shape[axis] - 1)
        for extra, mode in ((more, "reflect"), (side - array.shape[axis] - more, "edge")):
            array = np.pad(array, [(0, extra if i == axis else 0) for i in range(array.ndim)], mode)
    return array


@pytest.mark.parametrize("mask_first", [False, True])
def test_lamas_card_drives_a_network_of_its_shape(
    tmp_path: Path, image: Pixels, hole: Hole, mask_first: bool
) -> None:
    path = tmp_path / FILES["lama"]
    lama_like(path, mask_first=mask_first)
    out = filled(card_for(tmp_path, "lama"), "lama", image, hole)
    picture = mirrored(with_mean(image, hole), 512, 512).transpose(2, 0, 1)[None]
    mask = mirrored(hole, 512, 512).astype(np.float32)[None, None]
    made = asked_directly(path, {"image": picture, "mask": mask})[:, :90, :121].transpose(1, 2, 0) / 255
    np.testing.assert_allclose(out[hole], made[hole], atol=1e-5)
    assert (out[~hole] == image[~hole]).all()
    assert np.ptp(out[hole]) > 0.2  # no constant would pass for it


def test_a_lama_of_free_size_needs_only_other_sizes_on_its_card(
    tmp_path: Path, image: Pixels, hole: Hole
) -> None:
    lama_like(tmp_path / FILES["lama"], ("h", "w"))
    fixed = card_for(tmp_path, "lama")
    free = card_for(tmp_path, "lama", {"minimum": 1, "multiple_of": 8})
    inner = np.zeros_like(hole)
    inner[21:49, 41:89] = hole[21:49, 41:89]  # beyond two 3×3 convolutions the padding is not felt
    np.testing.assert_allclose(
        filled(free, "lama", image, hole)[inner], filled(fixed, "lama", image, hole)[inner], atol=1e-5
    )


def test_lama_refuses_a_crop_larger_than_it_takes(tmp_path: Path) -> None:
    lama_like(tmp_path / FILES["lama"])
    hole = np.zeros((40, 513), bool)
    hole[5:9, 5:9] = True
    with pytest.raises(EngineFault, match="512"):
        filled(card_for(tmp_path, "lama"), "lama", np.full((40, 513, 3), 0.5, np.float32), hole)


def test_migans_card_drives_a_pipeline_of_its_shape(tmp_path: Path, image: Pixels, hole: Hole) -> None:
    path = tmp_path / FILES["migan"]
    migan_like(path)
    out = filled(card_for(tmp_path, "migan"), "migan", image, hole)
    picture = np.rint(with_mean(image, hole) * 255).astype(np.uint8).transpose(2, 0, 1)[None]
    mask = np.where(hole, 0, 255).astype(np.uint8)[None, None]
    made = asked_directly(path, {"image": picture, "mask": mask}).transpose(1, 2, 0)
    np.testing.assert_array_equal(np.rint(out[hole] * 255), made[hole])
    assert (out[~hole] == image[~hole]).all()
    assert np.ptp(made[hole]) > 50


@pytest.mark.parametrize(
    ("name", "fact", "value"),
    [
        ("lama", "output_range", "0-1"), ("lama", "mask_polarity", "known"), ("lama", "range", "0-255"),
        ("migan", "mask_polarity", "hole"), ("migan", "mask_range", "0-1"),
    ],
)  # fmt: skip
def test_each_fact_of_a_card_counts(
    tmp_path: Path, image: Pixels, hole: Hole, name: str, fact: str, value: str
) -> None:
    {"lama": lama_like, "migan": migan_like}[name](tmp_path / FILES[name])
    right = filled(card_for(tmp_path, name), name, image, hole)
    wrong = filled(card_for(tmp_path, name, **{fact: value}), name, image, hole)
    assert np.abs(right - wrong)[hole].max() > 0.05


def test_a_name_that_the_network_does_not_have_is_a_fault_that_lists_what_it_has(
    tmp_path: Path, image: Pixels, hole: Hole
) -> None:
    migan_like(tmp_path / FILES["migan"])
    for fact, value in (("image_name", "picture"), ("output_name", "out"), ("mask_name", "image")):
        with pytest.raises(EngineFault, match=r"image, mask -> result"):
            filled(card_for(tmp_path, "migan", **{fact: value}), "migan", image, hole)


@pytest.mark.parametrize("name", sorted(FILES))
def test_without_weights_it_is_off_and_says_where_they_can_be_had(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in (None, str(tmp_path)):
        monkeypatch.delenv("PENTIMENTO_WEIGHTS", raising=False)
        if place:
            monkeypatch.setenv("PENTIMENTO_WEIGHTS", place)
        registry = Registry.load()
        assert registry.get(name).automatic is False
        with pytest.raises(
            WeightsMissing, match=rf"PENTIMENTO_WEIGHTS.*{FILES[name]} of .+ at [0-9a-f]{{40}}"
        ):
            load_engine(registry.get(name), registry.folder_of(name))


def test_with_weights_they_stand_at_the_top_of_the_ladder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    intent = RemoveObject(mask=MaskBoxes(boxes=((0, 0, 1, 1),)))

    def ladder() -> list[str]:
        stage = plan(intent, None, Registry.load()).stage("generation")
        assert stage is not None
        return [engine.id for engine in stage.engines]

    monkeypatch.delenv("PENTIMENTO_WEIGHTS", raising=False)
    bare = ladder()
    monkeypatch.setenv("PENTIMENTO_WEIGHTS", str(tmp_path))
    for name, file in FILES.items():
        assert name not in bare
        (tmp_path / file).write_bytes(b"something")
    assert ladder() == [*bare, "migan", "lama"]


def test_other_weights_than_the_pinned_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PENTIMENTO_WEIGHTS", str(tmp_path))
    migan_like(tmp_path / FILES["migan"])
    registry = Registry.load()
    with pytest.raises(WeightsDamaged, match="6f1f3530"):
        load_engine(registry.get("migan"), registry.folder_of("migan"))
