"""The catalogue flow: a manifest of pictures in, edited pictures and a reviewable run out."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any, Literal

from prefect import flow
from prefect.runtime import flow_run
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner, ThreadPoolTaskRunner

from flows.aliases import snapshot
from flows.manifest import Defaults, Manifest, Row, read_manifest
from flows.ray_runner import on_ray
from flows.request import RunRequest
from flows.run import execute
from infra.settings import Settings
from tasks.contracts import Outcome
from tasks.results import ItemResult, RunResult
from tasks.spooled import AT_HAND, changed

Runner = Literal["threads", "processes", "ray"]


def _run_name() -> str:
    """The manifest's file name, so that a list of runs can be read."""
    return f"catalog {PurePosixPath(str(flow_run.parameters.get('manifest', ''))).name}"


RUNNER: TaskRunner[Any] = ThreadPoolTaskRunner(Settings().workers)
"""Of a deployed run, which nobody gives one: Prefect's own has no bound. From the command line it follows `--runner`."""


@flow(name="catalog", flow_run_name=_run_name, log_prints=False, persist_result=False, task_runner=RUNNER)
def process_catalog(
    manifest: str, out: str, tier: Literal["preview", "final"] = "final", shard_size: int = 0, fresh: bool = False,
    engines: dict[str, str] | None = None, params: dict[str, dict[str, str | int | float | bool]] | None = None,
    seed: int = 0, track: bool = True, preview_first: bool = False, observe: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Process every row of a manifest.

    manifest: path or `s3://` address of a CSV, JSON lines or Parquet file. out: folder or `s3://` prefix of the edited pictures.
    preview_first: previews of all pictures, with a sheet of their own, then the pictures, which use again all that the two
    tiers share: triage, what pictures have in common, detection, policy. Only the second pass is tracked, and
    only it is observed. observe: pictures whose sampling is observed, as the settings say for None. The same call again
    resumes. Returns the run's result as JSON, in two passes the second's; its `items` are a sequence that makes them when they
    are asked for, which `list` turns into JSON."""
    settings = Settings().observing(observe)
    defaults = Defaults(out, tier, seed, engines, params)
    rows = read_manifest(manifest, defaults, s3_endpoint_url=settings.s3_endpoint_url)
    request = RunRequest(
        "catalog", rows.jobs, settings, refused_rows(rows), shard_size or settings.shard_size, fresh, track,
        aliases=snapshot(rows.jobs, settings), title=manifest,
    )  # fmt: skip
    if preview_first and tier == "final":
        request = replace(request, first=_previews(request).run_id)
    return execute(request).told()


def _previews(request: RunRequest) -> RunResult:
    """The first pass: the same pictures as previews."""
    jobs = changed(request.jobs, lambda job: job.model_copy(update={"tier": "preview"}))
    settings = request.settings.observing(0)
    return execute(replace(request, jobs=jobs, settings=settings, track=False))


class _Refused(Mapping[int, ItemResult]):
    """Made when they are asked for: all rows of a manifest may be bad."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self._places = array("L", (place for place, row in enumerate(rows) if row.job is None))

    def __getitem__(self, place: int) -> ItemResult:
        if place not in self:
            raise KeyError(place)
        return _bad(self._rows[place])

    def __contains__(self, place: object) -> bool:
        at = bisect_left(self._places, place) if isinstance(place, int) else len(self._places)
        return at < len(self._places) and self._places[at] == place

    def __iter__(self) -> Iterator[int]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def refused_rows(manifest: Manifest) -> Mapping[int, ItemResult]:
    """Results of the rows that are no jobs, by their place among all rows."""
    return _Refused(manifest.rows)


def _bad(row: Row) -> ItemResult:
    outcome: Outcome = "rejected"
    return ItemResult(
        id=row.id, source=row.image, outcome=outcome, stage="manifest", reason=f"line {row.line}: {row.problem}",
        cure="correct the row and run the same command again",
    )  # fmt: skip


def run_catalog(manifest: str, out: str, *, runner: Runner = "threads", **options: Any) -> dict[str, Any]:
    """Run the flow on this machine, the work of its shards by `runner`; its result as JSON.

    ray: on the cluster that PENTIMENTO_RAY_ADDRESS names, or one of this machine's own; raises BadRequest without Ray."""
    workers = Settings().workers
    if runner == "ray":
        with on_ray(workers) as slots:
            return _run(ThreadPoolTaskRunner(slots), manifest, out, options)
    if runner == "processes":
        return _run(ProcessPoolTaskRunner(max_workers=workers), manifest, out, options)
    return _run(ThreadPoolTaskRunner(workers), manifest, out, options)


def _run(pool: TaskRunner[Any], manifest: str, out: str, options: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = process_catalog.with_options(task_runner=pool)(manifest, out, **options)
    items = result["items"]
    return result | ({"items": list(items)} if len(items) <= AT_HAND else {})
