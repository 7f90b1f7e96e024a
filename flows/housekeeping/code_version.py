"""Which code made a run: the package's version, and the commit where it runs from a checkout."""

from __future__ import annotations

import subprocess
from functools import lru_cache
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]


@lru_cache(maxsize=1)
def code_version() -> str:
    """`0.1.0+g0123456789ab`, with `.changed` where tracked files differ from the commit; `0.1.0` without a checkout."""
    try:
        version = metadata.version("pentimento")
    except metadata.PackageNotFoundError:
        version = "0"
    commit = _git("rev-parse", "--short=12", "HEAD") if (ROOT / ".git").exists() else ""
    if not commit:
        return version
    changed = ".changed" if _git("status", "--porcelain", "--untracked-files=no") else ""
    return f"{version}+g{commit}{changed}"


def _git(*arguments: str) -> str:
    """What git says; empty where it is not installed or refuses."""
    try:
        said = subprocess.run(  # noqa: S603 (fixed arguments)
            ["git", "-C", str(ROOT), *arguments],  # noqa: S607 (the person's own git)
            capture_output=True, text=True, timeout=20, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    return said.stdout.strip()
