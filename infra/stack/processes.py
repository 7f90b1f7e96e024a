"""Detached processes that can be told apart from everybody else's, also when their pid has been given to another."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]

MARK = "PENTIMENTO_STACK_FOLDER"
"""In the environment of every process of a stack, its children included: the stack's folder. It is what makes one ours."""
NAMED = "PENTIMENTO_STACK_PART"
"""Beside it: which part of the stack the process belongs to."""
SAME_START = 2.0
"""Seconds by which two readings of one process's start may differ."""
GRACE = 12.0
"""Seconds between asking to end and killing."""
EMPTY = 2.0
"""Seconds for which a living process may show no environment."""
KILLED = 15.0
"""Seconds until a killed process must be gone."""
_started: dict[int, subprocess.Popen[bytes]] = {}
"""What this process started and has not yet seen end."""


def start(
    part: str, command: Sequence[str], environment: Mapping[str, str], *, stack: Path, folder: Path, log: Path
) -> psutil.Process:
    """Start a process in a session of its own, so that it outlives its parent; output goes to `log`, anew.

    Raises OSError when there is no such program; psutil's errors when it ends at once."""
    marked = {**environment, MARK: str(stack), NAMED: part}
    with log.open("wb") as written:
        child = subprocess.Popen(  # noqa: S603 - the commands are the stack's own
            command, cwd=folder, env=marked, stdin=subprocess.DEVNULL, stdout=written, stderr=written,
            start_new_session=True,
        )  # fmt: skip
    _started[child.pid] = child
    process = psutil.Process(child.pid)
    _wait_for_environment(process)
    return process


def running(pid: int, started: float, stack: Path) -> psutil.Process | None:
    """The process, if it is still the one that was started, and ours. None for a pid that has passed to another."""
    _reap(pid)
    try:
        process = psutil.Process(pid)
        _wait_for_environment(process)
        same = abs(process.create_time() - started) < SAME_START
        return process if same and _stack_of(process) == str(stack) and _lives(process) else None
    except psutil.Error:
        return None


def family(stack: Path) -> list[psutil.Process]:
    """Every living process of the stack, whoever its parent is by now, oldest first. Needs no file."""
    found = []
    for pid in tuple(_started):
        _reap(pid)
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid != os.getpid() and _stack_of(process) == str(stack) and _lives(process):
                found.append(process)
    return sorted(found, key=lambda process: (process.create_time(), process.pid))


def part_of(process: psutil.Process) -> str:
    """Which part it belongs to; empty when it has ended."""
    with suppress(psutil.Error):
        return str(process.environ().get(NAMED, ""))
    return ""


def end(processes: Callable[[], Iterable[psutil.Process]], *, grace: float = GRACE) -> int:
    """Ask all to end, then kill what has not; how many were there. Asks `processes` again until there are none:
    one that is ending may still have started another. Raises TimeoutError for what cannot be killed."""
    seen: set[int] = set()
    deadline = time.monotonic() + grace
    while left := list(processes()):
        late = time.monotonic() > deadline
        if time.monotonic() > deadline + KILLED:
            raise TimeoutError(f"cannot be killed: {', '.join(str(process.pid) for process in left)}")
        for process in left:
            if late or process.pid not in seen:
                with suppress(psutil.Error):
                    process.send_signal(signal.SIGKILL if late else signal.SIGTERM)
            seen.add(process.pid)
        psutil.wait_procs(left, timeout=0.3)
    return len(seen)


def _stack_of(process: psutil.Process) -> str:
    return str(process.environ().get(MARK, ""))


def _wait_for_environment(process: psutil.Process) -> None:
    """While a process turns into another program, the kernel shows no environment of it for a moment."""
    end = time.monotonic() + EMPTY
    while time.monotonic() < end and _lives(process) and not process.environ():
        time.sleep(0.02)


def _lives(process: psutil.Process) -> bool:
    return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)


def _reap(pid: int) -> None:
    """Take the exit of what this very process started, so that it is gone and not a zombie."""
    if pid in _started and _started[pid].poll() is not None:
        del _started[pid]
