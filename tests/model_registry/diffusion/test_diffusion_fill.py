"""A real inpainting pipeline, random weights: what lies outside the hole stays, what lay inside it is never seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from model_registry.engines.contract import Filler
from model_registry.engines.diffusion import load
from model_registry.errors import EngineFault
from tests.model_registry.diffusion.conftest import read_card
from tests.model_registry.diffusion.tiny_pipeline import write_card

Picture = NDArray[np.float32]
Zone = NDArray[np.bool_]


def run(engine: Filler, picture: Picture, hole: Zone, **params: Any) -> Picture:
    prompt, seed = params.pop("prompt", "a wall"), params.pop("seed", 3)
    return engine.fill(picture, hole, seed=seed, prompt=prompt, params=params)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 3), (17, 16), (24, 33), (65, 12), (90, 131)])
def test_any_size_keeps_its_size_and_its_outside_bit_for_bit(filler: Filler, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(size[0])
    picture, hole = rng.random((*size, 3), np.float32), rng.random(size) < 0.3
    hole.flat[0] = True
    kept, kept_hole = picture.copy(), hole.copy()
    made = run(filler, picture, hole, steps=1)
    assert made.shape == picture.shape
    assert made.dtype == np.float32
    assert np.array_equal(made[~hole], picture[~hole])
    assert np.abs(made[hole] - picture[hole]).max() > 0.01
    assert np.array_equal(picture, kept)
    assert np.array_equal(hole, kept_hole)


def test_seed_prompt_and_scheduler_decide_the_fill(filler: Filler, picture: Picture, hole: Zone) -> None:
    made = run(filler, picture, hole)
    assert np.array_equal(run(filler, picture, hole), made)
    for change in (
        {"seed": 4},
        {"prompt": "grass"},
        {"scheduler": "dpm++", "steps": 4},
        {"negative": "grey"},
    ):
        other = run(filler, picture, hole, **change)
        assert not np.array_equal(other[hole], made[hole]), change


@pytest.mark.parametrize("params", [{}, {"strength": 0.5, "steps": 4}, {"max_side": 32}])
@pytest.mark.parametrize("masked_model", [True, False])
def test_old_content_of_the_hole_does_not_matter(
    built: Path, tmp_path: Path, filler: Filler, picture: Picture, hole: Zone, params: Any, masked_model: bool
) -> None:
    """Also for a text-to-image model used for inpainting, which is shown the whole picture and not a masked one."""
    engine = filler if masked_model else text_model_as_filler(built, tmp_path)
    outcomes = []
    for old in (0.0, 1.0, np.nan):
        changed = picture.copy()
        changed[hole] = old
        outcomes.append(run(engine, changed, hole, **params)[hole].tobytes())
    assert outcomes[0] == outcomes[1] == outcomes[2]


def text_model_as_filler(built: Path, tmp_path: Path) -> Filler:
    (tmp_path / "tiny-sd-inpaint").symlink_to(built / "tiny-sd")
    engine = load(read_card(write_card(tmp_path, "fill")), tmp_path)
    assert isinstance(engine, Filler)
    return engine


def test_surroundings_reach_the_fill(filler: Filler, picture: Picture, hole: Zone) -> None:
    assert not np.array_equal(run(filler, picture, hole)[hole], run(filler, 1 - picture, hole)[hole])


def test_empty_hole_runs_nothing(filler: Filler, picture: Picture) -> None:
    nothing = np.zeros(picture.shape[:2], bool)
    made = run(filler, picture, nothing)
    assert np.array_equal(made, picture)
    assert made is not picture


def test_hole_covering_everything(filler: Filler, picture: Picture) -> None:
    assert run(filler, picture, np.ones(picture.shape[:2], bool)).std() > 0.01


def test_max_side_bounds_the_size_the_model_is_run_at(filler: Filler) -> None:
    rng = np.random.default_rng(1)
    picture, hole = rng.random((100, 150, 3), np.float32), np.zeros((100, 150), bool)
    hole[30:60, 50:90] = True
    sizes: list[tuple[int, ...]] = []
    unet = filler._model._pipe.unet  # type: ignore[attr-defined]
    hook = unet.register_forward_pre_hook(lambda _module, args: sizes.append(tuple(args[0].shape[2:])))
    try:
        for max_side in (0, 32, 160):
            assert np.array_equal(
                run(filler, picture, hole, steps=1, max_side=max_side)[~hole], picture[~hole]
            )
    finally:
        hook.remove()
    assert sizes == [(6, 8), (3, 4), (13, 19)]


def test_wrong_shapes_are_faults(filler: Filler, picture: Picture, hole: Zone) -> None:
    with pytest.raises(EngineFault, match="H×W×3"):
        run(filler, picture[..., :1], hole)
    with pytest.raises(EngineFault, match="H×W×3"):
        run(filler, picture, hole[1:])


def test_required_prompt_is_asked_for(built: Path, tmp_path: Path, picture: Picture, hole: Zone) -> None:
    (tmp_path / "tiny-sd-inpaint").symlink_to(built / "tiny-sd-inpaint")
    engine = load(read_card(write_card(tmp_path, "fill", prompt='"required"')), tmp_path)
    assert isinstance(engine, Filler)
    with pytest.raises(EngineFault, match="needs a prompt"):
        run(engine, picture, hole, prompt=" ")
    assert not np.array_equal(run(engine, picture, hole, prompt="grass")[hole], picture[hole])


def test_what_the_round_trip_does_to_known_pixels_is_taken_off_the_unknown(
    filler: Filler, picture: Picture, hole: Zone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An autoencoder that gives everything back 20 levels too light: with the bias taken off, the fill is as without it."""
    vae = filler._model._pipe.vae  # type: ignore[attr-defined]
    inner = vae.decode

    def fills(cast: float) -> tuple[float, float]:
        """Mean of the hole, as it comes and with the bias taken off. Random weights at a tenth of their contrast are near grey;
        the decoder's range is -1 to 1."""
        monkeypatch.setattr(vae, "decode", lambda *a, **k: (0.1 * inner(*a, **k)[0] + 2 * cast,))
        grey = np.full_like(picture, 0.5)
        plain, unbiased = (run(filler, grey, hole, unbias=wanted)[hole] for wanted in (False, True))
        return float(plain.mean()), float(unbiased.mean())

    (plain, unbiased), (plain_cast, unbiased_cast) = fills(0), fills(20 / 255)
    assert plain_cast == pytest.approx(plain + 20 / 255, abs=2 / 255)
    assert unbiased_cast == pytest.approx(unbiased, abs=2 / 255)
