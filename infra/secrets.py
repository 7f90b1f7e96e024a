"""Takes users and passwords out of text before it is shown, logged or kept."""

from __future__ import annotations

import re

_USERINFO = re.compile(r"(?<=//)[^/\s'\"]+@")
"""A user and password in an address: all up to the last @ before the path."""


def without_secrets(text: object) -> str:
    """The text (of an error, an address) without users and passwords in addresses; what else it says is kept."""
    return _USERINFO.sub("***@", str(text))
