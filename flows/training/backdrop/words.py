"""The tokenizer: every word of the captions is one token, and the 256 byte symbols make any other prompt readable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from flows.training.backdrop.caption import all_words

START: Final = "<|startoftext|>"
END: Final = "<|endoftext|>"
LENGTH: Final = 40
"""Tokens a prompt is cut or filled up to."""
_CLOSED: Final = "</w>"
Pair = tuple[str, str]


def new_tokenizer() -> Any:
    """A CLIPTokenizer, the same each time, made without any file."""
    import transformers

    made: Any = transformers.CLIPTokenizer
    vocabulary, merges = vocabulary_of(all_words())
    return made(vocab=vocabulary, merges=merges, model_max_length=LENGTH)


def vocabulary_of(words: Sequence[str]) -> tuple[dict[str, int], list[Pair]]:
    """Token to number, and merges in their order, such that each of the words becomes one token.

    Byte-pair encoding (Sennrich, Haddow and Birch 2016) run until nothing is left to merge; of pairs equally frequent the
    first by alphabet."""
    split = [[*word[:-1], word[-1] + _CLOSED] for word in words]
    merges: list[Pair] = []
    while pairs := Counter(pair for word in split for pair in pairwise(word)):
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        split = [_merged(word, best) for word in split]
    symbols = _byte_symbols()
    tokens = [*symbols, *(s + _CLOSED for s in symbols), *("".join(pair) for pair in merges), START, END]
    return {token: number for number, token in enumerate(dict.fromkeys(tokens))}, merges


def _merged(word: list[str], pair: Pair) -> list[str]:
    made: list[str] = []
    for symbol in word:
        if made and (made[-1], symbol) == pair:
            made[-1] += symbol
        else:
            made.append(symbol)
    return made


def _byte_symbols() -> list[str]:
    """One printable character a byte, as CLIP's tokenizer writes them (Radford and others 2019)."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in plain]
    return [*map(chr, plain), *(chr(256 + n) for n in range(len(rest)))]
