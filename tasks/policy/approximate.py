"""Finds a word in a longer text with at most so many letters wrong, missing or too many."""

from __future__ import annotations

from itertools import pairwise


def pieces(word: str, wrong: int) -> tuple[str, ...]:
    """`word` in `wrong` + 1 pieces: with that many errors at least one of them is whole (Wu and Manber 1992)."""
    cuts = [len(word) * i // (wrong + 1) for i in range(wrong + 2)]
    return tuple(word[a:b] for a, b in pairwise(cuts))


def holds(text: str, word: str, parts: tuple[str, ...]) -> bool:
    """True when some part of `text` is within `len(parts) - 1` edits of `word` (Sellers 1980). parts: of `pieces`."""
    for part in parts:
        if part in text:
            return word in text or (len(parts) > 1 and _distance(text, word) < len(parts))
    return False


def _distance(text: str, word: str) -> int:
    """Least edit distance of `word` to any part of `text`."""
    column = list(range(len(word) + 1))
    best = column[-1]
    for letter in text:
        diagonal, column[0] = column[0], 0
        for i, wanted in enumerate(word, start=1):
            kept = diagonal + (letter != wanted)
            diagonal = column[i]
            column[i] = min(kept, column[i] + 1, column[i - 1] + 1)
        best = min(best, column[-1])
    return best
