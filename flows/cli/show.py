"""Run something with live progress on stderr, then print its result, as a table or as one JSON object."""

from __future__ import annotations

import sys
from collections.abc import Callable

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from flows.rerun_notes import asked_by
from tasks import progress
from tasks.contracts import OUTCOMES
from tasks.results import ItemResult, RunResult

STEPS = ("triage", "detection", "restoration", "export")
STYLE = {
    "done": "green", "unchanged": "dim", "degraded": "yellow", "needs-review": "magenta", "blocked": "magenta",
    "rejected": "red", "failed": "bold red",
}  # fmt: skip


def run_and_show(run: Callable[[], dict[str, object]], pictures: int, *, as_json: bool) -> None:
    """Run, show, and exit with 1 when a picture was rejected or failed."""
    result = RunResult.model_validate(run_live(run, pictures))
    if as_json:
        typer.echo(result.model_dump_json())
    else:
        print_run(result)
    raise typer.Exit(1 if result.failed else 0)


def run_live(run: Callable[[], dict[str, object]], pictures: int) -> dict[str, object]:
    """Run with a bar a step on a terminal, or a line a finished picture elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        with progress.listening(_Lines(pictures)):
            return run()
    columns = TextColumn("{task.description:<12}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console) as bars, progress.listening(_Bars(bars, pictures)):
        return run()


class _Lines:
    def __init__(self, pictures: int) -> None:
        self.pictures = pictures
        self.done: set[str] = set()
        print("pentimento: starting Prefect …", file=sys.stderr, flush=True)

    def __call__(self, event: progress.Progress) -> None:
        if (
            event.step == "export" and event.item not in self.done
        ):  # a shard that is tried again says so again
            self.done.add(event.item)
            count = f"[{len(self.done)}/{self.pictures}]"
            print(f"{count} {event.outcome:<12} {event.item}", file=sys.stderr, flush=True)


class _Bars:
    def __init__(self, bars: Progress, pictures: int) -> None:
        self.bars, self.pictures = bars, pictures
        self.tasks: dict[str, TaskID] = {"": bars.add_task("starting", total=None)}

    def __call__(self, event: progress.Progress) -> None:
        if "" in self.tasks:
            self.bars.remove_task(self.tasks.pop(""))
        if event.step not in self.tasks:
            self.tasks[event.step] = self.bars.add_task(event.step, total=self.pictures)
        self.bars.advance(self.tasks[event.step])


def print_run(result: RunResult) -> None:
    """The table of outcomes, and where things are."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    table = Table(
        "id", "outcome", "regions", "engines", "seconds", "reason, or where it is", box=None, pad_edge=False
    )
    for item in sorted(result.items, key=lambda i: OUTCOMES.index(i.outcome)):
        seconds = sum(s.seconds for s in item.stages)
        style = STYLE[item.outcome]
        table.add_row(
            escape(item.id), f"[{style}]{item.outcome}[/]", str(len(item.regions)), escape(_engines(item)), f"{seconds:.2f}",
            escape(_reason(item)),
        )  # fmt: skip
    console.print(table)
    counts = ", ".join(f"{n} {outcome}" for outcome, n in result.counts.items())
    console.print(f"\n{result.run_id}: {counts} in {result.seconds:.1f} s", highlight=False)
    if result.counts.get("needs-review"):
        console.print(f"to decide     pentimento review {result.run_id}", soft_wrap=True, highlight=False)
    if result.rerun:
        said = f"{result.rerun.parent}: {result.rerun.picture}, {result.rerun.said}{asked_by(result.rerun)}"
        console.print(f"rerun of      {said}", soft_wrap=True, highlight=False, markup=False)
    if result.sheet:
        console.print(f"review sheet  {result.sheet}", soft_wrap=True, highlight=False, markup=False)
    if result.mlflow_run_id:
        console.print(f"MLflow run    {result.mlflow_run_id}", highlight=False)


def _engines(item: ItemResult) -> str:
    used = {region.engine: None for region in item.regions}
    return ", ".join(used) or next((s.engine for s in item.stages if s.engine), "")


def _reason(item: ItemResult) -> str:
    if not item.reason:
        return f"{item.output} (flagged: {'; '.join(item.flags)})" if item.flags else item.output
    text = f"{item.stage}: {item.reason}" if item.stage else item.reason
    return f"{text}. {item.cure}" if item.cure else text
