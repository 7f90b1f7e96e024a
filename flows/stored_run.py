"""Read an ended run back from the store: its result, its jobs, and what people decided."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from infra.settings import Settings
from infra.store.contract import NotFound
from infra.store.store import Store, open_store
from tasks.errors import BadRequest
from tasks.job import JobSpec
from tasks.results import ItemResult, RunResult
from tasks.review.events import Event
from tasks.review.log import read_earlier, read_log
from tasks.review.state import PictureReview, fold
from tasks.steps.outcome import HARD

RESULT = "result.json"


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run that has ended, with the decisions made so far."""

    result: RunResult
    log: tuple[Event, ...]
    waiting: tuple[PictureReview, ...]

    @property
    def items(self) -> dict[str, ItemResult]:
        """By id."""
        return {item.id: item for item in self.result.items}


def store_of(settings: Settings) -> Store:
    """The store of the settings; nothing is made where there is none."""
    return open_store(settings.store_url, settings.s3_endpoint_url)


def stored_run(store: Store, run_id: str) -> StoredRun:
    """The run and its reviews. Raises BadRequest for an unknown or damaged run, ArtifactDamaged for a damaged log."""
    result = _result(store, run_id)
    log = read_log(store, run_id)
    events = (*read_earlier(store, run_id), *((run_id, event) for event in log))
    return StoredRun(result, log, fold(result.items, events, HARD))


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


def _result(store: Store, run_id: str) -> RunResult:
    try:
        return RunResult.model_validate_json(store.read_run(run_id, RESULT))
    except NotFound as error:
        near = difflib.get_close_matches(run_id, store.run_ids(), n=1)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise BadRequest(f"there is no finished run {run_id}{meant}", cure="see `pentimento runs`") from error
    except ValidationError as error:
        raise BadRequest(f"the result of {run_id} is damaged", cure="run the same command again") from error
