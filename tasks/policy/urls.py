"""Tells the catalogue's own web addresses from everybody else's; only an exact domain is own."""

from __future__ import annotations

import re
from collections.abc import Sequence

_ADDRESS = re.compile(r"(?:[a-z]+://)?(?:[\w-]+\.)+[a-z]{2,}(?:/[^\s,;]*)?", re.IGNORECASE)


def without_own(text: str, domains: Sequence[str]) -> str:
    """The text with every address of `domains` and their subdomains taken out; an e-mail address is never own."""

    def kept(found: re.Match[str]) -> str:
        host = re.sub(r"^[a-z]+://", "", found.group().casefold()).split("/")[0]
        handle = text[found.start() - 1 : found.start()] == "@"
        own = any(host == domain or host.endswith("." + domain) for domain in domains)
        return "" if own and not handle else found.group()

    return _ADDRESS.sub(kept, text)
