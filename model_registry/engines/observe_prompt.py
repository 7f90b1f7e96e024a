"""What a prompt becomes on its way to the denoiser: tokens and embeddings, compact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model_registry.engines.observe_denoiser import Given
from model_registry.engines.observe_text import Columns, Encoder, blocks_of, columns

MOST_BYTES: Final = 8 << 20
"""Of one embedding, as float16; of longer ones the first rows are kept."""
_LARGEST: Final = float(np.finfo(np.float16).max)


class Prompt:
    """Tokens and embeddings of one call."""

    def __init__(self, encoders: Sequence[Encoder]) -> None:
        self.encoders = encoders
        self.columns = Columns()
        self.notes: dict[str, None] = {}
        self._kept: dict[str, NDArray[np.float16]] = {}
        self._blocks: list[list[Encoder]] = []

    @property
    def embeddings(self) -> Mapping[str, NDArray[np.float16]]:
        return self._kept

    def given(self, denoiser: Any, given: Given) -> None:
        """What the denoiser is given at its first call, held against what the encoders made."""
        if given.text is None:
            self.notes["this pipeline's denoiser has no text"] = None
            return
        self._blocks = blocks_of(denoiser, self.encoders)
        found = columns(self._blocks, len(given.text)) if self._blocks else None
        if found is None:
            self.notes["tokens are not known: the text encoders' do not fit the denoiser's columns"] = None
            found = Columns(index=tuple(range(len(given.text))))
        self.columns = found
        for encoder in self.encoders:
            if encoder.calls:
                call = encoder.calls[0]
                self._keep(f"raw{encoder.place}", call.raw[call.valid.to(call.raw.device)])
        self._transformed(given.text[list(found.index)])
        self._summary(given)
        if given.negative is not None:
            self.negative(given.negative)

    def negative(self, text: Tensor) -> None:
        """The negative prompt's row, T×D: its own tokens' columns, or the prompt's where it was never encoded."""
        known = columns(self._blocks, len(text), call=1) if self._blocks else None
        if known is None:
            self.notes["the negative prompt was not encoded: its rows are at the prompt's columns"] = None
        self._keep("negative", text[list((known or self.columns).index)])

    def _transformed(self, text: Tensor) -> None:
        text = text.detach().float().cpu()
        if self._as_encoded(text):
            self.notes["nothing weights the text: the denoiser gets `projected` as it is"] = None
            self._keep("projected", text)
            return
        last = self._last_states(len(text))
        if last is None:
            self.notes["the text encoder's own output is not known: `weighted` is what the denoiser gets"] = (
                None
            )
        else:
            self._keep("projected", last)
        self._keep("weighted", text)

    def _as_encoded(self, text: Tensor) -> bool:
        """Whether the text is what the encoders made of it: blocks one after the other, encoders side by side, zeros behind."""
        start = 0
        for block in self._blocks:
            at, rows = 0, 0
            for encoder in block:
                states = [_valid_rows(encoder, state, len(text) - start) for state in encoder.calls[0].hidden]
                rows = len(states[0]) if states else 0
                part = text[start : start + rows]
                found = next((s for s in states if torch.equal(part[:, at : at + s.shape[1]], s)), None)
                if found is None:
                    return False
                at += found.shape[1]
            if text[start : start + rows, at:].any():
                return False
            start += rows
        return start == len(text) > 0

    def _last_states(self, count: int) -> Tensor | None:
        """The encoders' last hidden states of the same tokens, set out as the denoiser's text is."""
        parts: list[Tensor] = []
        for block in self._blocks:
            room = count - sum(len(part) for part in parts)
            states = [_valid_rows(e, e.calls[0].hidden[0], room) for e in block if e.calls[0].hidden]
            if not states or any(len(state) != len(states[0]) for state in states):
                return None
            parts.append(torch.cat(states, -1))
        wide = max((part.shape[-1] for part in parts), default=0)
        padded = [torch.nn.functional.pad(part, (0, wide - part.shape[-1])) for part in parts]
        return torch.cat(padded) if padded and sum(map(len, padded)) == count else None

    def _summary(self, given: Given) -> None:
        pooled = given.pooled
        if pooled is None:
            call = next(
                (e.calls[0] for e in self.encoders if e.calls and e.calls[0].pooled is not None), None
            )
            pooled = None if call is None else call.pooled
            if pooled is not None:
                self.notes["`pooled` is the text encoder's; the denoiser does not get it"] = None
        if pooled is not None:
            self._keep("pooled", pooled)

    def _keep(self, name: str, value: Tensor) -> None:
        most = max(MOST_BYTES // (2 * value.shape[-1]), 1)
        if value.ndim > 1 and len(value) > most:
            self.notes[f"`{name}`: the first {most} of {len(value)} rows are kept"] = None
            value = value[:most]
        finite = np.nan_to_num(
            value.detach().float().cpu().numpy(), nan=np.nan, posinf=_LARGEST, neginf=-_LARGEST
        )
        self._kept[name] = np.clip(finite, -_LARGEST, _LARGEST).astype(np.float16)


def _valid_rows(encoder: Encoder, state: Tensor, room: int) -> Tensor:
    """The rows of an encoder's own tokens, as float32 on the CPU; the last ones where there is not room for all."""
    rows = state.detach().float().cpu()[encoder.calls[0].valid]
    return rows[-room:] if room > 0 else rows[:0]
