"""The words of a prompt, put together again from its tokens, and where each lit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model_registry.engines.observing import Observation

END, PIECE = "</w>", "##"
"""Byte pair encodings as CLIP's mark the end of a word, WordPiece its continuation, …"""
STARTS = ("▁", "Ġ")
"""… SentencePiece and byte-level encodings its beginning."""
Map = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Word:
    """A word and the tokens that it is made of."""

    text: str
    tokens: tuple[int, ...]
    """Their places in `Observation.tokens`."""


def words_of(one: Observation) -> tuple[Word, ...]:
    """In the prompt's order, without the tokenizer's own tokens."""
    own = one.special or (False,) * len(one.tokens)
    places = [n for n, special in enumerate(own) if not special]
    tokens = [one.tokens[n] for n in places]
    marked_end = any(token.endswith(END) for token in tokens)
    marked_start = any(token.startswith(STARTS) for token in tokens)
    words: list[Word] = []
    whole = True
    for place, token in zip(places, tokens, strict=True):
        joins = (marked_end and not whole) or token.startswith(PIECE)
        joins = joins or (marked_start and not token.startswith(STARTS))
        text = token.removesuffix(END).removeprefix(PIECE).lstrip("".join(STARTS))
        if joins and words:
            words[-1] = Word(words[-1].text + text, (*words[-1].tokens, place))
        else:
            words.append(Word(text, (place,)))
        whole = token.endswith(END)
    return tuple(word for word in words if word.text)


def lit(one: Observation, word: Word, group: str = "") -> Map | None:
    """h×w: the share of each place's attention that goes to the word, averaged over kept steps and layer groups (or of one
    group), summed over its tokens. None where attention was not kept."""
    if not one.attention.size or (group and group not in one.groups):
        return None
    groups = [one.groups.index(group)] if group else list(range(len(one.groups)))
    maps = one.attention[:, groups][:, :, list(word.tokens)].astype(np.float32)
    found: Map = np.nan_to_num(maps).sum(axis=2).mean(axis=(0, 1))
    return found
