"""What a worker does with a shard, as a function that a process of its own can be told to run."""

from __future__ import annotations

import os
import signal

from flows.bench.faults.toys import PURPLE  # noqa: F401 - loaded before the fork
from tasks import placing, shards
from tasks.attempts import attempts
from tasks.run_files import read_jobs
from tasks.workshop import WorkshopSpec, workshop

STEPS: tuple[placing.Step, ...] = ("triage", "detection", "restoration", "export")


def through(spec: WorkshopSpec, shard: int) -> None:
    """All steps of a shard, as the tasks do them."""
    for step in STEPS:
        placing.shard_here(step, spec, shard, last_try=True)


def killed_at(spec: WorkshopSpec, shard: int, picture: str, signalled: int = signal.SIGKILL) -> None:
    """Killed from outside, while an innocent picture was at work."""
    shop = workshop(spec)
    jobs = read_jobs(shop, spec.run, shard)
    with attempts(shop, spec.run, shard, "detection", jobs) as tries:
        for job in jobs:
            if tries.at(job) is None and job.id == picture:
                os.kill(os.getpid(), signalled)


def killed_between(spec: WorkshopSpec, shard: int) -> None:
    """Killed when nothing was at work."""
    shop = workshop(spec)
    shards.triage_shard(shop, spec.run, shard)
    os.kill(os.getpid(), signal.SIGKILL)
