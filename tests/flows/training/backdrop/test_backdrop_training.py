"""Training the generator of backdrops: losses fall, a run cut off ends as one that was not, the export draws a picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from flows.training.backdrop import train, train_decoder, train_vae
from flows.training.backdrop.caption import all_words
from flows.training.backdrop.export import export
from flows.training.backdrop.latents import code, coded_of, open_latents
from flows.training.backdrop.network import Size
from flows.training.backdrop.painter import Painter, loss_of
from flows.training.backdrop.pictures import picture, scene_of
from flows.training.backdrop.samples import MIDDLE, Shelf, part, tokens
from flows.training.backdrop.sharing import Team
from flows.training.backdrop.vae import level, new_vae, vae_loss
from flows.training.backdrop.words import LENGTH, new_tokenizer
from model_registry.engines.diffusion_loader import check_folder
from tests.model_registry.diffusion.conftest import read_card

TINY = Size((8, 16, 16), 8, 1)
SMALL = train.Recipe(steps=6, cool=2, batch=8, every=3, size=TINY)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def pictures() -> NDArray[np.uint8]:
    return np.stack([picture(scene_of(n)) for n in range(6)])


@pytest.fixture(scope="module")
def vae() -> Any:
    torch.manual_seed(1)
    return new_vae((16, 16, 16, 16)).eval()


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    """Sixteen scenes; their latents say nothing but the wall's number, which words can tell."""
    tokenizer = new_tokenizer()
    plain = Shelf.of(np.zeros((16, 4, 8, 8), np.float16), tokenizer)
    values = [float(hash_of(s.wall.colour)) for s in plain.scenes]
    return replace(
        plain,
        latents=np.ones((16, 4, 8, 8), np.float16) * np.asarray(values, np.float16)[:, None, None, None],
    )


def hash_of(word: str) -> int:
    return sum(map(ord, word)) % 5 - 2


def test_every_word_of_the_captions_is_one_token_and_any_prompt_can_be_read() -> None:
    tokenizer = new_tokenizer()
    assert [w for w in all_words() if tokenizer.tokenize(w) != [f"{w}</w>"]] == []
    assert tokenizer.tokenize("Warm OAK") == ["warm</w>", "oak</w>"]
    strange = tokens(tokenizer, ["Café 日本, lamp!", "", "oak " * 100])
    assert strange.shape == (3, LENGTH)
    assert len(set(strange[0].tolist())) > 8
    assert int(strange.max()) < len(tokenizer.get_vocab())
    assert tokenizer.get_vocab() == new_tokenizer().get_vocab()


def test_a_new_autoencoder_already_passes_on_mean_colours(vae: Any, pictures: NDArray[np.uint8]) -> None:
    latents = coded_of(vae, pictures)
    mean = pictures.reshape(6, 32, 8, 32, 8, 3).mean((2, 4)).transpose(0, 3, 1, 2) / 127.5 - 1
    for channel in range(3):
        assert np.corrcoef(latents[:, channel].ravel(), mean[:, channel].ravel())[0, 1] > 0.9


def test_the_autoencoder_learns_and_a_run_cut_off_ends_as_one_that_was_not(
    pictures: NDArray[np.uint8], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_vae, "decibels", lambda vae: 0.0)
    recipe = train_vae.Recipe(steps=24, batch=2, patch=32, widths=(8, 8, 8, 8), every=24)
    whole = train_vae.train(recipe, pictures, tmp_path / "whole")
    train_vae.train(recipe, pictures, tmp_path / "cut", seconds=1e-6)
    assert (tmp_path / "cut").read_bytes() != (tmp_path / "whole").read_bytes()
    train_vae.train(recipe, pictures, tmp_path / "cut")
    assert (tmp_path / "cut").read_bytes() == (tmp_path / "whole").read_bytes()
    shown, noise = train_vae.batch_of(recipe, pictures, 3)
    torch.manual_seed(recipe.seed)
    with torch.no_grad():
        before = vae_loss(new_vae(recipe.widths), shown, noise)
        assert float(vae_loss(whole, shown, noise)) < 0.93 * float(before)


def test_levelling_leaves_pictures_alone_and_latents_standard(vae: Any, pictures: NDArray[np.uint8]) -> None:
    from copy import deepcopy

    even = deepcopy(vae)
    shown = train_vae.planar(pictures[:2])
    with torch.no_grad():
        before = even.decode(even.encode(shown).latent_dist.mean).sample
        coded = even.encode(shown).latent_dist.mean
        level(even, coded.mean((0, 2, 3)), coded.std((0, 2, 3)))
        after = even.encode(shown).latent_dist
        assert torch.allclose(even.decode(after.mean).sample, before, atol=1e-4)
    assert torch.allclose(after.mean.mean((0, 2, 3)), torch.zeros(4), atol=1e-4)
    assert torch.allclose(after.mean.std((0, 2, 3)), torch.ones(4), atol=1e-3)
    assert float(after.std.max()) < 0.05


def test_the_decoder_goes_on_alone_and_latents_stay(
    vae: Any, pictures: NDArray[np.uint8], tmp_path: Path
) -> None:
    from copy import deepcopy

    before = coded_of(vae, pictures)
    recipe = train_decoder.Recipe(steps=4, cool=1, batch=2, patch=8, every=2)
    made = train_decoder.train(recipe, deepcopy(vae), pictures, before.astype(np.float16), tmp_path / "state")
    np.testing.assert_array_equal(coded_of(made, pictures), before)
    assert not torch.equal(made.decoder.conv_out.weight, vae.decoder.conv_out.weight)


def test_latents_are_coded_once(vae: Any, pictures: NDArray[np.uint8], tmp_path: Path) -> None:
    latents = open_latents(tmp_path / "latents.f16", 6)
    code(vae, pictures, latents, 0, 4)
    assert not latents[4:].any()
    latents[:4] = 1
    code(vae, pictures, latents, 0, 6)
    assert (latents[:4] == 1).all()
    np.testing.assert_allclose(
        open_latents(tmp_path / "latents.f16")[4:], coded_of(vae, pictures[4:]), atol=0.01
    )


def test_a_few_steps_lower_the_loss_and_words_come_to_matter(shelf: Shelf, tmp_path: Path) -> None:
    recipe = replace(SMALL, steps=90, batch=16, every=90, rate=4e-3)
    painter = train.train(recipe, shelf, None, tmp_path / "state")
    torch.manual_seed(recipe.seed)
    fresh = Painter.new(TINY, shelf.tokenizer).eval()
    batch = shelf.batch(np.random.default_rng(5), 16, plain=True)
    with torch.no_grad():
        assert float(loss_of(painter, batch)) < 0.6 * float(loss_of(fresh, batch))
        late = replace(batch, steps=torch.full_like(batch.steps, 990))
        wrong = replace(late, tokens=late.tokens.roll(1, 0))
        assert float(loss_of(painter, late)) < float(loss_of(painter, wrong))


def test_a_run_cut_off_ends_as_one_that_was_not(shelf: Shelf, tmp_path: Path) -> None:
    train.train(SMALL, shelf, shelf, tmp_path / "whole")
    train.train(SMALL, shelf, shelf, tmp_path / "cut", seconds=1e-6)
    train.train(SMALL, shelf, shelf, tmp_path / "cut")
    assert (tmp_path / "cut").read_bytes() == (tmp_path / "whole").read_bytes()
    curve = (tmp_path / "whole.csv").read_text().splitlines()
    assert [line.split(",")[:2] for line in curve] == [["3", "24"], ["6", "48"]]


def test_two_parts_of_a_batch_teach_what_the_whole_teaches(shelf: Shelf) -> None:
    painter = Painter.new(TINY, shelf.tokenizer)
    batch = shelf.batch(np.random.default_rng(2), 8)
    with torch.no_grad():
        halves = sum(float(loss_of(painter, part(batch, n, 2))) for n in range(2)) / 2
        assert halves == pytest.approx(float(loss_of(painter, batch)), rel=1e-4)
    assert Team(0, 1).agreed(True)


def test_noise_is_spread_over_the_schedule_and_on_wish_gathered_in_its_middle(shelf: Shelf) -> None:
    for middle, wanted in ((0.0, 0.6), (0.5, 0.8)):
        steps = shelf.batch(np.random.default_rng(4), 500, middle=middle).steps
        inside = (steps >= MIDDLE[0]) & (steps < MIDDLE[1])
        assert float(inside.float().mean()) == pytest.approx(wanted, abs=0.01)
        assert int(steps.min()) < 10
        assert int(steps.max()) > 985


def test_a_share_of_captions_is_left_out_and_a_share_holds_a_strange_word(shelf: Shelf) -> None:
    known = {shelf.tokenizer.get_vocab()[f"{w}</w>"] for w in all_words()}
    found = shelf.batch(np.random.default_rng(3), 600).tokens
    empty = float((found[:, 1] == shelf.tokenizer.eos_token_id).float().mean())
    letters = [bool(set(row.tolist()) & (set(range(512)) - known - set(tokens(shelf.tokenizer, [","])[0].tolist()))) for row in found]  # fmt: skip
    assert 0.08 < empty < 0.16
    assert 0.02 < float(np.mean(letters)) < 0.09


def test_the_export_loads_through_the_production_loader_and_draws(
    vae: Any, shelf: Shelf, tmp_path: Path
) -> None:
    from model_registry.engines.diffusion import load
    from tests.model_registry.diffusion import tiny_pipeline

    painter = Painter.new(replace(TINY, side=16), shelf.tokenizer).eval()
    export(painter, vae, shelf.tokenizer, tmp_path / "tiny-sd")
    export(painter, vae, shelf.tokenizer, tmp_path / "tiny-sd")
    check_folder(tmp_path / "tiny-sd")
    assert next(painter.parameters()).dtype == torch.float32
    engine: Any = load(read_card(tiny_pipeline.write_card(tmp_path, "generate")), tmp_path)
    drawn = [engine.generate("oak table top", 128, 128, seed=s, params={"steps": 2}) for s in (1, 1, 2)]
    assert drawn[0].shape == (128, 128, 3)
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])
