"""Everything that tells people about a run once its pictures are done: the review sheet, tracking, Prefect artifacts.

Nothing here can lose a result: each part warns and is passed over when it fails."""

from __future__ import annotations

import html as markup
import re
from collections.abc import Sequence
from heapq import nsmallest
from pathlib import Path

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from flows.guarded import guarded
from flows.request import Beside, RunRequest
from flows.reruns import read_result
from flows.savings import cell_savings_of, cell_table_of, savings_of, table_of
from flows.sheet.render import render
from flows.sheet_of_run import sheet_of_run
from flows.track_run import track_run
from tasks.results import RunResult
from tasks.savings import CellSavings, Savings
from tasks.workshop import Workshop, WorkshopSpec, workshop

ROWS = 200
"""Most rows of a Prefect table artifact."""
SHEET = "review.html"
SHEET_LINK = re.compile(r'<a href="([A-Za-z0-9._-]+)\.html"')


def report(
    request: RunRequest, spec: WorkshopSpec, result: RunResult, beside: Beside | None = None
) -> RunResult:
    """The result with where its sheet and its MLflow run are. beside: what else tracking is told."""
    shop = workshop(spec)
    savings = guarded("the account of savings", lambda: savings_of(shop.registry, result.items, result.tier))
    cells = guarded("the account of cells", lambda: cell_savings_of(shop.registry, result.items))
    result = result.model_copy(update={"savings": savings, "cell_savings": cells})
    html = guarded("the review sheet", lambda: render(sheet_of_run(shop, request.title, result)))
    sheet = (
        guarded("keeping the review sheet", lambda: _keep_sheet(shop, request, result, html))
        if html
        else None
    )
    result = result.model_copy(update={"sheet": sheet or ""})
    if request.track:
        mlflow_id = guarded("tracking", lambda: track_run(shop, request.settings, result, html or "", beside))
        result = result.model_copy(update={"mlflow_run_id": mlflow_id})
    guarded("Prefect artifacts", lambda: _artifacts(request, shop, result))
    return result


def _keep_sheet(shop: Workshop, request: RunRequest, result: RunResult, html: str) -> str:
    """In the store beside the run, and in the home folder to be opened from disk."""
    shop.store.write_run(result.run_id, SHEET, _in_store(html).encode(), "text/html")
    path: Path = request.settings.home / "sheets" / f"{result.run_id}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html, encoding="utf-8")
    return str(path.absolute())


def sheet_again(shop: Workshop, run_id: str) -> None:
    """Draw an ended run's sheet anew, with links to the reruns of its pictures. Warns where it cannot."""
    guarded("the sheet of the run that was rerun", lambda: _sheet_again(shop, run_id))


def _sheet_again(shop: Workshop, run_id: str) -> None:
    result = read_result(shop.store, run_id)
    drawn = shop.store.read_run(run_id, SHEET).decode()
    title = re.search(r"<title>(.*?)</title>", drawn, re.DOTALL)
    html = render(sheet_of_run(shop, markup.unescape(title[1]) if title else run_id, result))
    shop.store.write_run(run_id, SHEET, _in_store(html).encode(), "text/html")
    path = Path(result.sheet)
    if path.is_absolute() and path.is_file():
        path.write_text(html, encoding="utf-8")


def _in_store(html: str) -> str:
    """Sheets lie side by side in the home folder, and each in its run's folder in the store: so do their links."""
    return SHEET_LINK.sub(rf'<a href="../\1/{SHEET}"', html)


def _savings(savings: Savings) -> str:
    table = _markdown(table_of(savings))
    return (
        f"\n## What the cheap rungs saved\n\n{savings.sentence()}\n\n{table}\n\nQuality: {savings.quality}\n"
    )


def _cell_savings(savings: CellSavings) -> str:
    return f"\n## Who made the cells\n\n{savings.sentence()}\n\n{_markdown(cell_table_of(savings))}\n"


def _markdown(table: Sequence[Sequence[str]]) -> str:
    head, *rows = table
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows))


def _artifacts(request: RunRequest, shop: Workshop, result: RunResult) -> None:
    """Under keys that stay, so that Prefect shows each flow's outcomes as versions of one artifact."""
    rows = [
        {"id": i.id, "outcome": i.outcome, "regions": len(i.regions), "reason": i.reason, "cure": i.cure, "output": i.output}
        for _, i in nsmallest(ROWS, enumerate(result.items), key=lambda one: (one[1].outcome == "done", one[0]))
    ]  # fmt: skip
    create_table_artifact(rows, key=f"{request.name}-outcomes", description=f"Outcomes of {result.run_id}")
    counts = "\n".join(f"| {outcome} | {n} |" for outcome, n in result.counts.items())
    kept = shop.store.backend.url(f"runs/{result.run_id}/{SHEET}")
    text = (
        f"# {result.run_id}\n\n| outcome | pictures |\n|---|---|\n{counts}\n\n{len(result.items)} pictures in "
        f"{result.seconds:.1f} s, tier {result.tier}\n\nReview sheet: `{kept}`\n\nMLflow run: `{result.mlflow_run_id}`\n"
    )
    if result.savings:
        text += _savings(result.savings)
    if result.cell_savings:
        text += _cell_savings(result.cell_savings)
    create_markdown_artifact(text, key=f"{request.name}-summary", description=f"Summary of {result.run_id}")
