"""Read an ended run back from the store: its result, its jobs, and what people decided."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from flows.reruns import name_beside, read_result, reruns_of, with_taken
from infra.settings import Settings
from infra.store.store import Store, open_store
from tasks.job import JobSpec
from tasks.results import ItemResult, RunResult
from tasks.review.events import Event
from tasks.review.log import read_earlier, read_log
from tasks.review.state import PictureReview, fold
from tasks.steps.outcome import HARD


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run that has ended, with the decisions made so far."""

    result: RunResult
    """With the reruns that were put in the place of what the run made."""
    log: tuple[Event, ...]
    waiting: tuple[PictureReview, ...]
    reruns: tuple[RunResult, ...] = ()
    """Of its pictures, whether or not they were taken."""
    taken: Mapping[str, str] = field(default_factory=dict)
    """Picture to the rerun that stands in its place."""

    @property
    def items(self) -> dict[str, ItemResult]:
        """By id."""
        return {item.id: item for item in self.result.items}


def store_of(settings: Settings) -> Store:
    """The store of the settings; nothing is made where there is none."""
    return open_store(settings.store_url, settings.s3_endpoint_url)


def stored_run(store: Store, run_id: str) -> StoredRun:
    """The run and its reviews. Raises BadRequest for an unknown or damaged run, ArtifactDamaged for a damaged log."""
    made = read_result(store, run_id)
    log = read_log(store, run_id)
    events = (*read_earlier(store, run_id), *((run_id, event) for event in log))
    reruns = reruns_of(store, run_id)
    result, taken = with_taken(made, reruns, [event for _, event in events])
    of_reruns = tuple((name, event) for name in taken.values() for event in read_log(store, name))
    return StoredRun(result, log, fold(result.items, (*of_reruns, *events), HARD), reruns, taken)


def jobs_shown(store: Store, run: StoredRun) -> Mapping[str, JobSpec]:
    """The jobs of what the run shows: a taken rerun's own, with its place beside what it stands for."""
    jobs = dict(jobs_of(store, read_result(store, run.result.run_id)))
    for picture, name in run.taken.items():
        theirs = jobs_of(store, read_result(store, name)).get(picture)
        if theirs and picture in jobs:
            mine = jobs[picture]
            jobs[picture] = theirs.model_copy(update={"out": mine.out, "name": name_beside(mine, theirs)})
    return jobs


def jobs_of(store: Store, result: RunResult) -> Mapping[str, JobSpec]:
    """The run's jobs by id, as they were resolved; `out` absolute, wherever the command was given."""
    names = [n for n in store.run_names(result.run_id) if n.startswith("shards/") and n.endswith(".json")]
    rows = [row for name in names for row in json.loads(store.read_run(result.run_id, name))]
    jobs = (JobSpec.model_validate(row) for row in rows)
    outputs = [item.output for item in result.items if item.output]
    return {job.id: _anchored(job, outputs) for job in jobs}


def _anchored(job: JobSpec, outputs: list[str]) -> JobSpec:
    """A relative folder is found again by where the run's pictures went."""
    if not job.out or "://" in job.out or os.path.isabs(job.out):
        return job
    tail = os.sep + os.path.normpath(job.out) + os.sep
    for output in outputs:
        head, found, _ = output.rpartition(tail)
        if found:
            return job.model_copy(update={"out": head + tail.rstrip(os.sep)})
    return job
