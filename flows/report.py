"""Everything that tells people about a run once its pictures are done: the review sheet, tracking, Prefect artifacts.

Nothing here can lose a result: each part warns and is passed over when it fails."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from flows.run import RunRequest
from flows.sheet.render import render
from flows.sheet_of_run import sheet_of_run
from flows.track_run import track_run
from tasks.results import RunResult
from tasks.workshop import Workshop, WorkshopSpec, workshop

log = logging.getLogger("pentimento")
T = TypeVar("T")
ROWS = 200
"""Most rows of a Prefect table artifact."""
SHEET = "review.html"


def report(request: RunRequest, spec: WorkshopSpec, result: RunResult) -> RunResult:
    """The result with where its sheet and its MLflow run are."""
    shop = workshop(spec)
    html = _guard("the review sheet", lambda: render(sheet_of_run(shop, request.title, result)))
    if html:
        result = result.model_copy(update={"sheet": _keep_sheet(shop, request, result, html)})
    if request.track:
        mlflow_id = _guard("tracking", lambda: track_run(shop, request.settings, result, html or ""))
        result = result.model_copy(update={"mlflow_run_id": mlflow_id})
    _guard("Prefect artifacts", lambda: _artifacts(result))
    return result


def _guard(what: str, work: Callable[[], T]) -> T | None:
    try:
        return work()
    except Exception as error:
        log.warning("%s failed, the results are not affected: %s", what, error, exc_info=True)
        return None


def _keep_sheet(shop: Workshop, request: RunRequest, result: RunResult, html: str) -> str:
    """In the store beside the run, and in the home folder to be opened from disk."""
    shop.store.write_run(result.run_id, SHEET, html.encode(), "text/html")
    path: Path = request.settings.home / "sheets" / f"{result.run_id}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html, encoding="utf-8")
    return str(path.absolute())


def _artifacts(result: RunResult) -> None:
    key = result.run_id.lower()
    rows = [
        {"id": i.id, "outcome": i.outcome, "regions": len(i.regions), "reason": i.reason, "output": i.output}
        for i in sorted(result.items, key=lambda i: i.outcome == "done")[:ROWS]
    ]
    create_table_artifact(rows, key=f"{key}-outcomes", description=f"Outcomes of {result.run_id}")
    counts = "\n".join(f"| {outcome} | {n} |" for outcome, n in result.counts.items())
    text = f"# {result.run_id}\n\n| outcome | pictures |\n|---|---|\n{counts}\n\nReview sheet: `{result.sheet}`\n"
    create_markdown_artifact(text, key=f"{key}-summary", description=f"Summary of {result.run_id}")
