"""Rows that a catalogue may not carry out: keys that leave its folder, ids that are no names, numbers that are none."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

GOOD = {"intent": "remove_object", "mask": "box:8,8,24,24", "engine": "generation=telea"}
_UP = (
    "../",
    "../../",
    "a/../../",
    "./",
    "..\\",
    "%2e%2e/../",
    "....//",
    "/",
    "//",
    "\\\\server\\",
    "C:\\",
    "file:///",
    ".././/",
    "a/../b/../../",
    ".//",
    "~/../",
)
_ENDS = (
    "outside/secret.png",
    "etc/passwd",
    "etc/passwd\0.png",
    "secret.png\n",
    "\u202egnp.terces",
    "x" * 300,
    "\ud800.png",
)
_SCHEMES = ("http", "https", "ftp", "s3", "gs", "file", "data", "jar", "gopher", "ssh", "\\\\?\\C:", "smb")
_CELLS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://127.0.0.1:9")',
    "\t=1",
    "\r=1",
)
_WORDS = (
    "", " ", ".", "..", "-rf", "~", "~root", "$(id)", "`id`", "; id", "| id", "%s%n", "{0.__class__}", "{{7*7}}", "${jndi:ldap://x}",
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' OR 1=1 --", "\0", "a\0b", "\ufeff", "\u202e", "\u2028", "\ud800",
    "CON/..", "é/" * 300, "9" * 5000, "a" * 100_000, "nu\nll", "\x1b[2J", "a/b", "a\\b", ".tmp-1", ".hidden", "*", "?", "a:b",
)  # fmt: skip
_NUMBERS = (
    "nan",
    "inf",
    "-inf",
    "1e400",
    "9" * 5000,
    "0x10",
    "1;2",
    "one",
    "-1e309",
    "1.5.2",
    "٣x",
    "\0",
    "--1",
    "1e",
    "٫",
    "=2",
)
LINKS = ("link.png", "linked/secret.png", "loop.png")
"""Symbolic links in the catalogue's folder: to a picture outside, to a folder outside, to itself."""


def hostile_rows(most: int) -> list[dict[str, object]]:
    """At most so many rows, every one of them a row that must be refused, of all kinds in turn."""
    kinds = [_images(), _ids(), _masks(), _wrong()]
    taken = (row for group in itertools.zip_longest(*kinds) for row in group if row is not None)
    return [
        {"id": f"hostile-{n}", "image": "good-0.png", **GOOD, **row}
        for n, row in enumerate(itertools.islice(taken, most))
    ]


def _images() -> Iterator[dict[str, object]]:
    for key in _keys():
        yield {"image": key}
    for word in (*_CELLS, *_WORDS):
        yield {"image": word}
        yield {"image": f"{word}/{word}.png"}


def _keys() -> Iterator[str]:
    yield from LINKS
    for up, end in itertools.product(_UP, _ENDS):
        yield up + end
        yield f"below/{up}{up}{end}"
    for scheme, end in itertools.product(_SCHEMES, _ENDS[:2]):
        yield f"{scheme}://127.0.0.1:9/{end}"


def _ids() -> Iterator[dict[str, object]]:
    for word in (
        *(up + end for up, end in itertools.product(_UP, _ENDS)),
        *_CELLS,
        *_WORDS,
        "good-0",
        "GOOD-0",
    ):
        yield {"id": word}


def _masks() -> Iterator[dict[str, object]]:
    for key in _keys():
        yield {"mask": key}
    for word in (*_CELLS, *_WORDS):
        yield {"mask": f"box:{word}"}
        yield {"mask": f"poly:{word}"}


def _wrong() -> Iterator[dict[str, object]]:
    for number in _NUMBERS:
        yield {"intent": "upscale", "scale": number}
        yield {"seed": number}
        yield {"intent": "generate", "size": f"{number}x{number}", "prompt": "a"}
        yield {"intent": "clean", "protect": f"{number},0,1,1"}
    for word in filter(str.strip, (*_CELLS, *_WORDS)):
        yield {"intent": word}
        yield {"engine": f"generation={word}"}
        yield {"engine": word}
        yield {"param": f"blending.{word}={word}"}
        yield {"rights": word}
