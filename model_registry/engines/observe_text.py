"""Which token each column of a denoiser's text is: read off what the text encoders were really given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

_PLACES = ("", "_2", "_3")
_BLOCKS: dict[str, tuple[tuple[str, ...], ...]] = {
    "SD3Transformer2DModel": (("", "_2"), ("_3",)),
    "FluxTransformer2DModel": (("_2",),),
}
"""Denoiser to its text: blocks one after the other, in each the encoders whose features lie side by side."""
_USUAL: tuple[tuple[str, ...], ...] = (("", "_2"),)


@dataclass(slots=True)
class Encoded:
    """One call of a text encoder: what it was given, and what may become of it."""

    ids: Tensor
    """T', on the CPU."""
    valid: Tensor
    """T' bool: not padding."""
    raw: Tensor
    """T'×D: token embeddings, before any layer."""
    hidden: tuple[Tensor, ...]
    """T'×D each: the last hidden state and the one before it."""
    pooled: Tensor | None


@dataclass(frozen=True, slots=True)
class Columns:
    """The denoiser's columns that hold tokens."""

    tokens: tuple[str, ...] = ()
    special: tuple[bool, ...] = ()
    index: tuple[int, ...] = ()


@dataclass(slots=True)
class Encoder:
    """A text encoder of a pipeline, and its calls so far: the prompt's, then the negative prompt's."""

    place: str
    module: Any
    tokenizer: Any
    calls: list[Encoded] = field(default_factory=list)

    def heard(self, given: dict[str, Any], output: Any) -> None:
        """Keep one call. given: its arguments by name; output: what it returned."""
        if len(self.calls) >= 2:
            return
        ids = given["input_ids"][0].detach().cpu()
        mask = given.get("attention_mask")
        with torch.no_grad():
            raw = self.module.get_input_embeddings()(given["input_ids"][:1])[0]
        self.calls.append(
            Encoded(ids, _valid(ids, mask, self.tokenizer), raw, _hidden(output), _pooled(output))
        )


def encoders_of(pipe: Any) -> list[Encoder]:
    """The pipeline's text encoders, in order."""
    found = []
    for place in _PLACES:
        module = getattr(pipe, f"text_encoder{place}", None)
        tokenizer = getattr(pipe, f"tokenizer{place}", None)
        if module is not None and tokenizer is not None:
            found.append(Encoder(place, module, tokenizer))
    return found


def blocks_of(denoiser: Any, encoders: Sequence[Encoder]) -> list[list[Encoder]]:
    """The encoders that were called, in the blocks in which the denoiser gets their output."""
    by_place = {encoder.place: encoder for encoder in encoders if encoder.calls}
    blocks = _BLOCKS.get(type(denoiser).__name__, _USUAL)
    made = [[by_place[place] for place in block if place in by_place] for block in blocks]
    return [block for block in made if block]


def columns(blocks: Sequence[Sequence[Encoder]], width: int, call: int = 0) -> Columns | None:
    """Names for the columns of a text of `width` columns; call 0 is the prompt's, 1 the negative one's.

    Where the denoiser gets fewer columns than tokens went in, the pipeline has dropped the padding and a template's head:
    the last ones are meant. None where the numbers cannot be made to agree."""
    tokens: list[str] = []
    special: list[bool] = []
    index: list[int] = []
    start = 0
    for block in blocks:
        if call >= len(block[0].calls):
            return None
        made, length = _block(block[0], block[0].calls[call], width - start)
        tokens, special = [*tokens, *made.tokens], [*special, *made.special]
        index += [start + n for n in made.index]
        start += length
    return Columns(tuple(tokens), tuple(special), tuple(index)) if tokens and start <= width else None


def _block(encoder: Encoder, call: Encoded, room: int) -> tuple[Columns, int]:
    places = torch.nonzero(call.valid).flatten().tolist()
    if len(call.ids) <= room:
        return _named(encoder, call, places, places), len(call.ids)
    kept = places[-room:]
    return _named(encoder, call, kept, list(range(len(kept)))), len(kept)


def _named(encoder: Encoder, call: Encoded, places: list[int], index: list[int]) -> Columns:
    ids = call.ids[places].tolist()
    own = set(encoder.tokenizer.all_special_ids)
    names = tuple(str(name) for name in encoder.tokenizer.convert_ids_to_tokens(ids))
    return Columns(names, tuple(one in own for one in ids), tuple(index))


def _valid(ids: Tensor, mask: Tensor | None, tokenizer: Any) -> Tensor:
    """By the mask where the encoder had one, else up to the first end of text: what follows is padding."""
    if mask is not None:
        return mask[0].detach().cpu().bool()
    end = -1 if tokenizer.eos_token_id is None else tokenizer.eos_token_id
    ends = torch.nonzero(ids == end).flatten()
    if len(ends):
        return torch.arange(len(ids)) <= int(ends[0])
    kept = torch.nonzero(ids != tokenizer.pad_token_id).flatten()
    return torch.arange(len(ids)) <= (int(kept[-1]) if len(kept) else -1)


def _hidden(output: Any) -> tuple[Tensor, ...]:
    states = getattr(output, "hidden_states", None) or ()
    last = getattr(output, "last_hidden_state", None)
    if last is None and isinstance(output, tuple):
        last = output[0]
    found = (last, *(states[-2:-1]), *(states[-1:]))
    return tuple(state[0].detach() for state in found if state is not None and state.ndim == 3)


def _pooled(output: Any) -> Tensor | None:
    for name in ("text_embeds", "pooler_output"):
        value = getattr(output, name, None)
        if isinstance(value, Tensor) and value.ndim == 2:
            return value[0].detach()
    return None
