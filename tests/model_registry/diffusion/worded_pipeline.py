"""A tiny real pipeline in the layout of the embedded generator: its own words as whole tokens, one folder for both cards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flows.training.backdrop.words import new_tokenizer
from model_registry.weights import sha256_table
from tests.model_registry.diffusion import tiny_pipeline

NAME = "tiny-drop"
CARD = """\
id = "{id}"
role = "{role}"
runtime = "diffusers"
entry = "{entry}"
title = "Tiny random backdrops, for tests"
licence = "MIT"
prompt = "required"
automatic = true

[defaults]
steps = 2
guidance = 3.0
scheduler = "dpm++"
eta = 0.0
karras = false
order = 0
spacing = ""
negative = ""
dtype = "auto"
max_side = 0
windowed_side = 256
detail = 0.5
whole_words = true
{more}
[size]
minimum = 32
multiple_of = 8
maximum = 64

[cost]
rung = 1

[weights]
path = "{name}"

[weights.sha256]
"""


def build(folder: Path) -> None:
    """The folder `tiny-drop` with a StableDiffusionPipeline, and the cards `tiny-drop` and `tiny-drop-fill` beside it."""
    import diffusers

    where = tiny_pipeline.build_text_to_image(folder).rename(folder / NAME)
    made: Any = diffusers.StableDiffusionPipeline
    pipe = made.from_pretrained(str(where), safety_checker=None, local_files_only=True)
    pipe.tokenizer = new_tokenizer()
    pipe.text_encoder = _text_encoder(pipe.tokenizer)
    pipe.save_pretrained(str(where), safe_serialization=True)
    pins = "".join(f'"{file}" = "{digest}"\n' for file, digest in sha256_table(where).items())
    for id_, role, entry, more in (
        (NAME, "generate", "StableDiffusionPipeline", ""),
        (f"{NAME}-fill", "fill", "StableDiffusionInpaintPipeline", "strength = 1.0\nunbias = true\n"),
    ):
        text = CARD.format(id=id_, role=role, entry=entry, more=more, name=NAME) + pins
        (folder / f"{id_}.toml").write_text(text, encoding="utf-8")


def _text_encoder(tokenizer: Any) -> Any:
    import torch
    from transformers import CLIPTextConfig, CLIPTextModel

    words = tokenizer.get_vocab()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        return CLIPTextModel(
            CLIPTextConfig(
                vocab_size=len(words), hidden_size=32, intermediate_size=37, num_hidden_layers=2, num_attention_heads=4,
                max_position_embeddings=tokenizer.model_max_length, bos_token_id=words["<|startoftext|>"],
                eos_token_id=words["<|endoftext|>"], pad_token_id=words["<|endoftext|>"],
            )
        )  # fmt: skip
