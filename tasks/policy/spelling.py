"""Forms of a text under which damaged, spaced and disguised spellings meet the plain one."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_SIGNS = str.maketrans({
    "Ⓒ": "©", "ⓒ": "©", "🄯": "©", "℗": "©", "㏂": "am", "™": " tm ", "ı": "i", "ł": "l", "Ł": "l", "ø": "o", "Ø": "o",
    "đ": "d", "ى": "ي", "ة": "ه", "ک": "ك", "ی": "ي", "ـ": "", "…": " ", "、": ",", "。": ".", "・": " ", "·": " ", "•": " ",
    "´": "'", "`": "'", "’": "'", "‘": "'", "–": "-", "—": "-", "‐": "-", "−": "-",
})  # fmt: skip
"""Before NFKC, which would lose the circle of Ⓒ and leave these apart."""

_LOOKALIKES = str.maketrans({
    # Cyrillic and Greek letters drawn like Latin ones (Unicode TS 39, the lower-case part that fonts share)
    "а": "a", "г": "r", "в": "b", "с": "c", "е": "e", "н": "h", "і": "i", "ј": "j", "к": "k", "м": "m", "о": "o", "р": "p", "ѕ": "s",
    "т": "t", "у": "y", "х": "x", "ԁ": "d", "ԛ": "q", "ԝ": "w", "ɡ": "g", "α": "a", "β": "b", "ε": "e", "η": "n", "ι": "i",
    "κ": "k", "μ": "m", "ν": "v", "ο": "o", "ρ": "p", "τ": "t", "υ": "u", "χ": "x", "ω": "w", "γ": "y", "σ": "o", "ʏ": "y",
    "ᴀ": "a", "ᴇ": "e", "ᴏ": "o", "ᴛ": "t", "ꜱ": "s", "ɪ": "i", "ʀ": "r", "ɴ": "n", "ʟ": "i",
})  # fmt: skip
_DIGITS = str.maketrans({
    "0": "o", "1": "i", "l": "i", "|": "i", "!": "i", "3": "e", "4": "a", "@": "a", "5": "s", "$": "s", "§": "s", "7": "t",
    "+": "t", "8": "b", "9": "g", "2": "z", "6": "b", "€": "e", "£": "e", "(": "c", "¢": "c",
})  # fmt: skip
"""Signs that recognition and writers in disguise put for letters; both sides of a comparison are folded alike."""

_TO_LETTERS = str.maketrans("013457$", "oleasts")
_TO_DIGITS = str.maketrans("oilsbz", "011582")

_NEAR = str.maketrans({"q": "g", "v": "y", "吿": "告", "ー": "一", "ｰ": "一"})
"""Told apart by a tail or a dot only."""

_KANA_MARKS = "\u3099\u309a"
_NOT_WORD = re.compile(r"[\W_]+")
_SINGLES = re.compile(r"(?<!\S)(?:\S\s+){2,}\S(?!\S)")
_POINTS = re.compile(r"\s*([.,:/@©'&%-])\s*")


@dataclass(frozen=True, slots=True)
class Reading:
    """One text in the forms that wording is looked for in."""

    shown: str
    """NFKC, case kept, invisible characters gone, single spaces."""
    plain: str
    """`shown` without case and accents."""
    tight: str
    """`plain` without spaces around points, slashes and dashes, spaced-out words closed up."""
    mended: str
    """`tight` with digits in words read as letters, letters in numbers as digits, look-alikes as Latin."""
    compact: str
    """Letters alone, as `compact` makes them."""
    tokens: frozenset[str]
    """Words of `plain` and of `tight`, each folded as `compact` is."""

    @property
    def letters(self) -> int:
        """Letters and digits of the text; an ideograph, a word by itself, counts as two."""
        return sum(1 + ideographic(character) for character in self.shown if character.isalnum())


def read(text: str) -> Reading:
    """The forms of a text as an OCR engine gave it; any string will do."""
    shown = _shown(text)
    plain = _flat(shown)
    tight = _closed(plain)
    mended = re.sub(r"[\w$]+", _mend, tight)
    words = (*_NOT_WORD.split(plain), *_NOT_WORD.split(tight), *plain.split())
    return Reading(shown, plain, tight, mended, compact(plain), frozenset(filter(None, map(compact, words))))


def fold(text: str) -> str:
    """NFKC, case and accents gone, invisible characters gone, single spaces: what `Reading.plain` is."""
    return _flat(_shown(text))


def compact(folded: str) -> str:
    """Letters alone, look-alikes as one: `sh utterst0ck` and `shutterstock` come out the same.

    folded: of `fold`."""
    letters = _NOT_WORD.sub("", _latin(folded))
    return letters.replace("rn", "m").replace("vv", "w").translate(_NEAR)


def ideographic(text: str) -> bool:
    """True when some letter is Han, kana or Hangul, where two characters make a word."""
    return any(
        "\u3040" <= c <= "\u30ff" or "\u3400" <= c <= "\u9fff" or "\uac00" <= c <= "\ud7af" for c in text
    )


def _shown(text: str) -> str:
    visible = "".join(
        c for c in text.translate(_SIGNS) if unicodedata.category(c) not in ("Cf", "Cs", "Co", "Cn")
    )
    return " ".join(unicodedata.normalize("NFKC", visible).split())


def _flat(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c for c in apart if unicodedata.category(c) != "Mn" or c in _KANA_MARKS)
    return unicodedata.normalize("NFC", kept).translate(_SIGNS)


def _closed(plain: str) -> str:
    """`s a l e` as `sale`; all spaces go where nearly every word is one letter."""
    words = plain.split()
    if len(words) >= 4 and sum(len(word) == 1 for word in words) > 0.8 * len(words):
        return "".join(words)
    return _SINGLES.sub(lambda spaced: re.sub(r"\s+", "", spaced.group()), _POINTS.sub(r"\1", plain))


def _mend(word: re.Match[str]) -> str:
    """`c0m` as `com`, `2o24` as `2024`."""
    text = word.group()
    digits = sum(c.isdigit() for c in text)
    if any(c.isascii() and c.isalpha() for c in text):
        text = text.translate(_LOOKALIKES)
    return text.translate(_TO_LETTERS if len(text) > 2 * digits else _TO_DIGITS)


def _latin(text: str) -> str:
    return text.translate(_LOOKALIKES).translate(_DIGITS)
