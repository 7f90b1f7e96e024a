"""Pictures over the native side: made in overlapping windows, of their full size, the same each time, without a trace of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from model_registry.engines import diffusion_pixels as px
from model_registry.engines.contract import Filler, Generator
from model_registry.engines.diffusion import DiffusionGenerator, load
from model_registry.engines.diffusion_windows import spread, starts, windowed
from model_registry.errors import EngineFault
from tests.model_registry.diffusion.conftest import read_card
from tests.model_registry.diffusion.tiny_pipeline import NATIVE, write_card

DEFAULTS = (
    '{ steps = 2, guidance = 5.0, scheduler = "ddim", strength = 1.0, negative = "", dtype = "auto", max_side = 0, '
    "unbias = true, windowed_side = 256, detail = 0.5 }"
)


@pytest.fixture(scope="module")
def wide(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator:
    return cast(Generator, _with_windows(built, tmp_path_factory.mktemp("wide"), "tiny-sd", "generate"))


@pytest.fixture(scope="module")
def wide_filler(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Filler:
    return cast(Filler, _with_windows(built, tmp_path_factory.mktemp("wide"), "tiny-sd-inpaint", "fill"))


def _with_windows(built: Path, folder: Path, name: str, role: Any) -> Any:
    (folder / name).symlink_to(built / name)
    return load(read_card(write_card(folder, role, defaults=DEFAULTS)), folder)


@contextmanager
def sizes_seen(engine: Any) -> Iterator[list[tuple[int, ...]]]:
    """Latent sizes that the U-Net's first layer is shown."""
    seen: list[tuple[int, ...]] = []
    layer = engine._model._pipe.unet.conv_in
    hook = layer.register_forward_pre_hook(lambda _module, args: seen.append(tuple(args[0].shape[2:])))
    try:
        yield seen
    finally:
        hook.remove()


@pytest.mark.parametrize("length", [1, 7, 8, 9, 12, 13, 20, 128])
@pytest.mark.parametrize("turn", [0, 1])
def test_windows_cover_a_side_from_end_to_end_and_overlap(length: int, turn: int) -> None:
    places = starts(length, 8, turn)
    assert places[0] == 0
    assert places[-1] == max(length - 8, 0)
    assert all(0 <= b - a <= 6 for a, b in itertools.pairwise(places))


def test_windows_move_from_step_to_step() -> None:
    even, odd = starts(64, 8, 0), starts(64, 8, 1)
    assert starts(64, 8, 2) == even
    assert not set(even[1:-1]) & set(odd[1:-1])


def test_a_mean_over_windows_of_what_is_the_same_everywhere_is_that() -> None:
    import torch

    latents = torch.randn(2, 3, 19, 33, generator=torch.Generator().manual_seed(1))
    out = spread(latents, 8, lambda piece: piece * 2, turn=1)
    assert torch.allclose(out, latents * 2, atol=1e-5)
    larger = latents.repeat_interleave(4, 2).repeat_interleave(4, 3)
    made = spread(latents, 8, lambda one: one.repeat_interleave(4, 2).repeat_interleave(4, 3), enlarges=4)
    assert torch.allclose(made, larger, atol=1e-5)
    assert torch.allclose(spread(larger, 32, lambda one: one[..., ::4, ::4], cell=4), latents, atol=1e-5)


def test_no_call_sees_more_than_a_window_and_the_first_sees_the_whole(wide: Generator) -> None:
    with sizes_seen(wide) as seen:
        made = wide.generate("oak", 200, 120, seed=3, params={})
    assert made.shape == (120, 200, 3)
    assert max(max(size) for size in seen) <= NATIVE // 8
    assert seen[:2] == [(5, 8), (5, 8)]
    assert len(seen) > 2 + 2 * 6


@pytest.mark.parametrize(
    "size", [(65, 64), (64, 200), (250, 17), (131, 97), (256, 256), (300, 20), (1, 300)], ids=str
)
def test_any_size_comes_back_as_asked(wide: Generator, size: tuple[int, int]) -> None:
    made = wide.generate("oak", *size, seed=3, params={"steps": 1})
    assert made.shape == (size[1], size[0], 3)
    assert np.isfinite(made).all()


def test_same_seed_same_bytes_and_another_seed_another_picture(wide: Generator) -> None:
    one, again, other = (wide.generate("oak", 130, 90, seed=s, params={}) for s in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_what_is_where_is_decided_on_the_small_picture(wide: Generator) -> None:
    """The larger one starts from it, whatever the size asked for: the preview of a picture shows the same."""
    small = wide.generate("oak", 64, 48, seed=3, params={})
    begun: list[Any] = []
    encoder = cast(DiffusionGenerator, wide)._model._pipe.vae.encoder
    hook = encoder.register_forward_pre_hook(lambda _module, args: begun.append(args[0].numpy()))
    try:
        wide.generate("oak", 128, 96, seed=3, params={})
    finally:
        hook.remove()
    ((start,),) = begun
    enlarged = px.resize(small, (96, 128)).transpose(2, 0, 1)
    assert np.abs(start / 2 + 0.5 - enlarged).max() < 1e-5


@pytest.mark.parametrize(("detail", "again"), [(0.5, 2), (0.25, 1), (1.0, 4), (0.01, 1)])
def test_at_a_larger_size_only_a_share_of_the_noise_is_run_again(
    wide: Generator, detail: float, again: int
) -> None:
    sizes: list[tuple[int, ...]] = []
    unet = cast(DiffusionGenerator, wide)._model._pipe.unet
    hook = unet.register_forward_pre_hook(lambda _module, args: sizes.append(tuple(args[0].shape[2:])))
    try:
        wide.generate("oak", 128, 96, seed=3, params={"steps": 4, "detail": detail})
    finally:
        hook.remove()
    assert sizes == [(6, 8)] * 4 + [(12, 16)] * again


def test_at_full_size_there_is_detail_that_an_enlarged_picture_lacks(wide: Generator) -> None:
    enlarged = wide.generate("oak", 128, 128, seed=3, params={"windowed_side": 0})
    made = wide.generate("oak", 128, 128, seed=3, params={})
    assert _finest(made) > 1.5 * _finest(enlarged)


def _finest(picture: Any) -> float:
    return float(np.abs(np.diff(picture, axis=1)).mean())


def test_a_hole_over_the_native_side_is_filled_at_its_own_size(wide_filler: Filler) -> None:
    picture = np.random.default_rng(2).random((100, 150, 3), np.float32)
    hole = np.zeros((100, 150), bool)
    hole[20:80, 20:130] = True
    kept = picture.copy()
    made = wide_filler.fill(picture, hole, seed=1, prompt="oak", params={})
    small = wide_filler.fill(picture, hole, seed=1, prompt="oak", params={"windowed_side": 0})
    assert np.array_equal(made[~hole], picture[~hole])
    assert np.array_equal(picture, kept)
    assert _finest(made[25:75, 25:125]) > 1.2 * _finest(small[25:75, 25:125])
    changed = picture.copy()
    changed[hole] = 0.5
    assert np.array_equal(wide_filler.fill(changed, hole, seed=1, prompt="oak", params={}), made)


def test_the_autoencoder_works_in_tiles_where_a_picture_is_large(
    wide: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what comes out is nearly what it makes of the whole."""
    import torch

    from model_registry.engines import diffusion_windows

    pipe = cast(DiffusionGenerator, wide)._model._pipe
    latents = torch.randn(1, 4, 20, 26, generator=torch.Generator().manual_seed(1))
    latents = torch.nn.functional.interpolate(latents[..., ::4, ::4], size=(20, 26), mode="bicubic")
    with torch.no_grad():
        whole = pipe.vae.decode(latents, return_dict=False)[0]
        monkeypatch.setattr(diffusion_windows, "WHOLE", 2**16)
        monkeypatch.setattr(diffusion_windows, "TILE", 12)
        with windowed(pipe, NATIVE):
            tiled = pipe.vae.decode(latents, return_dict=False)[0]
            back = pipe.vae.encode(tiled).latents
    assert tiled.shape == whole.shape
    assert back.shape == latents.shape
    assert not torch.equal(tiled, whole)
    alike = torch.corrcoef(torch.stack([tiled.flatten(), whole.flatten()]))[0, 1]
    assert alike > 0.6


def test_afterwards_the_pipeline_is_as_before_even_after_a_fault(wide: Generator) -> None:
    pipe = cast(DiffusionGenerator, wide)._model._pipe
    before = {name: dict(vars(getattr(pipe, name))) for name in ("unet", "vae")}
    with pytest.raises(EngineFault, match="patched True"), windowed(pipe, NATIVE):
        raise EngineFault(f"patched {'forward' in vars(pipe.unet)}")
    for name, held in before.items():
        assert set(vars(getattr(pipe, name))) == set(held)


def test_a_pipeline_without_a_unet_says_so() -> None:
    class Other:
        unet = None

    with pytest.raises(EngineFault, match="no U-Net"), windowed(Other(), 64):
        pass


def test_levels_grow_by_two_at_most_and_end_at_the_size_asked_for() -> None:
    limits = px.Limits(128, 256, 8, 2048)
    levels = px.levels_for(768, 1024, limits, enlarge=True)
    assert [level.inner for level in levels] == [(192, 256), (384, 512), (768, 1024)]
    assert [level.inner for level in px.levels_for(2048, 4096, limits)][-1] == (1024, 2048)
    assert len(px.levels_for(256, 256, limits)) == 1
    (long,) = px.levels_for(100, 1000, limits, enlarge=True)
    assert long.inner == (128, 1280)
    assert px.levels_for(300, 300, px.Limits(128, 256, 8)) == (
        px.canvas_for(300, 300, px.Limits(128, 256, 8)),
    )


def test_the_preview_of_a_picture_starts_from_the_same_small_one() -> None:
    limits = px.Limits(128, 256, 8, 2048)
    assert (
        px.levels_for(768, 1024, limits, enlarge=True)[0].size
        == px.levels_for(433, 577, limits, enlarge=True)[0].size
    )
