"""The machine-readable zone of passports, identity cards and visas (ICAO 9303), as text."""

from __future__ import annotations

import re
import unicodedata

_WEIGHTS = (7, 3, 1)
_AS_DIGIT = str.maketrans("OQDILZSGB", "000112568")
_FILLERS = str.maketrans(
    {"«": "<<", "‹": "<", "〈": "<", "《": "<<", "≪": "<<", "＜": "<", "(": "<", "{": "<", "[": "<"}
)
_RUN = re.compile(r"[A-Z0-9<]+")
_TITLE = re.compile(r"[PIACV][A-Z0-9<][A-Z]{3}[A-Z]{2,}(<[A-Z]+)*<<[A-Z<]*")
# number, its check digit, state, birth and check digit, sex, expiry and check digit
_DATA = re.compile(r"([A-Z0-9<]{9})([0-9OQDILZSGB<])([A-Z<0]{1,3})(.{6})(.)([MFX<])(.{6})(.)")
_CARD = re.compile(r"(.{6})(.)([MFX<])(.{6})(.)([A-Z<0]{3})[A-Z0-9<]{11}.")
_DOCUMENT = re.compile(r"[IAC][A-Z0-9<][A-Z0<]{3}([A-Z0-9<]{9})([0-9OQDILZSGB])[A-Z0-9<]{10,}")
_LEAST = 24
"""Letters of a piece of a line that is looked at: a line is 30, 36 or 44 long, and recognition loses some."""


def check_digit(field: str) -> int:
    """The check digit of a field of A–Z, 0–9 and `<` (ICAO 9303-3, 4.9). ValueError for any other character."""
    return sum(_value(c) * _WEIGHTS[i % 3] for i, c in enumerate(field)) % 10


def find_mrz(text: str) -> str:
    """The piece of `text` that is (part of) a machine-readable zone; empty when there is none.

    Lines may be parted by spaces or run together, fillers lost or misread, O read for 0: two check digits that agree, a
    title line, or a long run with many fillers each suffice."""
    joined = _upper(text)
    for run in _RUN.findall(joined):
        if len(run) < _LEAST:
            continue
        if _fillers(run) or _TITLE.search(run) or _checked(run):
            return str(run)
    return ""


def _upper(text: str) -> str:
    # fillers first: some become letters' neighbours only under NFKC
    shown = unicodedata.normalize("NFKC", text.translate(_FILLERS)).translate(_FILLERS).upper()
    return re.sub(r"\s+", "", shown)


def _fillers(run: str) -> bool:
    """Two fillers together, and four in all: nobody else writes so."""
    return "<<" in run and run.count("<") >= 4


def _checked(run: str) -> bool:
    data = any(_agree((m[1], m[2]), (m[4], m[5]), (m[7], m[8])) for m in _overlapping(_DATA, run))
    card = any(_agree((m[1], m[2]), (m[4], m[5])) for m in _overlapping(_CARD, run))
    front = any(_agree((m[1], m[2])) and run.count("<") >= 2 for m in _overlapping(_DOCUMENT, run))
    return data or card or front


def _overlapping(pattern: re.Pattern[str], run: str) -> list[re.Match[str]]:
    found = (pattern.match(run, start) for start in range(len(run)))
    return [match for match in found if match]


def _agree(*fields: tuple[str, str]) -> bool:
    """At least two fields (or the only one) carry the right check digit; dates are read as digits."""
    right = 0
    for field, digit in fields:
        readings = {field, field.translate(_AS_DIGIT)} if len(field) != 6 else {field.translate(_AS_DIGIT)}
        wanted = digit.translate(_AS_DIGIT)
        if len(field) == 6 and not all(reading.isdigit() for reading in readings):
            return False
        right += wanted.isdigit() and any(check_digit(reading) == int(wanted) for reading in readings)
    return right >= min(2, len(fields))


def _value(character: str) -> int:
    if character == "<":
        return 0
    if character in "0123456789":
        return int(character)
    if "A" <= character <= "Z":
        return ord(character) - ord("A") + 10
    raise ValueError(f"{character!r} does not stand in a machine-readable zone")
