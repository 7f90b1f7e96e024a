"""`catalog` and then `publish`, in this process and without Prefect: the functions that its tasks and flows wrap, with faults planted
between them. A task that fails transiently is tried again as Prefect would; what escapes ends the command."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from unittest import mock

from flows import run
from flows import walk as walking
from flows.bench.faults.case import OF_RUNS, SHARD, Case
from flows.bench.faults.schedule import Schedule
from flows.bench.faults.stores import FaultyBackend
from flows.leftovers import half_written, sweep
from flows.publish import publish
from flows.request import RunRequest
from flows.stored_run import jobs_of, stored_run
from flows.walk import Leg
from infra.store.contract import Backend, Inventory, Unavailable
from infra.store.store import Store, open_store
from infra.tracking import mlflow_log, spool
from infra.tracking.model import TrackedRun
from tasks import placing, workshop
from tasks.errors import Transient
from tasks.prefect_tasks import RETRIES
from tasks.results import RunResult
from tasks.steps import repeated
from tasks.workshop import Workshop, WorkshopSpec

STEPS: tuple[placing.Step, ...] = ("triage", "detection", "restoration", "export")
AT = "2026-11-23T06:00:00.000+00:00"


@dataclass
class Journal:
    """The stages that were computed, in order, each with the shard that it was for."""

    shard: int = -1
    entries: list[tuple[str, int]] = field(default_factory=list)


class NotingStore(Store):
    """A store that says which records it is given, whether or not they arrive."""

    def __init__(self, backend: Inventory, journal: Journal) -> None:
        super().__init__(backend)
        self._journal = journal

    def write_record(self, stage: str, key: str, record: dict[str, Any]) -> None:
        """As ever."""
        if stage not in OF_RUNS:
            self._journal.entries.append((f"{stage}/{key}.json", self._journal.shard))
        super().write_record(stage, key, record)


class FaultyShop(Workshop):
    """A workshop whose store and folders are boundaries of a schedule; with none it only notes what is computed."""

    @cached_property
    def store(self) -> Store:
        """The workshop's own, behind the schedule."""
        inner, schedule = open_store(self.spec.store, create=True).backend, self.__dict__["schedule"]
        backend = FaultyBackend(inner, schedule) if schedule else inner
        return NotingStore(backend, self.__dict__["journal"])

    def backend(self, url: str) -> Backend:
        """The same for outputs and sources."""
        inner, schedule = open_store(url).backend, self.__dict__["schedule"]
        return FaultyBackend(inner, schedule) if schedule else inner


@contextmanager
def process(schedule: Schedule | None, journal: Journal) -> Iterator[None]:
    """What a new process has: no workshop yet. schedule: its workshops are faulty ones."""

    def made(spec: WorkshopSpec) -> Workshop:
        if spec not in shops:
            shops[spec] = FaultyShop(spec)
            shops[spec].__dict__.update(schedule=schedule, journal=journal)
        return shops[spec]

    shops: dict[WorkshopSpec, Workshop] = {}
    repeated._loaded.clear()
    with mock.patch.object(workshop, "workshop", made), _everywhere(made):
        yield


@contextmanager
def _everywhere(made: Callable[[WorkshopSpec], Workshop]) -> Iterator[None]:
    """The modules that imported the function by name."""
    with ExitStack() as stack:
        for module in (run, walking, placing):
            stack.enter_context(mock.patch.object(module, "workshop", made))
        yield


@dataclass(frozen=True)
class Command:
    """Of one process: `catalog`, then `publish`. Each may be given again after whatever happened."""

    case: Case
    schedule: Schedule
    journal: Journal

    def catalog(self) -> RunResult:
        """To the end; raises what ends the command. A run of which a shard broke down has not ended."""
        request = RunRequest("catalog", self.case.jobs, self.case.settings, shard_size=SHARD)
        leg = run.begin(request)
        stale = half_written(self.case.jobs, workshop.workshop(leg.spec))
        walking._write(leg)
        self._walk(leg)
        sweep(stale)
        with mock.patch.object(run, "report", self._report):
            return run.close(leg, run.ended(leg, 0.0))

    def publish(self, run_id: str) -> str:
        """What became of it."""
        settings = self.case.settings
        shop = workshop.workshop(WorkshopSpec(store=settings.store_url, cards=settings.cards, run=run_id))
        made = stored_run(shop.store, run_id)
        self.schedule.cross("before task publish")
        done = publish(shop, made, jobs_of(shop.store, made.result), by="bench", at=AT)
        self.schedule.cross("after task publish")
        return done.status

    def _walk(self, leg: Leg) -> None:
        """The steps one after the other, each over every shard that has not broken down."""
        shards = list(range(len(leg.shards)))
        for step in STEPS:
            sound = [n for n in shards if n not in leg.broken]
            if step == "detection":
                self._task(leg, "overlays", sound, partial(placing.overlays_here, leg.spec, sound))
            for n in [n for n in shards if n not in leg.broken]:
                self._task(leg, step, [n], partial(placing.shard_here, step, leg.spec, n, last_try=False))

    def _task(self, leg: Leg, name: str, shards: list[int], body: Callable[[], Any]) -> None:
        """Tried again as Prefect does it; the shards break down where it fails for good."""
        self.journal.shard = shards[0] if len(shards) == 1 else -1
        for more in reversed(range(RETRIES + 1)):
            try:
                self.schedule.cross(f"before task {name}")
                body()
                self.schedule.cross(f"after task {name}")
                return
            except Exception as error:
                if not more or not isinstance(error, Transient | Unavailable):
                    leg.broken.update(dict.fromkeys(shards, str(error)))
                    return

    def _report(
        self, request: RunRequest, spec: WorkshopSpec, result: RunResult, beside: object
    ) -> RunResult:
        """Tracking alone of all that tells people of a run: by its spool, to a server that is a folder."""
        tracked = TrackedRun(
            result.run_id, "catalog", metrics={k: float(v) for k, v in result.counts.items()},
            files={"outcomes.txt": repr(_outcomes(result)).encode()},
        )  # fmt: skip
        server = Server(self.case.home / "tracking", self.schedule)
        with mock.patch.object(mlflow_log, "_send", server.send), faulty_spool(self.schedule):
            mlflow_log.log_run(tracked, uri="", experiment="", waiting=self.case.home / "spool")
        return result


def _outcomes(result: RunResult) -> list[tuple[str, str]]:
    return [(item.id, item.outcome) for item in result.items]


@dataclass(frozen=True)
class Server:
    """Stands for the tracking server: a folder with a file a run, which is found again by our id as MLflow's runs are by their tag."""

    folder: Path
    schedule: Schedule

    def send(self, run: TrackedRun, uri: str, experiment: str) -> str:
        """As `mlflow_log._send`: begun, then filled, then acknowledged."""
        self.schedule.cross(f"before send {run.run_id}")
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / run.run_id
        path.touch()
        self.schedule.cross(f"during send {run.run_id}")
        path.write_text(json.dumps({"metrics": dict(run.metrics), "files": sorted(run.files)}))
        self.schedule.cross(f"after send {run.run_id}")
        return run.run_id

    def runs(self) -> Mapping[str, bool]:
        """Our id to whether all of it arrived."""
        return {p.name: bool(p.read_bytes()) for p in self.folder.iterdir()} if self.folder.is_dir() else {}


@contextmanager
def faulty_spool(schedule: Schedule) -> Iterator[None]:
    """Boundaries before and after what is put into the spool and taken out of it."""

    def around(name: str, inner: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any) -> Any:
            schedule.cross(f"before spool {name}")
            made = inner(*given)
            schedule.cross(f"after spool {name}")
            return made

        return call

    with ExitStack() as stack:
        for name in ("write", "remove"):
            stack.enter_context(mock.patch.object(spool, name, around(name, getattr(spool, name))))
        yield
