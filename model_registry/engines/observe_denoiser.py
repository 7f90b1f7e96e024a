"""What a denoiser is given at a call: its text, which row of the batch is the prompt's, and where image and text lie."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from model_registry.engines.observe_grid import grid

_TEXT = ("encoder_hidden_states", "cap_feats")
_PROMPT_FIRST = ("ZImageTransformer2DModel",)
"""Denoisers whose pipelines put the prompt before the negative prompt in a batch; all others put it last."""
_TEXT_FIRST = ("FluxTransformer2DModel", "QwenImageTransformer2DModel")
_IMAGE_FIRST = ("SD3Transformer2DModel", "ZImageTransformer2DModel")
_ZIMAGE_PADDING = 32
"""Z-Image fills its image tokens up to a multiple of this before the text begins."""


@dataclass(frozen=True, slots=True)
class Given:
    """One call of a denoiser."""

    text: Tensor | None
    """T×D, the prompt's; None for a denoiser without text."""
    negative: Tensor | None
    pooled: Tensor | None
    row: int
    """The prompt's in the batch."""
    cells: tuple[int, int] | None
    """Rows and columns of image tokens; None for a U-Net, whose layers have their own."""
    image_at: int = 0
    text_at: int = 0
    """Where image and text begin in a joint sequence."""
    joint: bool = False


def by_name(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a module's forward by their names."""
    taken = inspect.signature(module.forward).parameters.values()
    names = [p.name for p in taken if p.kind is p.POSITIONAL_OR_KEYWORD]
    return {**dict(zip(names, args, strict=False)), **kwargs}


def read_call(denoiser: Any, given: dict[str, Any], aspect: float) -> Given:
    """given: arguments by name. aspect: height/width of the picture."""
    kind = type(denoiser).__name__
    text = next((given[name] for name in _TEXT if given.get(name) is not None), None)
    batch = 0 if text is None else len(text)
    row = 0 if kind in _PROMPT_FIRST else max(batch - 1, 0)
    other = None if text is None or batch != 2 else text[1 - row]
    own = None if text is None else text[row]
    pooled = given.get("pooled_projections")
    if pooled is None:
        pooled = (given.get("added_cond_kwargs") or {}).get("text_embeds")
    found = Given(own, other, None if pooled is None else pooled[min(row, len(pooled) - 1)], row, None)
    if kind not in _TEXT_FIRST + _IMAGE_FIRST or own is None:
        return found
    return _joined(found, denoiser, given, kind, aspect)


def _joined(found: Given, denoiser: Any, given: dict[str, Any], kind: str, aspect: float) -> Given:
    assert found.text is not None
    cells = _cells(denoiser, given, aspect)
    count = cells[0] * cells[1] if cells else 0
    image_at, text_at = (len(found.text), 0) if kind in _TEXT_FIRST else (0, count)
    if kind == "ZImageTransformer2DModel":
        text_at = -(-count // _ZIMAGE_PADDING) * _ZIMAGE_PADDING
    return Given(found.text, found.negative, found.pooled, found.row, cells, image_at, text_at, joint=True)


def _cells(denoiser: Any, given: dict[str, Any], aspect: float) -> tuple[int, int] | None:
    if "x" in given:  # Z-Image: a list of C×frames×h×w
        patch = int(given.get("patch_size") or 2)
        return int(given["x"][0].shape[-2]) // patch, int(given["x"][0].shape[-1]) // patch
    hidden = given["hidden_states"]
    if hidden.ndim == 4:
        patch = int(denoiser.config.patch_size)
        return int(hidden.shape[-2]) // patch, int(hidden.shape[-1]) // patch
    return grid(int(hidden.shape[1]), aspect)
