"""`python packages.py pyproject.toml`: the project's dependencies, a line each, so that an image can have them before its code."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path


def requirements(pyproject: Path) -> list[str]:
    """What the project needs, and what building it needs."""
    found = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    return [*found["build-system"]["requires"], *found["project"]["dependencies"]]


if __name__ == "__main__":
    print("\n".join(requirements(Path(sys.argv[1]))))  # noqa: T201 - its output
