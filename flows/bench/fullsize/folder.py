"""A pipeline of full size saved as the published ones are, with a card of its own, so that the production loader opens it."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

from flows.bench.fullsize.shapes import Architecture
from flows.bench.fullsize.tensors import write_random
from model_registry.weights import sha256_table

_CARD = """id = "{name}-random"
role = "generate"
runtime = "diffusers"
entry = "{pipeline}"
title = "Random weights in the shape of {name}"
licence = "Apache-2.0"
prompt = "required"
automatic = false

[defaults]
steps = {steps}
guidance = 5.0
scheduler = "euler"
dtype = "{dtype}"
max_side = {side}

[size]
minimum = 256
multiple_of = 8
maximum = {native}

[weights]
path = "weights"

[weights.sha256]
{pins}
"""


def save(architecture: Architecture, folder: Path) -> tuple[int, int]:
    """The pipeline in `folder/weights` and its card beside it; returns the number of parameters and the bytes of tensors.

    Nothing of the model is ever in memory but a tensor at a time."""
    import torch

    weights = folder / "weights"
    with torch.device("meta"):
        parts = architecture.parts()
    index: dict[str, Any] = {"_class_name": architecture.pipeline, "_diffusers_version": "0.42.0"}
    parameters = size = 0
    for seed, (name, model) in enumerate(parts.items()):
        shapes = {key: tuple(tensor.shape) for key, tensor in model.state_dict().items()}
        library = "transformers" if name.startswith("text") else "diffusers"
        (weights / name).mkdir(parents=True)
        stem = "model" if library == "transformers" else "diffusion_pytorch_model"
        (model.config if library == "transformers" else model).to_json_file(weights / name / "config.json")
        size += write_random(weights / name / f"{stem}.safetensors", shapes, seed)
        parameters += sum(p.numel() for p in model.parameters())
        index[name] = [library, type(model).__name__]
        if library == "transformers":
            index[name.replace("text_encoder", "tokenizer")] = ["transformers", "CLIPTokenizer"]
            _tokenizer().save_pretrained(weights / name.replace("text_encoder", "tokenizer"))
    index["scheduler"] = ["diffusers", "EulerDiscreteScheduler"]
    _scheduler().save_pretrained(weights / "scheduler")
    (weights / "model_index.json").write_text(json.dumps(_complete(index), indent=1))
    _write_card(architecture, folder)
    return parameters, size


def _complete(index: dict[str, Any]) -> dict[str, Any]:
    """With the parts that the published pipelines of the class leave empty."""
    if index["_class_name"] == "StableDiffusionPipeline":
        return index | {
            "safety_checker": [None, None],
            "feature_extractor": [None, None],
            "image_encoder": [None, None],
        }
    return index | {"image_encoder": [None, None], "feature_extractor": [None, None]}


def _tokenizer() -> Any:
    """Of the published size; its words are letters, and fillers that no text holds."""
    from transformers import CLIPTokenizer

    letters = [chr(code) for code in range(33, 127)]
    words = [*letters, *(f"{letter}</w>" for letter in letters)]
    words += [f"<filler{n}>" for n in range(49406 - len(words))]
    vocabulary = {word: n for n, word in enumerate([*words, "<|startoftext|>", "<|endoftext|>"])}
    return CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=77)


def _scheduler() -> Any:
    return import_module("diffusers").EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1, timestep_spacing="leading"
    )  # fmt: skip


def _write_card(architecture: Architecture, folder: Path) -> None:
    pins = "\n".join(f'"{name}" = "{digest}"' for name, digest in sha256_table(folder / "weights").items())
    facts = {
        "name": architecture.name, "pipeline": architecture.pipeline, "steps": architecture.steps, "pins": pins,
        "dtype": architecture.dtype, "side": architecture.side, "native": architecture.native,
    }  # fmt: skip
    (folder / f"{architecture.name}-random.toml").write_text(_CARD.format(**facts), encoding="utf-8")
