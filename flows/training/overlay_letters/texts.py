"""What drawn words say: words of shops, made-up words, prices, addresses and dates, in the scripts a typeface has."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from flows.training.text_origin.sources import CHINESE, OTHER_SCRIPTS, WORDS

_LATIN: Final = "etaoinshrdlucmfwypvbgkjqxz"
_CYRILLIC: Final = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"
_GREEK: Final = "αβγδεζηθικλμνξοπρστυφχψω"
_ACCENTS: Final = "äöüéèàçñßøåêîôł"
_SIGNS: Final = "%$€£&@#!?+-*/:.,()©®™№°"
_IDEOGRAPHS: Final = (0x4E00, 0x9FA0)
_KANA: Final = (0x3041, 0x30FE)
_ASCII_ONLY: Final = ("cm",)
_ALL_SCRIPTS: Final = ("DejaVu", "Liberation")


def text_for(face: str, random: np.random.Generator) -> str:
    """Something that the typeface can say, 1 to about 24 letters."""
    name = Path(face).name
    if name.lower().startswith("wqy") and random.random() < 0.8:
        return _chinese(random)
    if name.startswith(_ALL_SCRIPTS) and random.random() < 0.25:
        return _other(random)
    text = str(random.choice(WORDS)) if random.random() < 0.35 else _made_up(random)
    if name.startswith(_ASCII_ONLY):
        text = text.encode("ascii", "ignore").decode().strip() or "No. 1"
    return text


def _chinese(random: np.random.Generator) -> str:
    if random.random() < 0.3:
        return str(random.choice(CHINESE))
    low, high = _KANA if random.random() < 0.2 else _IDEOGRAPHS
    return "".join(chr(int(code)) for code in random.integers(low, high, int(random.integers(2, 8))))


def _other(random: np.random.Generator) -> str:
    if random.random() < 0.3:
        return str(random.choice(OTHER_SCRIPTS))
    letters = _CYRILLIC if random.random() < 0.75 else _GREEK
    return _cased(" ".join(_word(letters, random) for _ in range(int(random.integers(1, 4)))), random)


def _made_up(random: np.random.Generator) -> str:
    way = random.random()
    if way < 0.2:
        return _number(random)
    if way < 0.35:
        ending = random.choice([".com", ".net", ".org", ".example", ".shop", ".de/sale"])
        return f"{random.choice(['www.', '', '@'])}{_word(_LATIN, random)}-{_word(_LATIN, random)}{ending}"
    letters = _LATIN + (_ACCENTS if random.random() < 0.1 else "")
    return _cased(" ".join(_word(letters, random) for _ in range(int(random.integers(1, 5)))), random)


def _word(letters: str, random: np.random.Generator) -> str:
    common = random.zipf(1.25, int(random.integers(2, 10))) % len(letters)
    return "".join(letters[int(n)] for n in common)


def _number(random: np.random.Generator) -> str:
    digits = "".join(str(int(n)) for n in random.integers(0, 10, int(random.integers(1, 7))))
    sign = _SIGNS[int(random.integers(0, len(_SIGNS)))]
    return str(
        random.choice(
            [f"{sign}{digits}", f"{digits}{sign}", f"{digits[:2]}.{digits[2:]}", f"{digits[:2]}/{digits[2:]}"]
        )
    )


def _cased(text: str, random: np.random.Generator) -> str:
    way = int(random.integers(0, 4))
    return (text.upper(), text.title(), text.capitalize(), text)[way]
