"""Words and figures as the sheet writes them."""

from __future__ import annotations

import math
import re
import unicodedata

_BESIDE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def beside(address: str) -> str:
    """The address of a page beside this one, or of none: whatever could be run, or lead away, is no such name."""
    return address if _BESIDE.fullmatch(address) else "#"


def shown(text: str, keep_newlines: bool = False) -> str:
    """`text` with every control, bidirectional mark and lone surrogate written as its escape.

    A file name may reverse the reading order or hide characters; a reviewer must see what is really there. Joiners
    inside emoji and Indic words are escaped too: exactness before beauty.
    """
    return "".join(_visible(character, keep_newlines) for character in text)


def _visible(character: str, keep_newlines: bool) -> str:
    if unicodedata.category(character) not in INVISIBLE:
        return character
    if character == "\n" and keep_newlines:
        return character
    return character.encode("unicode_escape").decode("ascii")


def words(name: str) -> str:
    """`seam_step` as `seam step`: one spelling for names in scores and in reasons."""
    return " ".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


def number(value: float) -> str:
    """Four significant digits, never in exponent form for ordinary sizes; `n/a` for NaN, `∞` for infinity."""
    if math.isnan(value):
        return "n/a"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    if not 1e-4 <= abs(value) < 1e7:
        return f"{value:.2e}"
    decimals = max(0, 3 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{min(decimals, 4)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def duration(seconds: float) -> str:
    """`340 µs`, `12 ms`, `3.4 s`, `2 min 05 s`, `1 h 12 min`."""
    if not math.isfinite(seconds):
        return "n/a"
    if seconds < 0.0995:
        milliseconds = seconds * 1000
        return f"{milliseconds:.0f} ms" if milliseconds >= 1 else f"{milliseconds * 1000:.0f} µs"
    if seconds < 59.95:
        return f"{seconds:.2f} s" if seconds < 9.995 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, left = divmod(minutes, 60)
    return f"{hours} h {left:02d} min" if hours else f"{minutes} min {rest:02d} s"


def reason_and_cure(reason: str) -> tuple[str, str]:
    """An error's text parted at its cure, which is empty where the text names none."""
    message, found, cure = reason.rpartition("Cure: ")
    return (message.strip(), cure.strip()) if found else (reason.strip(), "")
