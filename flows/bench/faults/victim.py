"""What a process that may be killed does: `catalog` through Prefect, as the command does, then `publish`; or that again, to the end.

It is forked from one that has everything imported, so that a death costs a second and not ten."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from flows.bench.faults.case import OF_RUNS, Case
from flows.bench.faults.schedule import Point, Schedule
from flows.bench.faults.stores import FaultyFolder
from flows.catalog import run_catalog
from flows.publish import run_publish
from infra.store.store import Store
from infra.tracking import mlflow_log
from tasks import workshop


@dataclass(frozen=True)
class Orders:
    """What to do, and where to note which stages were computed and when."""

    case: Case
    shard_size: int
    at: int
    """The crossing at which the process stops and waits to be killed; 0 for none."""
    journal: Path
    track: bool = False


def main(orders: Orders, line: Connection) -> None:
    """Says `("here", crossing)` and waits, or `("ended", result, visible, crossings)`."""
    began = time.monotonic()
    schedule = Schedule(Point(orders.at, "crash"), lambda name: _wait(line, name))
    _settings(orders.case)
    _plant(orders, schedule)
    result = run_catalog(
        str(orders.case.manifest), str(orders.case.out), shard_size=orders.shard_size, track=orders.track
    )
    schedule.cross("before task publish")
    published = run_publish(result["run_id"])
    schedule.cross("after task publish")
    line.send(("ended", result, published["status"], len(schedule.names), began))


def _wait(line: Connection, name: str) -> None:
    """The other threads go on until the end comes."""
    line.send(("here", name))
    while True:
        time.sleep(3600)


def _settings(case: Case) -> None:
    """Of this process alone."""
    os.environ.update(
        PENTIMENTO_HOME=str(case.home), PENTIMENTO_CARDS=str(case.folder / "cards"), PENTIMENTO_SAMPLE="1"
    )
    os.environ.pop("PENTIMENTO_STORE", None)


def _plant(orders: Orders, schedule: Schedule) -> None:
    """Every folder that this process opens is a faulty one."""
    file = os.open(orders.journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    class Noting(Store):
        def write_record(self, stage: str, key: str, record: dict[str, Any]) -> None:
            if stage not in OF_RUNS:
                os.write(file, f"{stage}/{key}.json {time.monotonic()}\n".encode())
            super().write_record(stage, key, record)

    def opened(url: str, endpoint_url: str = "", *, create: bool = False) -> Store:
        folder = Path(url)
        if create:
            folder.mkdir(parents=True, exist_ok=True)
        return Noting(FaultyFolder(folder, schedule))

    vars(workshop)["open_store"] = opened
    inner = mlflow_log._send

    def send(*given: Any) -> str:
        schedule.cross("before send")
        sent = inner(*given)
        schedule.cross("after send")
        return sent

    vars(mlflow_log)["_send"] = send
