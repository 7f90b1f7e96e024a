"""What was started: a small file that a command started later can trust only as far as the processes bear it out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from infra.stack.contract import StackError
from infra.stack.files import write_whole
from infra.stack.layout import Layout


@dataclass(frozen=True, slots=True)
class Started:
    """A part that was started: its session's first process."""

    pid: int
    began: float
    """Seconds since the epoch, as the kernel has it: tells the process from a later one with the same pid."""


def read(layout: Layout) -> dict[str, Started]:
    """By part; empty when the stack is down, or the file is torn (its processes are then found by their mark)."""
    try:
        found = json.loads(layout.state.read_bytes())
        return {part: Started(int(each["pid"]), float(each["began"])) for part, each in found.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def write(layout: Layout, started: Mapping[str, Started]) -> None:
    """Replaces the file in one step."""
    write_whole(
        layout.state, json.dumps({part: asdict(each) for part, each in started.items()}, indent=1) + "\n"
    )


@contextmanager
def alone(layout: Layout) -> Iterator[None]:
    """Whoever starts or stops this stack does it alone. Raises StackError when another does already."""
    import fcntl

    layout.folder.mkdir(parents=True, exist_ok=True)
    with layout.lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StackError(
                f"another command is starting or stopping the stack in {layout.folder}. Cure: wait until it has ended"
            ) from error
        yield
