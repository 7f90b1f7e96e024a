"""Tokens and embeddings are those that the encoders and the denoiser really had."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from model_registry.engines import observe_prompt
from model_registry.engines.observing import Observation, Watch, observing
from tests.model_registry.observing.conftest import Engines, make, pipe_of

BRIEF = Watch(pictures=0, attention=False)
LETTERS = ["a", "r", "e", "d", "!", "s", "h", "o", "e"]


def watched(engine: Any, **params: Any) -> Observation:
    with observing(BRIEF) as made:
        make(engine, **params)
    return made[0]


@pytest.mark.parametrize(
    ("kind", "first"), [("sd", 1), ("sdxl", 1), ("sd3", 1), ("flux", 0), ("z-image", 6), ("inpaint", 1)]
)
def test_tokens_are_the_prompts_own(engines: Engines, kind: str, first: int) -> None:
    made = watched(engines(kind))
    assert len(made.tokens) == len(made.special) == len(made.embeddings["projected"])
    assert len(made.tokens) < 40  # no padding: the encoders get 77 and more
    spelled = [letter for token in made.tokens[first:] if (letter := token.removesuffix("</w>").lstrip("▁Ġ"))]
    assert spelled[: len(LETTERS)] == LETTERS
    assert made.special[0] == (kind != "flux")
    assert all(
        own == (token[0] == "<" and len(token) > 1)
        for token, own in zip(made.tokens, made.special, strict=True)
    )


def test_embeddings_of_a_u_net_before_and_after_its_encoder(engines: Engines) -> None:
    engine = engines("sd")
    made = watched(engine, negative="dull")
    pipe = pipe_of(engine)
    ids = pipe.tokenizer("a red! shoe", padding="max_length", max_length=77, return_tensors="pt").input_ids
    with torch.no_grad():
        encoded = pipe.text_encoder(ids)
        dull = pipe.text_encoder(
            pipe.tokenizer("dull", padding="max_length", max_length=77, return_tensors="pt").input_ids
        )
    count = len(made.tokens)
    raw = pipe.text_encoder.get_input_embeddings().weight[ids[0, :count]].detach()
    for name, expected in (
        ("raw", raw),
        ("projected", encoded.last_hidden_state[0, :count]),
        ("pooled", encoded.pooler_output[0]),
        ("negative", dull.last_hidden_state[0, :6]),
    ):
        np.testing.assert_array_equal(made.embeddings[name], expected.numpy().astype(np.float16))
    assert "weighted" not in made.embeddings
    assert any("nothing weights" in note for note in made.notes)


def test_weighted_text_is_told_from_the_encoders(engines: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = engines("sd")
    plain = watched(engine)
    kind = type(pipe_of(engine))
    own = kind.encode_prompt

    def louder(self: Any, *args: Any, **kwargs: Any) -> Any:
        prompt, negative = own(self, *args, **kwargs)
        prompt = prompt.clone()
        prompt[:, 3] *= 1.5
        return prompt, negative

    monkeypatch.setattr(kind, "encode_prompt", louder)
    made = watched(engine)
    np.testing.assert_array_equal(made.embeddings["projected"], plain.embeddings["projected"])
    ratio = made.embeddings["weighted"].astype(float) / made.embeddings["projected"].astype(float)
    np.testing.assert_allclose(ratio.mean(1), [1, 1, 1, 1.5, *[1] * (len(made.tokens) - 4)], rtol=1e-2)
    assert not any("nothing weights" in note for note in made.notes)


@pytest.mark.parametrize("kind", ["sdxl", "sd3", "flux", "z-image"])
def test_what_goes_in_unweighted_is_said_so(engines: Engines, kind: str) -> None:
    made = watched(engines(kind))
    assert any("nothing weights" in note for note in made.notes)
    assert all(np.isfinite(value).all() for value in made.embeddings.values())
    assert ("negative" in made.embeddings) == (kind != "flux")
    assert ("raw_2" in made.embeddings) == (kind != "z-image")


def test_long_embeddings_are_cut_with_a_note(engines: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observe_prompt, "MOST_BYTES", 4 * 32 * 2)
    made = watched(engines("sd"))
    assert len(made.embeddings["projected"]) == 4
    assert any("first 4 of 11 rows" in note for note in made.notes)


def test_a_sampling_is_known_by_what_made_it(engines: Engines) -> None:
    made = watched(engines("sd"), scheduler="unipc", negative="dull", seed=9)
    facts = (
        made.engine,
        made.prompt,
        made.negative,
        made.seed,
        made.scheduler,
        made.steps,
        made.guidance,
        made.dtype,
    )
    assert facts == ("tiny-sd@1", "a red! shoe", "dull", 9, "unipc", 4, 5.0, "float32")
    assert len(made.weights) == 64
    assert watched(engines("sd3")).scheduler == "FlowMatchEulerDiscreteScheduler"
