"""The recipe of the upscale networks: what they are, what they never see, and that a run cut off ends as one that was not."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from flows.training.upscale_network import measure
from flows.training.upscale_network.degradations import Harm
from flows.training.upscale_network.export import export, flattened
from flows.training.upscale_network.folded import Folded
from flows.training.upscale_network.imresize import Bytes3, imresize
from flows.training.upscale_network.network import SIZES, Size, UpscaleNetwork
from flows.training.upscale_network.pictures import Split, read_pictures
from flows.training.upscale_network.samples import Album, sample
from flows.training.upscale_network.train import Recipe, batch_of, main, new_network, train
from tasks.errors import BadRequest

TOY = Recipe(steps=3, cool=1, batch=2, patch=24, every=100)


@pytest.fixture(scope="module")
def album(drawn: Bytes3) -> Album:
    return Album.of([drawn, drawn[:, ::-1]], 2, 24)


def restless(size: Size, scale: int) -> UpscaleNetwork:
    """A network that changes what it is given."""
    torch.manual_seed(1)
    network = UpscaleNetwork(size, scale)
    torch.nn.init.normal_(network.tail.weight, std=0.05)
    for name, numbers in network.named_parameters():
        if name.endswith("bias") or name.startswith(("light", "lift")):
            torch.nn.init.normal_(numbers, std=0.1)
    return network.eval()


def test_the_branches_together_are_one_convolution() -> None:
    """Against the branches run one after the other."""
    torch.manual_seed(2)
    layer, x = Folded(5, 5), torch.randn(1, 5, 9, 11)
    assert layer.bias is not None
    conv = torch.nn.functional.conv2d
    wide = conv(conv(x, layer.widen.view(-1, 5, 3, 3)), layer.narrow[..., None, None])
    edges = torch.zeros_like(wide)
    for mixed, strength, mask in zip(layer.mixed, layer.edge, layer.masks, strict=True):
        kernel = mask.expand(5, 1, 3, 3) * strength[:, None, None, None]
        edges += conv(conv(x, mixed[..., None, None]), kernel, groups=5)
    wanted = conv(x, layer.plain) + wide + edges + x[..., 1:-1, 1:-1] + layer.bias[:, None, None]
    assert torch.allclose(layer(x), wanted, atol=1e-5)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_untrained_it_is_the_bicubic_enlargement(scale: int, drawn: Bytes3) -> None:
    part = drawn[40:70, 30:66]
    made = measure.to_bytes(
        UpscaleNetwork(SIZES["tiny"], scale).eval()(torch.from_numpy(part).permute(2, 0, 1)[None] / 255.0)
    )
    wanted = imresize(part, 30 * scale, 36 * scale)
    inside = (slice(2 * scale, -2 * scale),) * 2
    off = np.abs(made.astype(int) - wanted)[inside]
    assert np.percentile(off, 99) <= 1  # the field's is rounded between rows and columns


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_flat_ground_is_not_changed_whatever_its_colour(scale: int) -> None:
    network = flattened(restless(Size(16, 3), scale))
    for colour in ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.8, 0.1, 0.3)):
        flat = torch.tensor(colour)[None, :, None, None].expand(1, 3, 7, 9)
        with torch.inference_mode():
            assert float((network(flat) - flat[..., :1, :1]).abs().max()) < 1e-5


def test_away_from_the_border_training_and_use_are_one() -> None:
    network, x = restless(Size(16, 3), 2), torch.rand(1, 3, 20, 22)
    with torch.inference_mode():
        used, trained = network(x), network.train()(x)
    assert trained.shape == (1, 3, 20, 24)
    assert torch.allclose(used[..., 10:-10, 10:-10], trained, atol=1e-6)


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_a_pixel_depends_on_its_reach_and_no_more(scale: int) -> None:
    network, size = restless(Size(16, 3), scale), 2 * 5 + 9
    x = torch.rand(1, 3, size, size, requires_grad=True)
    made = network(x)
    middle = made[..., made.shape[2] // 2, made.shape[3] // 2].sum()
    (gradient,) = torch.autograd.grad(middle, x)
    rows = torch.nonzero(gradient.abs().sum((0, 1, 3)))[:, 0]
    assert network.reach == 5
    assert (int(rows.min()), int(rows.max())) == (size // 2 - 5, size // 2 + 5)


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_the_exported_file_is_the_network_in_half_the_bytes(scale: int, tmp_path: Path) -> None:
    from importlib import import_module

    network, path = restless(Size(16, 2), scale), tmp_path / f"x{scale}.onnx"
    network.level_off()
    export(network, path)
    session = import_module("onnxruntime").InferenceSession(str(path), providers=["CPUExecutionProvider"])
    x = np.random.default_rng(4).random((1, 3, 21, 34), np.float32)
    (made,) = session.run(["enlarged"], {"image": x})
    with torch.inference_mode():
        wanted = network(torch.from_numpy(x)).numpy()
    assert made.shape == (1, 3, 21 * scale, 34 * scale)
    assert float(np.abs(made - wanted).max()) < 2e-3  # the weights' half precision
    weights = sum(p.numel() for p in flattened(network).parameters())
    assert path.stat().st_size < 2.5 * weights + 8000


def test_an_export_that_does_not_agree_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.training.upscale_network.export._CLOSE", 1e-12)
    with pytest.raises(RuntimeError, match="off by"):
        export(restless(Size(16, 2), 2), tmp_path / "x2.onnx")


def test_benchmarks_are_refused_by_folder_name_and_content(drawn: Bytes3, tmp_path: Path) -> None:
    split = Split.read()
    for name in ("kodak/2.png", "deep/CID22/a.png", "set5_x2/img.png", "mine/kodim07.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), drawn)
        with pytest.raises(BadRequest, match="benchmark"):
            read_pictures([path.parent], split)
        shutil.rmtree(tmp_path / name.split("/")[0])
    (tmp_path / "innocent").mkdir()
    path = tmp_path / "innocent" / "photo.png"
    cv2.imwrite(str(path), drawn)
    assert len(read_pictures([path.parent], split)) == 1
    import hashlib

    known = replace(split, digests=frozenset({hashlib.sha256(path.read_bytes()).hexdigest()}))
    with pytest.raises(BadRequest, match="another name"):
        read_pictures([path.parent], known)
    assert len(split.digests) >= 30


def test_held_out_pictures_are_never_learned_from(drawn: Bytes3, tmp_path: Path) -> None:
    split = replace(Split.read(), held_out=("kept",))
    for name, picture in (("kept_1", drawn), ("other", drawn[:200]), ("kept_2", drawn[:190])):
        cv2.imwrite(str(tmp_path / f"{name}.png"), picture)
    assert [p.shape[0] for p in read_pictures([tmp_path], split)] == [200]
    assert [p.shape[0] for p in read_pictures([tmp_path], split, held_out=True)] == [240, 190]


def test_lossy_pictures_are_halved_and_transparency_is_white(drawn: Bytes3, tmp_path: Path) -> None:
    large = cv2.resize(drawn, (400, 400))
    cv2.imwrite(str(tmp_path / "a.jpg"), large)
    clear = np.dstack([large, np.zeros((400, 400), np.uint8)])
    cv2.imwrite(str(tmp_path / "b.png"), clear)
    first, second = read_pictures([tmp_path], Split.read())
    assert first.shape == (200, 200, 3)
    assert second.shape == (400, 400, 3)
    assert (second == 255).all()


@pytest.mark.parametrize("catalogue", [False, True])
def test_samples_are_the_same_again_and_lie_on_one_another(album: Album, catalogue: bool) -> None:
    off = []
    for n in range(12):
        given, truth = sample(np.random.default_rng([1, n]), album, 16, catalogue)
        again = sample(np.random.default_rng([1, n]), album, 16, catalogue)
        assert (given == again[0]).all()
        assert (truth == again[1]).all()
        assert given.shape == (16, 16, 3)
        assert truth.shape == (32, 32, 3)
        small = imresize(truth, 16, 16).astype(int)
        places = [(0, 0), (0, 1), (1, 0), (0, -1), (-1, 0)]
        off.append([float(np.abs(np.roll(small, at, (0, 1)) - given)[3:-3, 3:-3].mean()) for at in places])
    middle = np.median(off, axis=0)
    assert middle[0] < (0.75 * middle[1:].min() if catalogue else 0.1)


def test_crops_with_detail_come_more_often(drawn: Bytes3) -> None:
    half = drawn.copy()
    half[:, :160] = 128
    drawn_from = Album.of([half], 2, 16)
    places = [drawn_from.place(np.random.default_rng([2, n]), 16)[2] for n in range(300)]
    assert np.mean(np.array(places) >= 72) > 0.8


def test_a_run_cut_off_ends_as_one_that_was_not(album: Album, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.safetensors", tmp_path / "cut.safetensors"
    recipe = replace(TOY, catalogue=True, cool=2)
    assert not torch.equal(batch_of(recipe, album, 0)[0], batch_of(recipe, album, 1)[0])
    train(recipe, album, None, whole)
    train(recipe, album, None, cut, seconds=1e-9)  # one step, then the time is up
    assert not same(whole, cut)
    train(recipe, album, None, cut)
    assert same(whole, cut)
    other = tmp_path / "other.safetensors"
    train(replace(recipe, seed=6), album, None, other)
    assert not same(whole, other)


def same(a: Path, b: Path) -> bool:
    first, second = load_file(a), load_file(b)
    return first.keys() == second.keys() and all(torch.equal(first[n], second[n]) for n in first)


def test_another_scale_begins_with_the_trunk(album: Album, tmp_path: Path) -> None:
    state = tmp_path / "x2.safetensors"
    made = train(TOY, album, None, state)
    began = new_network(replace(TOY, scale=4), state)
    assert torch.equal(began.state_dict()["trunk.1.plain"], made.state_dict()["trunk.1.plain"])
    assert began.tail.weight.shape[0] == 48
    assert not began.tail.weight.any()


def test_steps_learn(album: Album, tmp_path: Path) -> None:
    recipe = replace(TOY, steps=30, cool=10, batch=4)
    x, y = batch_of(recipe, album, 1000)

    def off(network: torch.nn.Module) -> float:
        with torch.no_grad():
            return float((network.eval()(x) - y).abs().mean())

    before = off(new_network(recipe))
    assert off(train(recipe, album, None, tmp_path / "s.safetensors")) < before


def test_the_command_trains_and_writes_its_curve(drawn: Bytes3, tmp_path: Path) -> None:
    folder, state = tmp_path / "pictures", tmp_path / "s.safetensors"
    folder.mkdir()
    for name in ("saleor-sunnies.png", "own.png"):
        cv2.imwrite(str(folder / name), cv2.resize(drawn, (400, 300)))
    words = f"--photographs {folder} --state {state} --steps 2 --patch 24 --batch 1 --size tiny --scale 2"
    main([*words.split(), "--degradation", "catalogue"])
    (line,) = state.with_suffix(".csv").read_text().splitlines()
    step, loss, held = (float(v) for v in line.split(","))
    assert step == 2
    assert 0 < loss < 1
    assert 15 < held < 60


def test_the_score_is_the_fields(drawn: Bytes3) -> None:
    off = drawn.copy()
    off[3:-3, 3:-3] ^= 1
    brighter = np.clip(drawn.astype(int) // 2 + 2, 0, 255).astype(np.uint8)
    assert measure.luma_psnr(drawn // 2, brighter, 2) == pytest.approx(
        20 * np.log10(255 / (2 * 219 / 255)), abs=0.01
    )
    assert measure.luma_psnr(drawn, drawn, 2) > 100
    network = UpscaleNetwork(SIZES["tiny"], 2).eval()
    made, plain = measure.score(network, drawn, 2, Harm())
    assert made == pytest.approx(plain)
