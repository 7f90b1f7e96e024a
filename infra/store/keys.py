"""Which keys a store accepts: the same for every backend, so that a job cannot name a place outside its root."""

from __future__ import annotations

import re
import unicodedata

from infra.store.contract import Forbidden

MAX_KEY_BYTES = 900
"""S3 allows 1,024 with the prefix."""
MAX_SEGMENT_BYTES = 255
"""The longest file name of common file systems."""
TEMPORARY = ".tmp-"
"""How the names of half-written files begin; no key may hold such a segment."""
REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Control characters, lone surrogates, line and paragraph separators."""
PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
"""Keys that need no closer look when they are short: nearly all that the product itself makes."""


def checked(key: str) -> str:
    """`key` itself. Raises Forbidden when it is empty, absolute, holds `..`, `.`, an empty segment, a backslash,
    a control character, a segment reserved for temporary files, or is too long."""
    fault = _fault(key)
    if fault:
        raise Forbidden(f"key {shown(key)} is not allowed: {fault}")
    return key


def checked_segment(name: str) -> str:
    """`name` itself, when it is a key of one segment. Raises Forbidden."""
    if isinstance(name, str) and "/" in name:
        raise Forbidden(f"name {shown(name)} is not allowed: it holds a slash")
    return checked(name)


def checked_prefix(prefix: str) -> str:
    """`prefix` itself: empty, or a key that may end in one slash. Raises Forbidden."""
    if prefix:
        checked(prefix.removesuffix("/"))
    return prefix


def allowed(key: str) -> bool:
    """Whether `checked` would accept it."""
    return not _fault(key)


def shown(key: object) -> str:
    """The key in printable ASCII, shortened, fit for a message."""
    text = ascii(key)
    return text if len(text) <= 120 else f"{text[:100]}… ({len(text)} characters)"


def _fault(key: str) -> str:
    if not isinstance(key, str) or not key:
        return "it is empty"
    if len(key) <= MAX_SEGMENT_BYTES and PLAIN.fullmatch(key):
        return ""
    if any(unicodedata.category(character) in REFUSED_CATEGORIES for character in key):
        return "it holds a control character"
    if "\\" in key:
        return "it holds a backslash"
    if len(key.encode()) > MAX_KEY_BYTES:
        return f"it is longer than {MAX_KEY_BYTES} bytes"
    return next((fault for segment in key.split("/") if (fault := _segment_fault(segment))), "")


def _segment_fault(segment: str) -> str:
    if not segment:
        return "it is absolute or holds an empty segment"
    if segment in (".", ".."):
        return f"it holds `{segment}`"
    if segment.startswith(TEMPORARY):
        return f"segments that begin with `{TEMPORARY}` are kept for temporary files"
    if len(segment.encode()) > MAX_SEGMENT_BYTES:
        return f"a segment is longer than {MAX_SEGMENT_BYTES} bytes"
    return ""
