"""A finding as a value, and how a check that breaks becomes one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from infra.secrets import without_secrets

Grade = Literal["good", "doubtful", "bad"]
"""bad: something will fail. doubtful: it works, but slower or less safely than it could."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    name: str
    grade: Grade
    detail: str
    cure: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing will fail because of it."""
        return self.grade != "bad"


Check = Callable[[], Finding]


def good(name: str, detail: str) -> Finding:
    """All is well."""
    return Finding(name, "good", without_secrets(detail))


def doubtful(name: str, detail: str, cure: str) -> Finding:
    """It works, but could be better."""
    return Finding(name, "doubtful", without_secrets(detail), cure)


def bad(name: str, detail: str, cure: str) -> Finding:
    """Something will fail."""
    return Finding(name, "bad", without_secrets(detail), cure)


def found(name: str, check: Check, cure: str) -> Finding:
    """What a check finds; a check that breaks has found something bad."""
    try:
        return check()
    except Exception as error:
        said = str(error) or type(error).__name__
        return bad(name, said.splitlines()[0][:300], getattr(error, "cure", "") or cure)
