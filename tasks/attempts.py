"""A shard's step, picture by picture, with a mark of the one at work: what killed its worker too often is passed over.

The last try before a picture is given up is made in a process of its own, one at a time on a machine: what dies there is
surely the picture's, the run goes on, and a picture that only stood beside another is cleared."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from infra.store.at_work import Left, Mark, mark_of
from infra.store.contract import StoreError
from tasks.job import JobSpec
from tasks.results import ItemResult
from tasks.steps.outcome import refused
from tasks.tries import Deaths
from tasks.workshop import Workshop

log = logging.getLogger("pentimento")
ALONE = "from tasks.alone import main; main()"
KILLED = frozenset(
    {signal.SIGKILL, signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE}
)
"""Ends that a picture may have brought about; not those that a person or the system asks for."""


@dataclass(slots=True)
class Attempts:
    """Of one step over one shard."""

    shop: Workshop
    jobs: Sequence[JobSpec]
    mark: Mark
    counted: dict[str, Deaths] = field(default_factory=dict)
    """By id, of the pictures that have a count."""

    def at(self, job: JobSpec) -> ItemResult | None:
        """The picture is at work from now on; a result where it is not to be tried."""
        deaths = self.counted.get(job.id)
        if deaths and len(deaths.tokens) >= self.shop.spec.tries:
            self.mark.at("")
            return refused(job, deaths.fault)
        self.mark.at(job.id)
        return None

    def nothing(self) -> None:
        """All pictures were at work."""
        self.mark.at("")

    def cleared(self, results: Sequence[ItemResult]) -> None:
        """Outcomes are kept: nothing stands any more against what was done after all."""
        done = {result.id for result in results}
        for job in self.jobs:
            deaths = self.counted.get(job.id)
            if deaths and job.id in done and len(deaths.tokens) < self.shop.spec.tries:
                with suppress(StoreError):
                    self.shop.ledger.forget(job)


@contextmanager
def attempts(
    shop: Workshop, run_id: str, shard: int, stage: str, jobs: Sequence[JobSpec]
) -> Iterator[Attempts]:
    """What was left here is counted, and what is on its last try is tried alone, before the block. Raises Unavailable."""
    with mark_of(shop.store, run_id, f"{shard:05d}", stage, last=stage == "export") as mark:
        mine = Attempts(shop, jobs, mark)
        if mark.left:
            _count(mine, mark.left)
        mine.counted |= {job.id: found for job in jobs if (found := shop.ledger.of(job)).tokens}
        for job in jobs:
            deaths = mine.counted.get(job.id, Deaths())
            if deaths.stage == stage and len(deaths.tokens) == shop.spec.tries - 1:
                _last(mine, job, stage, deaths)
        yield mine


def _count(mine: Attempts, left: Left) -> None:
    """The picture that a killed process was at."""
    for job in mine.jobs:
        if job.id == left.work:
            mine.counted[job.id] = deaths = mine.shop.ledger.add(job, left.token, left.stage)
            log.warning("%s was at work in %s when its worker was killed, %d of %d times", job.id, left.stage,
                        len(deaths.tokens), mine.shop.spec.tries)  # fmt: skip


def _last(mine: Attempts, job: JobSpec, stage: str, deaths: Deaths) -> None:
    """In a process of its own, whose results are found in the store when the step comes to it."""
    mine.shop.free()
    with _one_at_a_time():
        mine.mark.at(job.id)
        log.warning("%s is tried in a process of its own: %s", job.id, deaths.fault.message)
        ended = _alone(mine.shop, job, stage)
        mine.mark.at("")
    if ended:
        mine.counted[job.id] = mine.shop.ledger.add(job, f"alone after {deaths.tokens[-1]}", stage)


def _alone(shop: Workshop, job: JobSpec, stage: str) -> bool:
    """Whether the process was killed at it."""
    told = json.dumps(
        {"spec": shop.spec.model_dump(mode="json"), "job": job.model_dump(mode="json"), "stage": stage}
    )
    path = os.pathsep.join(folder for folder in sys.path if folder)
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-c", ALONE], input=told.encode(), env={**os.environ, "PYTHONPATH": path}, check=False,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
    except OSError as error:
        log.warning("%s is tried where it is, since no process could be started: %s", job.id, error)
        return False
    return -done.returncode in KILLED


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Of all processes of this person on this machine."""
    path = Path(tempfile.gettempdir(), f"pentimento-alone-{os.getuid()}")
    with ExitStack() as held:
        with suppress(OSError):  # somebody else's file, or no locks here: then they are not kept apart
            fcntl.flock(held.enter_context(path.open("ab")), fcntl.LOCK_EX)
        yield
