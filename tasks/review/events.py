"""One decision of a person on a picture or a region: a frozen value with a name made of its own content."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tasks.chained import Chained
from tasks.errors import BadRequest

Decision = Literal["approve", "reject"]
LONGEST = 2000
"""Characters of a name or a reason."""


class Event(Chained):
    """A decision as the log keeps it. Never changed once it is written: a later event supersedes it."""

    at: str
    """UTC, ISO 8601."""
    by: str
    why: str = ""
    picture: str
    region: int = 0
    """0 for the whole picture."""
    decision: Decision
    candidate: str
    """sha256 of the file that was judged: the decision says nothing about any other."""


@dataclass(frozen=True, slots=True)
class Target:
    """A picture, or one region of it."""

    picture: str
    region: int = 0

    def __str__(self) -> str:
        return f"{self.picture}:{self.region}" if self.region else self.picture


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What one person says at one moment."""

    decisions: Mapping[Target, Decision]
    by: str
    at: str
    why: str = ""

    def checked(self) -> Verdicts:
        """Itself. Raises BadRequest when it does not say who, or says it in what a terminal would obey."""
        if not self.by.strip():
            raise BadRequest("nobody is named as the one who decides", cure="say who: --by NAME")
        for what, text in (("the name", self.by), ("the reason", self.why)):
            if len(text) > LONGEST:
                raise BadRequest(f"{what} has {len(text)} characters", cure=f"at most {LONGEST}")
            if any(unicodedata.category(c) in ("Cc", "Cs", "Cf") for c in text):
                raise BadRequest(
                    f"{what} holds control characters", cure="write it in plain text, on one line"
                )
        return self


def written(verdicts: Verdicts, candidates: Mapping[str, str], seen: Sequence[Event]) -> tuple[Event, ...]:
    """The events of one moment, chained to all that was seen.

    candidates: picture to the sha256 of its file. Decisions on pictures take the next number, those on regions the one
    after it, so that a region's decision overrides its picture's when both are made at once."""
    last = max((event.seq for event in seen), default=0)
    previous = heads(seen)
    events: list[Event] = []
    for target in sorted(verdicts.decisions, key=lambda t: (t.region > 0, t.picture, t.region)):
        event = Event(
            seq=last + 1 + (target.region > 0), previous=previous, at=verdicts.at, by=verdicts.by.strip(),
            why=verdicts.why.strip(), picture=target.picture, region=target.region,
            decision=verdicts.decisions[target], candidate=candidates[target.picture],
        )  # fmt: skip
        events.append(event)
        previous = (event.digest,)
    return tuple(events)


def heads(events: Sequence[Event]) -> tuple[str, ...]:
    """Digests of the events that no other one follows, sorted."""
    followed = {digest for event in events for digest in event.previous}
    return tuple(sorted({event.digest for event in events} - followed))


def in_order(events: Sequence[Event]) -> tuple[Event, ...]:
    """The one order in which everybody folds them, whoever wrote first: by number; of equal ones rejections come last,
    so that of two people who decide at the same moment the stricter one is heard."""
    return tuple(sorted(events, key=lambda e: (e.seq, e.decision == "reject", e.digest)))
