"""Sends mutants through workers and watches them from outside: a worker that dies or hangs is counted, and the rest goes on."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO

SECONDS = 5.0
"""Most that one file may take."""
_START = 120.0
"""Seconds that a worker may take to import what it needs."""


@dataclass
class Tally:
    """How mutants ended."""

    ends: Counter[str] = field(default_factory=Counter)
    finds: list[tuple[int, str]] = field(default_factory=list)
    """Number and fault of every mutant that did not end as it must."""
    slowest_s: float = 0.0
    peak_mb: int = 0

    @property
    def mutants(self) -> int:
        """Mutants that were tried."""
        return self.ends.total()

    @property
    def typed_share(self) -> float:
        """Share that ended as pixels or as a refusal with a reason and a cure."""
        return (self.ends["decoded"] + self.ends["rejected"]) / max(1, self.mutants)

    def add(self, number: int, kind: str, seconds: float, peak_mb: int) -> None:
        """One mutant's end."""
        self.ends[kind] += 1
        self.slowest_s, self.peak_mb = max(self.slowest_s, seconds), max(self.peak_mb, peak_mb)
        if kind not in ("decoded", "rejected") or seconds > SECONDS:
            self.finds.append((number, kind if seconds <= SECONDS else "slow"))

    def join(self, other: Tally) -> None:
        """Take in what another range gave."""
        self.ends += other.ends
        self.finds += other.finds
        self.slowest_s, self.peak_mb = max(self.slowest_s, other.slowest_s), max(self.peak_mb, other.peak_mb)


def breed(first: int, last: int) -> Tally:
    """Mutants `first` up to, not including, `last`, one after another."""
    tally = Tally()
    while first < last:
        first = _work(first, last, tally)
    return tally


def _work(first: int, last: int, tally: Tally) -> int:
    """One worker until it is through, dies or hangs; the number of the first mutant that is still to be tried."""
    command = [sys.executable, "-m", "flows.bench.hostile.worker", str(first), str(last)]
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}
    begun, todo = -1, first

    def _patience() -> float:
        return _START if begun < 0 else 4 * SECONDS

    with subprocess.Popen(  # noqa: S603 (our own module)
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=alone, bufsize=0
    ) as worker:
        assert worker.stdout is not None
        for line in _Lines(worker.stdout, _patience):
            number, kind, *cost = line.split()
            begun = int(number)
            if cost:
                tally.add(begun, kind, float(cost[0]) / 1000, int(cost[1]))
                todo = begun + 1
        hung = worker.poll() is None and todo < last and not _ended(worker)
        worker.kill()
    if todo >= last:
        return last
    if begun < todo:
        raise RuntimeError(
            f"the worker of the mutants from {todo} ended with {worker.returncode} before it began one"
        )
    tally.add(begun, "hung" if hung else "crash", 4 * SECONDS if hung else 0.0, 0)
    return begun + 1


def _ended(worker: subprocess.Popen[bytes]) -> bool:
    try:
        worker.wait(1)
    except subprocess.TimeoutExpired:
        return False
    return True


class _Lines:
    """The lines of a pipe, until it ends or nothing comes for as long as `patience` says."""

    def __init__(self, pipe: IO[bytes], patience: Callable[[], float]) -> None:
        self._pipe, self._patience, self._held = pipe, patience, b""
        self._selector = selectors.DefaultSelector()
        self._selector.register(pipe, selectors.EVENT_READ)

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        while b"\n" not in self._held:
            if not self._selector.select(self._patience()):
                raise StopIteration
            piece = os.read(self._pipe.fileno(), 65536)
            if not piece:
                raise StopIteration
            self._held += piece
        line, _, self._held = self._held.partition(b"\n")
        return line.decode()
