"""The coverage network's recipe: a few steps teach, one seed gives one file, and a broken-off run ends alike."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from flows.training.unmix_coverage.batches import Pool
from flows.training.unmix_coverage.data import pool_of
from flows.training.unmix_coverage.network import fresh, packed, unpacked
from flows.training.unmix_coverage.sources import photographs, typefaces
from flows.training.unmix_coverage.train import Recipe, loss_of, main, trained
from tasks.generation.unmix_network import Network, coverage_network


@pytest.fixture(scope="module")
def pool() -> Pool:
    return Pool.of(pool_of(np.random.default_rng(5), photographs(None), typefaces(()), 32))


def test_a_few_steps_reduce_the_loss(pool: Pool) -> None:
    batch = pool.batch(pool.first, np.arange(32), 0)
    before, after = fresh(3), trained(Recipe(steps=8, samples=32, seed=3), pool)
    with torch.no_grad():
        losses = [float(loss_of(network(batch.features), batch)) for network in (before, after)]
    assert losses[1] < losses[0] - 0.01


def test_one_seed_gives_one_file_and_another_seed_another(tmp_path) -> None:
    for name, seed in (("one", "4"), ("again", "4"), ("other", "5")):
        main(["--out", str(tmp_path / name), "--steps", "3", "--samples", "16", "--seed", seed])
    one, again, other = ((tmp_path / name).read_bytes() for name in ("one", "again", "other"))
    assert one == again
    assert one != other


def test_a_run_broken_off_ends_as_if_it_had_not_been(pool: Pool, tmp_path, monkeypatch) -> None:
    from flows.training.unmix_coverage import train

    recipe, checkpoint = Recipe(steps=4, samples=32, seed=3), tmp_path / "checkpoint"
    whole = packed(trained(recipe, pool))
    update, calls = train._update, iter(range(3))

    def breaking(*arguments):
        next(calls)
        return update(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(train, "_update", breaking)
        with pytest.raises(StopIteration):
            trained(recipe, pool, checkpoint=checkpoint)
    kept = checkpoint.read_bytes()
    resumed = packed(trained(recipe, pool, checkpoint=checkpoint))
    assert kept
    assert all(np.array_equal(whole[name], resumed[name]) for name in whole)
    with pytest.raises(ValueError, match="another run"):
        trained(Recipe(steps=5, samples=32, seed=3), pool, checkpoint=checkpoint)


def test_packed_weights_say_the_same_without_torch(pool: Pool) -> None:
    network = trained(Recipe(steps=2, samples=32, seed=3), pool)
    arrays = packed(network)
    plain = Network(tuple((arrays[f"weight{n}"], arrays[f"bias{n}"]) for n in range(5)))
    with torch.no_grad():
        expected = network(pool.batch(pool.first, np.arange(4), 0).features).numpy()
    for n in range(4):
        found = plain.coverage(pool.first[n], pool.samples[n].hole)
        np.testing.assert_allclose(found, expected[n], atol=1e-5)


def test_shipped_weights_fit_the_recipe(pool: Pool, tmp_path) -> None:
    """Expected: they are this architecture's, and far better on new samples than a network that has not learnt."""
    shipped = unpacked(
        {
            f"{kind}{n}": values
            for n, pair in enumerate(coverage_network().layers)
            for kind, values in zip(("weight", "bias"), pair, strict=True)
        }
    )
    batch = pool.batch(pool.first, np.arange(32), 0)
    with torch.no_grad():
        learnt, raw = (float(loss_of(network(batch.features), batch)) for network in (shipped, fresh(3)))
    assert learnt < raw - 0.1


def test_own_pictures_and_fonts(tmp_path) -> None:
    from PIL import Image

    folder, fonts = tmp_path / "pictures", tmp_path / "fonts"
    folder.mkdir()
    fonts.mkdir()
    with pytest.raises(ValueError, match="no photographs"):
        photographs(folder)
    with pytest.raises(ValueError, match="no typefaces"):
        typefaces([fonts])
    Image.effect_noise((160, 90), 60).save(folder / "a.png")
    (fonts / "mine.ttf").write_bytes(Path(typefaces(())[0]).read_bytes())
    out = tmp_path / "weights"
    sources = ["--photographs", str(folder), "--fonts", str(fonts)]
    main(["--out", str(out), "--steps", "1", "--samples", "16", *sources])
    assert load_file(out)["weight4"].shape == (216, 2)
