"""Where a bench's pages go and which side of the photographs it looks at: both by environment variable."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Final

from flows.demo.split import Side

FOLDER: Final = "PENTIMENTO_BENCH_OUT"
"""Folder for the page of the worst cases; else a new temporary one."""
SIDE: Final = "PENTIMENTO_BENCH_SIDE"
"""`tune` measures on the photographs that may be tuned on."""


def side() -> Side:
    """The side asked for; `score` unless told otherwise."""
    return "tune" if os.environ.get(SIDE) == "tune" else "score"


def folder(bench: str) -> Path:
    """A folder that exists, for the pages of this bench."""
    made = Path(os.environ.get(FOLDER) or tempfile.mkdtemp(prefix=f"pentimento-bench-{bench}-"))
    made.mkdir(parents=True, exist_ok=True)
    return made


def tell(line: str) -> None:
    """Progress, on stderr."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
