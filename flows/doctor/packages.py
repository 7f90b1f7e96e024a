"""Python and the installed packages: against the lock, and against what is known not to work together."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from flows.doctor.finding import Finding, bad, doubtful, good

LOCK = Path(__file__).parents[2] / "constraints.txt"
LINE = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)$", re.MULTILINE)
INSTALL = "pip install --constraint constraints.txt --editable ."
OPENCV = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)
"""Wheels that all write the same `cv2/`: the last one installed wins, file by file."""
BELOW: Mapping[str, tuple[tuple[int, int], str]] = {
    "fastapi": ((0, 165), "Prefect 3.8's server does not start with it"),
    "sqlalchemy": (
        (2, 1),
        "the scheduler of Prefect 3.8's server fails with it: no schedule ever makes a run",
    ),
    "numpy": ((2, 4), "PaddleX does not import with it"),
}
"""What must stay below a version, and why."""


def python() -> Finding:
    """Whether the interpreter is the one that the packages are locked for."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] != (3, 11):
        return bad("python", f"{version}, not 3.11", "make the environment anew with Python 3.11: make setup")
    return good("python", version)


def locked(lock: Path = LOCK, versions: Mapping[str, str] | None = None) -> Finding:
    """Whether what is installed is what was tested. versions: by canonical name; default what is installed."""
    if not lock.is_file():
        return doubtful(
            "lock", "constraints.txt is not here, so versions were not compared", "run it from a clone"
        )
    here = installed() if versions is None else versions
    wanted = {canonical(name): version for name, version in LINE.findall(lock.read_text(encoding="utf-8"))}
    other = [
        f"{name} {here[name]} for {version}"
        for name, version in wanted.items()
        if here.get(name, version).partition("+")[0] != version
    ]
    if other:
        return doubtful("lock", f"not as locked: {', '.join(other)}", INSTALL)
    return good(
        "lock", f"{sum(name in here for name in wanted)} of {len(wanted)} locked packages here, all as locked"
    )


def together(versions: Mapping[str, str] | None = None) -> Finding:
    """Whether packages that break one another are apart. versions: as for `locked`."""
    here = installed() if versions is None else versions
    wrong = [f"{name} {here[name]}: {why}" for name, (_, why) in BELOW.items() if _too_new(name, here)]
    cv2 = {name: here[name] for name in OPENCV if name in here}
    if len(set(cv2.values())) > 1:
        listed = ", ".join(f"{name} {version}" for name, version in cv2.items())
        wrong.append(f"OpenCV wheels of several versions in one `cv2/`: {listed}")
    if wrong:
        below = [
            f"'{name}<{BELOW[name][0][0]}.{BELOW[name][0][1]}'" for name in BELOW if _too_new(name, here)
        ]
        return bad(
            "packages together", "; ".join(wrong), f"pip install {' '.join(below)}" if below else INSTALL
        )
    return good(
        "packages together",
        f"OpenCV {', '.join(sorted(set(cv2.values()))) or 'missing'}, fastapi, sqlalchemy, numpy",
    )


def installed() -> dict[str, str]:
    """Every installed distribution by canonical name; of two, the one that is imported."""
    versions: dict[str, str] = {}
    for each in metadata.distributions():
        if each.name:
            versions.setdefault(canonical(each.name), each.version)
    return versions


def canonical(name: str) -> str:
    """As package indexes compare names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _too_new(name: str, here: Mapping[str, str]) -> bool:
    return name in here and _pair(here[name]) >= BELOW[name][0]


def _pair(version: str) -> tuple[int, int]:
    numbers = [int(part) for part in re.findall(r"\d+", version)[:2]]
    return (numbers[0], numbers[1]) if len(numbers) == 2 else (numbers[0], 0)
