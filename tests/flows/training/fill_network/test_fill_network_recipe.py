"""The recipe of the small fill network: what it is shown, what it keeps, and that a run cut off ends as one that was not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from flows.training.fill_network import holes, measure
from flows.training.fill_network.export import export
from flows.training.fill_network.losses import fill_loss
from flows.training.fill_network.membrane import membrane
from flows.training.fill_network.network import FillNetwork
from flows.training.fill_network.samples import Album, sample
from flows.training.fill_network.state import trained
from flows.training.fill_network.train import Recipe, held_out, main, tensors, train
from flows.training.text_origin.sources import Photograph, photographs, typefaces
from model_registry.engines.onnx import OnnxFill, _Network

FACES = typefaces([])


@pytest.fixture(scope="module")
def album() -> Album:
    return Album.of(photographs([]))


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def rng(*seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("kind", holes.KINDS)
def test_holes_are_there_small_and_away_from_the_edges(kind: str) -> None:
    for n in range(30):
        zone, same = (holes.hole(kind, 96, rng(1, n), FACES) for _ in range(2))
        assert (zone == same).all()
        assert 0 < zone.mean() <= holes.MOST
        assert not zone[:6].any()
        assert not zone[:, -6:].any()
        if kind in ("lines", "scratches"):
            crossing = 2.0 if kind == "lines" else 3.0  # where strokes meet they are thicker
            assert cv2.distanceTransform(zone.astype(np.uint8), cv2.DIST_L2, 5).max() <= 7 * crossing


def test_samples_are_the_same_again_and_show_the_photographs_truth(album: Album) -> None:
    kinds = set()
    for n in range(40):
        one, same = (sample(rng(2, n), album, FACES, 64) for _ in range(2))
        assert (one.truth == same.truth).all()
        assert (one.hole == same.hole).all()
        assert one.truth.shape == (64, 64, 3)
        assert one.truth.dtype == np.float32
        assert one.truth.min() >= 0
        assert one.truth.max() <= 1
        assert 0 < one.hole.mean() <= holes.MOST
        kinds.add(one.kind)
    assert kinds == set(holes.KINDS)


def test_drawn_scenes_are_the_same_again_and_have_edges(album: Album) -> None:
    steps = []
    for n in range(30):
        one, same = (sample(rng(4, n), album, FACES, 64, drawn=1.0) for _ in range(2))
        assert (one.truth == same.truth).all()
        assert (one.truth != sample(rng(4, n), album, FACES, 64).truth).any()
        assert one.truth.dtype == np.float32
        assert one.truth.min() >= 0
        assert one.truth.max() <= 1
        steps.append(float(np.abs(np.diff(one.truth, axis=1)).max()))
    assert np.mean(np.array(steps) > 0.1) > 0.6


def test_large_photographs_are_drawn_from_more_often() -> None:
    small, large = (Photograph(str(s), np.full((s, s, 3), s % 256, np.uint8)) for s in (100, 300))
    album = Album.of([small, large])
    drawn = [album.one(rng(3, n)).shape[0] for n in range(400)]
    assert 0.85 < drawn.count(300) / 400 < 0.95


def test_held_out_pictures_are_so_by_name_alone() -> None:
    pictures = [Photograph(f"{n}.png", np.zeros((4, 4, 3), np.uint8)) for n in range(400)]
    share = np.mean([held_out(p) for p in pictures])
    assert 0.08 < share < 0.17
    assert [held_out(p) for p in pictures] == [held_out(replace(p, pixels=p.pixels + 1)) for p in pictures]


def ramp() -> tuple[torch.Tensor, torch.Tensor]:
    y, x = np.mgrid[:64, :96].astype(np.float32)
    picture = np.stack([x / 200 + 0.1, y / 100, (x + y) / 400])[None]
    mask = np.zeros((1, 1, 64, 96), np.float32)
    mask[..., 20:32, 30:60] = 1
    return torch.from_numpy(picture), torch.from_numpy(mask)


def test_the_membrane_continues_a_ramp_and_does_not_see_the_hole() -> None:
    picture, mask = ramp()
    made = membrane(picture, mask)
    assert float((made - picture).abs().max()) < 0.02
    assert torch.equal(made * (1 - mask), picture * (1 - mask))
    other = picture + mask * torch.rand(picture.shape, generator=torch.Generator().manual_seed(1))
    assert torch.equal(membrane(other, mask), made)
    assert torch.isfinite(membrane(picture, torch.ones_like(mask))).all()


def test_a_new_network_is_the_membrane_and_any_network_keeps_what_is_known() -> None:
    picture, mask = ramp()
    network = FillNetwork((8, 8, 8)).eval()
    with torch.inference_mode():
        assert torch.equal(network(picture, mask), membrane(picture, mask))
        torch.nn.init.normal_(network.leave.weight, generator=torch.Generator().manual_seed(2))
        made, other = network(picture, mask), network(picture * (1 - mask) + mask, mask)
    assert torch.equal(made * (1 - mask), picture * (1 - mask))
    assert torch.equal(made, other)
    assert not torch.equal(made, membrane(picture, mask))


def test_the_loss_counts_values_and_slopes_of_the_hole_alone() -> None:
    picture, mask = ramp()
    assert float(fill_loss(picture + (1 - mask), picture, mask)) == 0
    even = fill_loss(picture + 0.1 * mask, picture, mask)
    slight = [float(fill_loss(picture + 0.002 * mask, picture, mask, soft)) for soft in (1e-2, 2e-3)]
    assert slight[1] > 2 * slight[0]
    ripple = 0.1 * (torch.arange(96) % 2 * 2 - 1)
    assert float(fill_loss(picture + ripple * mask, picture, mask)) > float(even) > 0


def test_the_rate_warms_stays_and_cools_whatever_the_number_of_steps() -> None:
    short, long = Recipe(steps=1000, cool=300), Recipe(steps=2000, cool=300)
    assert all(short.rate_at(n) == long.rate_at(n) for n in range(700))
    assert short.rate_at(0) < short.rate_at(100) < short.rate_at(400) == short.rate
    assert 0 < short.rate_at(999) < 0.01 * short.rate


SHORT = Recipe(steps=4, cool=2, batch=2, size=32, every=2, second=3)


def test_a_run_cut_off_and_resumed_ends_as_one_that_was_not(album: Album, tmp_path: Path) -> None:
    train(SHORT, album, FACES, tmp_path / "whole.safetensors")
    train(replace(SHORT, steps=2, cool=0), album, FACES, tmp_path / "cut.safetensors")
    half = (tmp_path / "cut.safetensors").read_bytes()
    train(SHORT, album, FACES, tmp_path / "cut.safetensors")
    assert half != (tmp_path / "cut.safetensors").read_bytes()
    assert (tmp_path / "whole.safetensors").read_bytes() == (tmp_path / "cut.safetensors").read_bytes()
    for n, other in enumerate((replace(SHORT, seed=9), replace(SHORT, second=9))):
        train(other, album, FACES, tmp_path / f"{n}.safetensors")
        assert (tmp_path / "whole.safetensors").read_bytes() != (tmp_path / f"{n}.safetensors").read_bytes()


def test_training_learns_what_a_membrane_cannot(tmp_path: Path) -> None:
    """Stripes: a membrane blurs them, a network that has seen them carries them on."""
    stripes = np.where(np.arange(160) // 6 % 2, 220, 40).astype(np.uint8)
    album = Album.of([Photograph("stripes", np.repeat(np.tile(stripes, (160, 1))[..., None], 3, axis=2))])
    recipe = Recipe(steps=120, cool=40, batch=4, size=48, rate=2e-3, every=120, second=120)
    network = train(recipe, album, FACES, tmp_path / "s.safetensors")
    truth, mask = tensors([sample(rng(8, n), album, FACES, 48, "lines") for n in range(8)])
    with torch.inference_mode():
        ours, smooth = (fill_loss(m(truth, mask), truth, mask) for m in (network, membrane))
    assert float(ours) < 0.7 * float(smooth)


def test_the_command_trains_and_the_export_fills_as_the_network_does(tmp_path: Path) -> None:
    state = tmp_path / "s.safetensors"
    main(["--state", str(state), "--steps", "1", "--cool", "0", "--batch", "1", "--size", "32"])
    network = trained(state, FillNetwork())
    torch.nn.init.normal_(network.leave.weight, std=0.1, generator=torch.Generator().manual_seed(2))
    for name in ("one.onnx", "two.onnx"):
        export(network, tmp_path / name)
    assert (tmp_path / "one.onnx").read_bytes() == (tmp_path / "two.onnx").read_bytes()
    picture, mask = ramp()
    image, hole = picture[0].permute(1, 2, 0).numpy(), mask[0, 0].numpy() > 0
    made = OnnxFill(_Network(tmp_path / "one.onnx")).fill(image, hole, seed=0, prompt="", params={})
    with torch.inference_mode():
        wanted = network(picture, mask)[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(made, wanted, atol=1e-4)
    assert np.abs(wanted - membrane(picture, mask)[0].permute(1, 2, 0).numpy()).max() > 0.05


def test_an_export_that_fills_otherwise_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.training.fill_network.export._CLOSE", -1.0)
    with pytest.raises(RuntimeError, match="is off by"):
        export(FillNetwork((8, 8, 8)), tmp_path / "n.onnx")


def test_the_measuring_scores_every_engine_on_every_hole(album: Album) -> None:
    from model_registry.registry import Registry

    drawn = [sample(rng(6, n), album, FACES, 96, kind) for n, kind in enumerate(holes.KINDS)]
    found = list(measure.scores(iter(drawn), ["plane", "telea"], Registry.load()))
    assert [s.engine for s in found] == ["plane", "telea"] * 4
    rows = {(row["kind"], row["engine"]): row for row in measure.table(found)}
    assert rows["all", "telea"]["holes"] == 4
    assert rows["words", "plane"]["psnr"] == round(found[0].psnr, 2)
