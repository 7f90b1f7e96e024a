"""Whether a text is of a category: loosely, to raise an alarm, or strictly, to excuse something."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from tasks.policy.approximate import holds, pieces
from tasks.policy.model import Category
from tasks.policy.mrz import find_mrz
from tasks.policy.spelling import Reading, compact, fold, ideographic

_ACROSS = 5
"""Letters from which a word is looked for across spaces, in categories spelled loosely."""
_WITHIN = 6
"""Letters from which a word is looked for inside a longer one: German and Dutch compounds, Turkish endings."""
_SHAPES = frozenset(
    frozenset(pair)
    for pair in (
        "gc",
        "co",
        "ce",
        "ea",
        "rp",
        "fp",
        "ef",
        "uy",
        "un",
        "nh",
        "kx",
        "tf",
        "ty",
        "it",
        "od",
        "bh",
        "ij",
        "ao",
        "cg",
        "dc",
    )
)
"""Letters that differ by a stroke: the one mistake allowed in a word too short for any."""
_ARABIC = re.compile("[\u0600-\u06ff]{3}")
"""Its articles and prepositions are written on to the word."""
_CAPITAL = re.compile(r"[^\W_]+")


def matched(category: Category, text: Reading) -> str:
    """What in the text is of the category, however damaged; empty where nothing is."""
    if not text.plain:
        return ""
    found = _by_pattern(category, (text.plain, text.tight, text.mended)) or _by_mark(category, text)
    return found or _by_word(category, text) or (find_mrz(text.shown) if category.mrz else "")


def strictly(category: Category, text: Reading) -> bool:
    """True when the text as read, spelled rightly, is of the category."""
    words = (word for words in category.words.values() for word in words)
    return bool(_by_pattern(category, (text.plain,))) or any(
        _whole(_form(w).plain, text.plain) for w in words
    )


def _by_pattern(category: Category, forms: tuple[str, ...]) -> str:
    for pattern in category.patterns:
        for form in forms:
            found = _compiled(pattern).search(form)
            if found:
                return found.group().strip()
    return ""


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _by_mark(category: Category, text: Reading) -> str:
    words = set(_CAPITAL.findall(text.shown))
    return next(
        (mark for mark in category.marks if mark in words or (" " in mark and mark in text.shown)), ""
    )


def _by_word(category: Category, text: Reading) -> str:
    for words in category.words.values():
        for word in words:
            if _like(word, text, loose=category.spelling == "loose"):
                return word
    return ""


def _like(word: str, text: Reading, *, loose: bool) -> bool:
    form = _form(word)
    letters = form.letters
    if letters in text.tokens or letters == text.compact:
        return True
    if _whole(form.plain, text.plain) or _whole(form.plain, text.tight):
        return True
    if form.unspaced:
        return letters in text.compact
    if form.long and any(letters in token for token in text.tokens):
        return True
    if loose and any(_misread(letters, token) for token in text.tokens):
        return True
    return loose and len(letters) >= _ACROSS and holds(text.compact, letters, form.pieces)


def _misread(letters: str, token: str) -> bool:
    """One letter of six or seven taken for another of like shape: `warninc`."""
    if len(letters) != len(token) or len(letters) < _WITHIN:
        return False
    wrong = [frozenset(pair) for pair in zip(letters, token, strict=True) if pair[0] != pair[1]]
    return len(wrong) == 1 and wrong[0] in _SHAPES


@dataclass(frozen=True, slots=True)
class _Form:
    plain: str
    letters: str
    unspaced: bool
    """Of a script that writes words together."""
    long: bool
    pieces: tuple[str, ...]


@lru_cache(maxsize=8192)
def _form(word: str) -> _Form:
    plain = fold(word)
    letters = compact(plain)
    unspaced = ideographic(plain) or bool(_ARABIC.search(plain))
    return _Form(plain, letters, unspaced, len(letters) >= _WITHIN, pieces(letters, _wrong(len(letters))))


def _wrong(length: int) -> int:
    """Letters that may be wrong: one from eight on, two from twelve; a short word would turn into another."""
    return 2 if length >= 12 else int(length >= 8)


def _whole(word: str, text: str) -> bool:
    """`word` in `text` with no letter next to it; ideographs have no spaces between words."""
    if word not in text:
        return False
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        before, after = text[start - 1 : start], text[end : end + 1]
        inside = (before.isalnum() and word[0].isalnum()) or (after.isalnum() and word[-1].isalnum())
        if ideographic(word) or not inside:
            return True
        start = text.find(word, start + 1)
    return False
