"""A real text-to-image pipeline, random weights: sizes, seeds, prompts, schedulers, precision."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from model_registry.engines.contract import Generator
from model_registry.engines.diffusion import DiffusionGenerator
from model_registry.engines.diffusion_schedulers import SCHEDULERS
from model_registry.errors import EngineFault

SEED = 2**64 + 11


def make(
    engine: Generator, prompt: str = "a red shoe", size: tuple[int, int] = (40, 32), **params: Any
) -> bytes:
    seed = params.pop("seed", SEED)
    return engine.generate(prompt, *size, seed=seed, params=params).tobytes()


@pytest.mark.parametrize("extra", [0, 1, 3, 7, 8, 9, 13, 17])
def test_size_asked_is_size_given(generator: Generator, extra: int) -> None:
    made = generator.generate("x", 24 + extra, 33 - extra, seed=1, params={"steps": 1})
    assert made.shape == (33 - extra, 24 + extra, 3)
    assert made.dtype == np.float32
    assert made.min() >= 0
    assert made.max() <= 1


@pytest.mark.parametrize("size", [(1, 1), (1, 200), (150, 90), (64, 64)])
def test_extreme_sizes(generator: Generator, size: tuple[int, int]) -> None:
    assert generator.generate("x", *size, seed=1, params={"steps": 1}).shape == (size[1], size[0], 3)


def test_odd_size_is_a_crop_of_the_next_whole_size(generator: Generator) -> None:
    whole = generator.generate("x", 40, 32, seed=5, params={})
    odd = generator.generate("x", 33, 27, seed=5, params={})
    assert np.array_equal(odd, whole[2:29, 3:36])


def test_beyond_the_native_size_is_made_at_max_side_and_scaled_up(generator: Generator) -> None:
    native = generator.generate("x", 64, 32, seed=5, params={})
    large = generator.generate("x", 128, 64, seed=5, params={})
    mean = large.reshape(32, 2, 64, 2, 3).mean(axis=(1, 3))
    assert np.abs(mean - native).mean() < 0.02
    assert make(generator, size=(128, 64)) != make(generator, size=(128, 64), max_side=128)


def test_seed_decides_and_order_does_not(generator: Generator) -> None:
    first, second = make(generator, seed=1), make(generator, "a hat", seed=2)
    assert (make(generator, "a hat", seed=2), make(generator, seed=1)) == (second, first)
    assert make(generator, seed=3) != first


def test_global_random_state_is_neither_read_nor_moved(generator: Generator) -> None:
    import torch

    torch.manual_seed(1)
    before = torch.get_rng_state()
    made = make(generator, scheduler="euler-ancestral")
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert make(generator, scheduler="euler-ancestral") == made


def test_prompt_reaches_the_unet_and_the_picture(generator: Generator) -> None:
    import torch

    pipe = cast(DiffusionGenerator, generator)._model._pipe
    seen: list[Any] = []
    hook = pipe.unet.register_forward_pre_hook(
        lambda _module, _args, kwargs: seen.append(kwargs["encoder_hidden_states"]), with_kwargs=True
    )
    try:
        shoe = make(generator, "a red shoe", steps=1)
    finally:
        hook.remove()
    tokens = pipe.tokenizer("a red shoe", padding="max_length", max_length=77, return_tensors="pt").input_ids
    with torch.no_grad():
        expected = pipe.text_encoder(tokens)[0][0]
    assert torch.allclose(seen[0][-1], expected, atol=1e-6)
    assert make(generator, "a blue hat", steps=1) != shoe


def test_negative_guidance_and_steps_matter(generator: Generator) -> None:
    plain = make(generator)
    assert make(generator, negative="blurry") != plain
    assert make(generator, guidance=9.0) != plain
    assert make(generator, steps=4) != plain


@pytest.mark.parametrize("name", [name for name in SCHEDULERS if name not in ("ddim", "flow-euler")])
def test_each_scheduler_changes_the_picture_and_leaves_no_trace(generator: Generator, name: str) -> None:
    before = make(generator, steps=4, scheduler="")
    made = make(generator, steps=4, scheduler=name)
    assert made != before
    assert make(generator, steps=4, scheduler=name) == made
    assert make(generator, steps=4, scheduler="") == before


@pytest.mark.parametrize("name", ["pndm-typo", "DDIMScheduler", "flow-euler"])
def test_unknown_scheduler_lists_those_that_fit(generator: Generator, name: str) -> None:
    with pytest.raises(EngineFault, match=r"ddim, dpm\+\+, dpm\+\+-sde, euler, euler-ancestral, unipc, lcm$"):
        make(generator, scheduler=name)


def test_every_bad_parameter_is_named_at_once(generator: Generator) -> None:
    with pytest.raises(EngineFault) as caught:
        make(generator, steps=0, guidance="high", sampler="x", dtype="float8")
    assert all(f"`{name}`" in str(caught.value) for name in ("steps", "guidance", "sampler", "dtype"))


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_lower_precision_rounds_and_leaves_float32_as_it_was(generator: Generator, dtype: str) -> None:
    exact = generator.generate("x", 40, 32, seed=1, params={})
    rough = generator.generate("x", 40, 32, seed=1, params={"dtype": dtype})
    assert 0 < np.abs(exact - rough).max() < 0.2
    assert np.array_equal(generator.generate("x", 40, 32, seed=1, params={}), exact)
