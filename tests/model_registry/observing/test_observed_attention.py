"""The maps are the attention that the model computes: held against projections and softmax written out another way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from model_registry.engines import observe_attention
from model_registry.engines.observing import Observation, Watch, observing
from tests.model_registry.observing.conftest import Engines, make, pipe_of

WIDE = Watch(pictures=0, attention_side=8, steps_kept=2)
"""Maps of the layers' own 6×8 or 3×4 places, enlarged where smaller."""


def watched(engine: Any, watch: Watch = WIDE, **params: Any) -> Observation:
    with observing(watch) as made:
        make(engine, **params)
    return made[0]


def heard(engine: Any, layer: Any, **params: Any) -> list[tuple[Any, Any]]:
    """What a layer was given, call by call: hidden states and text."""
    calls: list[tuple[Any, Any]] = []

    def hook(_module: Any, args: Any, kwargs: Any) -> None:
        calls.append(
            (kwargs.get("hidden_states", args[0] if args else None), kwargs["encoder_hidden_states"])
        )

    handle = layer.register_forward_pre_hook(hook, with_kwargs=True)
    try:
        make(engine, **params)
    finally:
        handle.remove()
    return calls


def heads(layer: Any, projected: Any) -> Any:
    """heads×N×D."""
    return projected.reshape(len(projected), layer.heads, -1).transpose(0, 1)


def test_a_u_nets_maps_are_its_own_softmax_of_the_prompts_half(engines: Engines) -> None:
    engine = engines("sd")
    layer = pipe_of(engine).unet.mid_block.attentions[0].transformer_blocks[0].attn2
    calls = heard(engine, layer, negative="dull")
    made = watched(engine, negative="dull")
    assert made.attended_steps == (0, 3)
    for kept, step in enumerate(made.attended_steps):
        hidden, text = (part[1] for part in calls[step])  # of [negative, prompt]
        with torch.no_grad():
            query, key = heads(layer, layer.to_q(hidden)), heads(layer, layer.to_k(text))
            scores = layer.get_attention_scores(query, key)
        places = scores.mean(0)[:, : len(made.tokens)].T.reshape(-1, 3, 4)
        size = made.attention.shape[-2:]
        expected = torch.nn.functional.interpolate(places[None], size, mode="bilinear", antialias=True)[0]
        group = made.groups.index("mid 3x4")
        np.testing.assert_allclose(made.attention[kept, group], expected.numpy(), rtol=2e-3)


def test_a_joint_transformers_maps_are_its_images_part_of_the_softmax(engines: Engines) -> None:
    engine = engines("sd3")
    layer = pipe_of(engine).transformer.transformer_blocks[1].attn
    calls = heard(engine, layer)
    made = watched(engine)
    hidden, text = (part[1] for part in calls[0])
    with torch.no_grad():
        query = heads(layer, layer.to_q(hidden))
        key = torch.cat([heads(layer, layer.to_k(hidden)), heads(layer, layer.add_k_proj(text))], 1)
        scores = (query @ key.transpose(1, 2) / query.shape[-1] ** 0.5).softmax(-1).mean(0)
    t5 = [token == "</s>" for token in made.tokens].index(True) - made.tokens.index("<|endoftext|>")
    ends = made.tokens.index("<|endoftext|>") + 1
    columns = [48 + n for n in (*range(ends), *range(77, 77 + t5))]
    expected = scores[:, columns].T.reshape(-1, 6, 8)
    np.testing.assert_allclose(made.attention[0, made.groups.index("middle")], expected.numpy(), rtol=2e-3)


@pytest.mark.parametrize("kind", ["flux", "z-image"])
def test_a_joint_transformers_tokens_and_places_are_where_they_belong(
    engines: Engines, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What goes in at one token changes that token's share alone, against the others; at one place, that place alone."""
    engine = engines(kind)
    transformer = pipe_of(engine).transformer
    for refiner in ("noise_refiner", "context_refiner"):
        if hasattr(transformer, refiner):  # they mix what goes in before the first joint layer
            monkeypatch.setitem(transformer._modules, refiner, torch.nn.ModuleList())
    token, place = 3, (2, 1)
    plain = shares(engine)
    with entering(transformer, lambda text, image: text[token].mul_(-3)):
        other = np.log(shares(engine)) - np.log(plain)
    off = np.abs(other - np.median(other, 0)).mean(
        (1, 2)
    )  # heads, each with its own sum, leave the others a little
    assert off.argmax() == token
    assert np.delete(off, token).max() < off[token] / 4
    with entering(transformer, lambda text, image: image[..., place[0], place[1]].mul_(-3)):
        other = np.log(shares(engine)) - np.log(plain)
    moved = np.ptp(other, axis=0)
    assert np.delete(moved.ravel(), place[0] * 4 + place[1]).max() < moved[place] / 4


def shares(engine: Any) -> NDArray[np.float64]:
    """T×3×4, of the first joint layer at the first step."""
    made = watched(engine, Watch(pictures=0, attention_side=4, steps_kept=2), steps=2)
    assert made.attention.shape[-3:] == (len(made.tokens), 3, 4)
    return np.asarray(made.attention[0, made.groups.index("early")], np.float64)


@contextmanager
def entering(transformer: Any, change: Callable[[Any, Any], Any]) -> Iterator[None]:
    """`change` is given the text, T×D, and the image's patches, …×3×4, and may write to them."""

    def hook(_module: Any, args: Any, kwargs: Any) -> Any:
        if args:
            latents, texts = [x.clone() for x in args[0]], [text.clone() for text in args[2]]
            args = (latents, args[1], texts)
            patches = latents[0].unflatten(-1, (4, 2)).unflatten(-3, (3, 2))  # …×3×2×4×2
            change(texts[0], patches.movedim((-3, -1), (-4, -3)))
        else:
            text, image = kwargs["encoder_hidden_states"].clone(), kwargs["hidden_states"].clone()
            kwargs = {**kwargs, "encoder_hidden_states": text, "hidden_states": image}
            change(text[0], image[0].unflatten(0, (3, 4)).permute(2, 0, 1))
        return args, kwargs

    handle = transformer.register_forward_pre_hook(hook, with_kwargs=True)
    try:
        yield
    finally:
        handle.remove()


def test_shares_are_shares_and_the_text_may_be_absent(engines: Engines) -> None:
    made = watched(engines("sd"))
    total = made.attention.astype(float).sum(2)
    assert total.min() > 0
    assert total.max() <= 1.001
    none = watched(engines("LDMSuperResolutionPipeline"))
    assert not none.attention.size
    assert any("no text" in note for note in none.notes)
    off = watched(engines("sd"), Watch(attention=False))
    assert not off.attention.size
    assert not any("attention" in note or "looks at text" in note for note in off.notes)


def test_another_way_of_computing_attention_is_a_note(engines: Engines) -> None:
    engine = engines("sd")
    pipe = pipe_of(engine)
    before = dict(pipe.unet.attn_processors)
    pipe.enable_attention_slicing(1)
    try:
        made = watched(engine)
    finally:
        pipe.unet.set_attn_processor(before)
    assert not made.attention.size
    assert any("scaled dot-product" in note for note in made.notes)


def test_memory_is_bounded_and_the_result_is_the_same_in_pieces(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engines("sd")
    large = watched(engine, Watch(pictures=0, attention_side=64, steps_kept=2))
    monkeypatch.setattr(observe_attention, "_SCORES", 1)
    pieces = watched(engine, Watch(pictures=0, attention_side=64, steps_kept=2))
    np.testing.assert_allclose(pieces.attention.astype(float), large.attention.astype(float), atol=1e-4)
    monkeypatch.setattr(observe_attention, "MOST_BYTES", 200_000)
    small = watched(engine, Watch(pictures=0, attention_side=64, steps_kept=2))
    assert small.attention.shape[-1] < large.attention.shape[-1] == 64
    assert small.attention.nbytes * 2 <= 200_000
    assert any("tokens are many" in note for note in small.notes)
