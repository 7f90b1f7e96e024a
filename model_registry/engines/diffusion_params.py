"""The parameters a diffusers engine takes, checked once, before any model runs."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, fields

from model_registry.engines.contract import Params, ParamValue
from model_registry.engines.diffusion_placing import OFFLOADS
from model_registry.errors import EngineFault

DTYPES = ("auto", "float32", "bfloat16", "float16")
SPACINGS = ("", "leading", "linspace", "trailing")


@dataclass(frozen=True, slots=True)
class Sampling:
    """What one call asks for. `None`: the pipeline's own default."""

    steps: int | None = None
    """Denoising steps, 1–1000."""
    guidance: float | None = None
    """Classifier-free guidance scale (Ho & Salimans, 2022), 0–100; distilled models take it as a condition."""
    scheduler: str = ""
    """A name of `SCHEDULERS`; empty = the one the model was saved with."""
    eta: float = 0.0
    """`ddim` only, 0–1: share of fresh noise a step; 0 draws none, 1 is DDPM's."""
    karras: bool = False
    """Noise levels spaced after Karras and others (2022): more steps where little noise is left."""
    order: int = 0
    """Of the `dpm++`, `dpm++-sde` and `unipc` solvers, 1–3; 0 = the solver's own."""
    spacing: str = ""
    """Which of the training steps are taken: `leading`, `linspace` or `trailing`; empty = as the model was saved."""
    strength: float = 1.0
    """Inpainting only, over 0 up to 1: share of the noise schedule run. 1 starts from pure noise; less starts from a
    smooth fill of the hole, never from what was there."""
    anchor_strength: float = 0.0
    """Inpainting only, 0–1. Over 0 the hole starts from a classical fill anchored on the structure around it, in place of
    a smooth one, and this share of the noise schedule is run, in place of `strength`."""
    negative: str = ""
    """What to steer away from."""
    dtype: str = "auto"
    """One of `DTYPES`; auto is float32 on a CPU, bfloat16 or else float16 on a GPU."""
    noise_level: int | None = None
    """Upscaling only: noise put on the picture before it is enlarged, 0–1000; more lets the model invent more."""
    max_side: int = 0
    """Longest side the model is run at, px; beyond it the piece is scaled down and its result up, or see `windowed_side`.
    0 = the card's maximum, or else the model's native size."""
    windowed_side: int = 0
    """Longest side that is made at its own size although it is over `max_side`, px: first small and whole, then larger step
    by step, the model looking through overlapping windows of `max_side`. 0 = none: the small picture is scaled up."""
    detail: float = 0.5
    """With windows, over 0 up to 1: share of the noise schedule run again at each larger size. Less keeps closer to the
    small picture, more makes finer texture."""
    whole_words: bool = False
    """Whether the model knows only words that its tokenizer keeps whole; of any other the result says so."""
    unbias: bool = True
    """Inpainting only: take off in the hole, low frequencies alone, by how much the model gave the known surroundings back
    otherwise."""
    offload: str = "none"
    """One of `OFFLOADS`: which parts wait in main memory until a GPU needs them. On a CPU it does nothing."""
    prompt_tokens: int = 0
    """Most tokens of a prompt that a T5 encoder is given: what the model was trained with. 0 = the pipeline's own default."""
    tiles_over: int = 0
    """Longest side that the autoencoder takes in one piece, px; beyond it, it works in tiles, whose colours may differ a
    little. 0 = never."""


_RANGES: dict[str, tuple[float, float]] = {
    "steps": (1, 1000), "guidance": (0, 100), "noise_level": (0, 1000), "max_side": (0, 16384), "anchor_strength": (0, 1),
    "eta": (0, 1), "order": (0, 3), "windowed_side": (0, 16384),
    "tiles_over": (0, 16384), "prompt_tokens": (0, 512),
}  # fmt: skip
"""Lowest and highest value; shares are over 0 and up to 1."""
_WORDS = {"dtype": DTYPES, "spacing": SPACINGS, "offload": OFFLOADS}
_KINDS: dict[str, type] = {
    "steps": int, "guidance": float, "scheduler": str, "eta": float, "karras": bool, "order": int, "spacing": str,
    "strength": float, "anchor_strength": float, "negative": str, "dtype": str, "noise_level": int, "max_side": int,
    "windowed_side": int, "detail": float, "whole_words": bool, "unbias": bool, "offload": str, "tiles_over": int,
    "prompt_tokens": int,
}  # fmt: skip
assert set(_KINDS) == {field.name for field in fields(Sampling)}


def read_sampling(defaults: Params, params: Params) -> Sampling:
    """A card's defaults overlaid with a call's parameters, of which only those named in the defaults may be set.

    Raises EngineFault with every fault at once."""
    unknown = sorted(set(params) - set(defaults))
    faults = [f"unknown parameter `{name}`{nearest(name, defaults)}" for name in unknown]
    given = {**defaults, **{name: value for name, value in params.items() if name in defaults}}
    faults += [fault for name, value in sorted(given.items()) if (fault := _fault(name, value))]
    if faults:
        raise EngineFault("; ".join(faults), cure=f"parameters are {', '.join(defaults) or 'none'}")
    return Sampling(**{name: _KINDS[name](value) for name, value in given.items()})


def nearest(name: str, known: Iterable[str]) -> str:
    """`; nearest: a, b`, or nothing where no known name is like it."""
    near = difflib.get_close_matches(name, list(known), n=3)
    return f"; nearest: {', '.join(near)}" if near else ""


def _fault(name: str, value: ParamValue) -> str:
    kind = _KINDS.get(name)
    if kind is None:
        return f"the card's default `{name}` is no parameter of a diffusers engine"
    accepted = (int, float) if kind is float else (kind,)
    if isinstance(value, bool) != (kind is bool) or not isinstance(value, accepted):
        return f"`{name}` must be {kind.__name__}, not {value!r}"
    return "" if _in_range(name, value) else f"`{name}` is out of range: {value!r}"


def _in_range(name: str, value: ParamValue) -> bool:
    if name in _WORDS:
        return value in _WORDS[name]
    if isinstance(value, str | bool):
        return True
    low, high = _RANGES.get(name, (1e-6, 1))
    return low <= value <= high
