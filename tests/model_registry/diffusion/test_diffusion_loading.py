"""What the loader refuses, and that a load is quiet and opens no connection."""

from __future__ import annotations

import inspect
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from model_registry.card import Card
from model_registry.engines import diffusion
from model_registry.engines.contract import Filler, Generator
from model_registry.engines.diffusion_loader import CLASSES, check_folder
from model_registry.errors import EngineFault, WeightsDamaged, WeightsMissing
from tests.model_registry.diffusion.conftest import read_card
from tests.model_registry.diffusion.tiny_pipeline import write_card


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    """A pipeline of its own, to be spoilt."""
    return shutil.copytree(built / "tiny-sd", tmp_path / "tiny-sd")


def card_of(copy: Path) -> Card:
    """A card pinned to the copy as it is now: a digest mismatch is not what refuses it."""
    return read_card(write_card(copy.parent, "generate"))


def load_now(copy: Path) -> Filler | Generator:
    return diffusion.load(card_of(copy), copy.parent)


def test_the_role_decides_the_kind_of_engine(generator: Generator, filler: Filler) -> None:
    assert isinstance(generator, Generator)
    assert not isinstance(generator, Filler)
    assert isinstance(filler, Filler)
    assert not isinstance(filler, Generator)


@pytest.mark.parametrize("name", ["unet/weights.bin", "v1-5.CKPT", "vae/x.pt", "text_encoder/deep/er/x.pkl"])
def test_a_pickle_anywhere_is_refused(copy: Path, name: str) -> None:
    path = copy / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x80\x04N.")
    with pytest.raises(WeightsDamaged, match="may hold a pickle"):
        load_now(copy)
    with pytest.raises(WeightsDamaged, match="may hold a pickle"):
        check_folder(copy)


def test_tensors_other_than_the_pinned_ones_are_refused(copy: Path) -> None:
    card = card_of(copy)
    weights = copy / "vae" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(WeightsDamaged, match="vae/diffusion_pytorch_model"):
        diffusion.load(card, copy.parent)


def test_a_pickle_behind_a_linked_folder_is_refused(copy: Path, tmp_path: Path) -> None:
    shutil.move(copy / "unet", tmp_path / "elsewhere")
    (copy / "unet").symlink_to(tmp_path / "elsewhere")
    (copy / "vae" / "round").symlink_to(copy)
    check_folder(copy)
    (tmp_path / "elsewhere" / "x.pth").write_bytes(b"")
    with pytest.raises(WeightsDamaged, match=r"unet/x\.pth may hold a pickle"):
        check_folder(copy)


def test_code_in_the_folder_is_refused_and_not_run(copy: Path, tmp_path: Path) -> None:
    (copy / "pipeline.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    edit_json(copy / "model_index.json", lambda index: index.update(_class_name=["pipeline", "Mine"]))
    with pytest.raises(WeightsDamaged, match=r"pipeline\.py"):
        load_now(copy)
    with pytest.raises(WeightsDamaged, match=r"custom pipeline.*pipeline\.py is code"):
        check_folder(copy)
    assert not (tmp_path / "ran").exists()


def test_a_component_from_another_library_is_refused(copy: Path) -> None:
    edit_json(copy / "model_index.json", lambda index: index.update(unet=["antigravity", "Thing"]))
    with pytest.raises(WeightsDamaged, match="takes `unet` from `antigravity`"):
        load_now(copy)
    assert "antigravity" not in sys.modules


def test_a_component_asking_for_its_own_code_is_refused(copy: Path) -> None:
    path = copy / "text_encoder" / "config.json"
    edit_json(path, lambda config: config.update(auto_map={"AutoModel": "mine.Model"}))
    with pytest.raises(WeightsDamaged, match="asks for code of its own"):
        load_now(copy)


def edit_json(path: Path, change: Callable[[dict[str, object]], None]) -> None:
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


def test_missing_folder_and_missing_index_say_the_cure(copy: Path) -> None:
    (copy / "model_index.json").unlink()
    with pytest.raises(WeightsMissing, match="Cure: "):
        load_now(copy)
    shutil.rmtree(copy)
    with pytest.raises(WeightsMissing, match="Cure: "):
        load_now(copy)


@pytest.mark.parametrize("kept", [0, 100])
def test_missing_or_cut_tensors_are_damage(copy: Path, kept: int) -> None:
    weights = copy / "unet" / "diffusion_pytorch_model.safetensors"
    data = weights.read_bytes()[:kept]
    weights.unlink()
    if data:
        weights.write_bytes(data)
    with pytest.raises(WeightsDamaged, match="could not be loaded"):
        load_now(copy)


@pytest.mark.parametrize(
    "entry", ["StableDiffusionImg2ImgPipeline", "StableDiffusionInpaintPipeline", "os.system"]
)
def test_a_class_off_the_list_is_refused_with_the_list(copy: Path, entry: str) -> None:
    card = card_of(copy).model_copy(update={"entry": entry})
    with pytest.raises(EngineFault, match=r"is not allowed.*StableDiffusionXLPipeline"):
        diffusion.load(card, copy.parent)


def test_a_folder_whose_own_class_is_off_the_list_is_refused(copy: Path) -> None:
    index = copy / "model_index.json"
    edit_json(index, lambda value: value.update(_class_name="StableDiffusionPAGPipeline"))
    with pytest.raises(EngineFault, match="StableDiffusionPAGPipeline, which is not allowed"):
        load_now(copy)


def test_a_role_diffusers_cannot_have_is_refused(copy: Path) -> None:
    with pytest.raises(EngineFault, match="use generate, fill or upscale"):
        diffusion.load(card_of(copy).model_copy(update={"role": "text"}), copy.parent)


@pytest.mark.parametrize(
    ("role", "name"), [(role, name) for role, names in CLASSES.items() for name in names]
)
def test_every_class_on_the_list_exists_and_takes_what_it_is_given(role: str, name: str) -> None:
    import diffusers

    taken = set(inspect.signature(getattr(diffusers, name).__call__).parameters)
    always = {"num_inference_steps", "generator", "output_type"}
    sized = {"prompt", "height", "width", "guidance_scale"}
    fill = {"image", "strength", "prompt", "guidance_scale"}
    fill |= set() if "Img2Img" in name else sized | {"mask_image"}
    wanted = {"generate": sized, "fill": fill, "upscale": {"image"}}
    assert always | wanted[role] <= taken


def test_weights_only_in_half_precision_are_found(copy: Path, generator: Generator) -> None:
    for part, stem in (("unet", "diffusion_pytorch_model"), ("vae", "diffusion_pytorch_model")):
        where = copy / part
        (where / f"{stem}.safetensors").rename(where / f"{stem}.fp16.safetensors")
    engine = load_now(copy)
    assert isinstance(engine, Generator)
    made = engine.generate("x", 24, 24, seed=1, params={})
    assert (made == generator.generate("x", 24, 24, seed=1, params={})).all()


QUIET = """
import socket, sys, tomllib
from pathlib import Path
def refuse(*a, **k): raise AssertionError("a connection was opened")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
from model_registry.card import Card
from model_registry.engines.diffusion import load
folder = Path(sys.argv[1])
card = Card.model_validate(tomllib.loads((folder / "tiny-sd.toml").read_text()))
print(load(card, folder).generate("x", 20, 20, seed=1, params={}).shape)
"""


def test_loading_is_quiet_and_offline_without_any_variable_saying_so(built: Path, tmp_path: Path) -> None:
    environment = {"PATH": "", "HOME": str(tmp_path), "OMP_NUM_THREADS": "1"}
    root = Path(diffusion.__file__).parents[2]
    command = [sys.executable, "-c", QUIET, str(built)]
    done = subprocess.run(command, check=False, cwd=root, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "(20, 20, 3)\n", "")
