"""The way not to do it: a Prefect task for every stage of every picture, with the same stage functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows.bench.orchestration.loop import Stages
from tasks.contracts import Exported
from tasks.triage.facts import measure

STAGES = 6


def fine(by: Stages, files: Sequence[Path], out: Path, threads: int) -> None:
    """Every picture through STAGES tasks; their results are handed on in memory."""
    out.mkdir(parents=True, exist_ok=True)

    def write(made: Exported, path: Path) -> None:
        (out / f"{path.stem}{made.suffix}").write_bytes(made.data)

    work: tuple[Callable[..., Any], ...] = (by.read, measure, by.plan, by.enlarge, by.encode, write)
    read, look, planning, enlarge, encoding, writing = (_task(one) for one in work)

    pool: TaskRunner[Any] = ThreadPoolTaskRunner(threads)

    @flow(name="a task per picture per stage", task_runner=pool)
    def every() -> None:
        ends = []
        for path in files:
            raster = read.submit(path)
            made = encoding.submit(enlarge.submit(raster, planning.submit(look.submit(raster))), raster)
            ends.append(writing.submit(made, path))
        for end in ends:
            end.result()

    every()


def _task(work: Callable[..., Any]) -> Any:
    """The function as a Prefect task of its name."""

    @task(name=work.__name__, persist_result=False)
    def done(*given: Any) -> Any:
        return work(*given)

    return done
