"""Run something with live progress on stderr, then print its result, as a table or as one JSON object."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from heapq import nlargest
from itertools import islice

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from flows.rerun_notes import asked_by
from tasks import progress
from tasks.contracts import OUTCOMES
from tasks.results import ItemResult, RunResult

ROWS = 1_000
"""Most pictures of the table."""
STEPS = ("triage", "detection", "restoration", "export")
STYLE = {
    "done": "green", "unchanged": "dim", "degraded": "yellow", "needs-review": "magenta", "blocked": "magenta",
    "rejected": "red", "failed": "bold red",
}  # fmt: skip


def run_and_show(
    run: Callable[[], dict[str, object]], pictures: int, *, as_json: bool, passes: Sequence[str] = ("",)
) -> None:
    """Run, show, and exit with 1 when a picture was rejected or failed. passes: what to call each, in order."""
    result = RunResult.model_validate(run_live(run, pictures, passes))
    if as_json:
        print_json(result)
    else:
        print_run(result)
    raise typer.Exit(1 if result.failed else 0)


def print_json(result: RunResult) -> None:
    """The result as one JSON object on stdout, a piece at a time."""
    for piece in result.written():
        typer.echo(piece, nl=False)
    typer.echo()


def run_live(
    run: Callable[[], dict[str, object]], pictures: int, passes: Sequence[str] = ("",)
) -> dict[str, object]:
    """Run with a bar a step on a terminal, or a line a finished picture elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        with progress.listening(_Lines(pictures, passes)):
            return run()
    columns = TextColumn("{task.description:<12}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console) as bars, progress.listening(_Bars(bars, pictures, passes)):
        return run()


class _Passes:
    """Which pass an event belongs to: each is a run of its own, and they come one after the other."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self.runs: list[str] = []

    def name(self, event: progress.Progress) -> str:
        if event.run_id not in self.runs:
            self.runs.append(event.run_id)
        return self.names[min(self.runs.index(event.run_id), len(self.names) - 1)]


class _Lines:
    def __init__(self, pictures: int, passes: Sequence[str]) -> None:
        self.pictures = pictures
        self.passes = _Passes(passes)
        self.done: dict[str, set[str]] = {}
        print("pentimento: starting Prefect …", file=sys.stderr, flush=True)

    def __call__(self, event: progress.Progress) -> None:
        done = self.done.setdefault(event.run_id, set())
        if event.step == "export" and event.item not in done:  # a shard that is tried again says so again
            done.add(event.item)
            count = f"{self.passes.name(event)}[{len(done)}/{self.pictures}]"
            print(f"{count} {event.outcome:<12} {event.item}", file=sys.stderr, flush=True)


class _Bars:
    def __init__(self, bars: Progress, pictures: int, passes: Sequence[str]) -> None:
        self.bars, self.pictures, self.passes = bars, pictures, _Passes(passes)
        self.tasks: dict[str, TaskID] = {"": bars.add_task("starting", total=None)}

    def __call__(self, event: progress.Progress) -> None:
        if "" in self.tasks:
            self.bars.remove_task(self.tasks.pop(""))
        step = f"{self.passes.name(event)}{event.step}"
        if step not in self.tasks:
            self.tasks[step] = self.bars.add_task(step, total=self.pictures)
        self.bars.advance(self.tasks[step])


def print_run(result: RunResult) -> None:
    """The table of outcomes, and where things are."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    table = Table(
        "id", "outcome", "regions", "engines", "seconds", "reason, or where it is", box=None, pad_edge=False
    )
    for item in _told(result.items):
        seconds = sum(s.seconds for s in item.stages)
        style = STYLE[item.outcome]
        table.add_row(
            escape(item.id), f"[{style}]{item.outcome}[/]", str(len(item.regions)), escape(_engines(item)), f"{seconds:.2f}",
            escape(_reason(item)),
        )  # fmt: skip
    console.print(table)
    if len(result.items) > ROWS:
        more = f"… and {len(result.items) - ROWS} more: pentimento runs {result.run_id} --json"
        console.print(more, highlight=False, markup=False)
    counts = ", ".join(f"{n} {outcome}" for outcome, n in result.counts.items())
    for item in islice(result.items, ROWS):
        if item.enlargement and item.enlargement.scale > 1:
            console.print(
                f"{item.id}: {item.enlargement.sentence()}", soft_wrap=True, highlight=False, markup=False
            )
    console.print(f"\n{result.run_id}: {counts} in {result.seconds:.1f} s", highlight=False)
    if result.counts.get("needs-review"):
        console.print(f"to decide     pentimento review {result.run_id}", soft_wrap=True, highlight=False)
    if result.rerun:
        said = f"{result.rerun.parent}: {result.rerun.picture}, {result.rerun.said}{asked_by(result.rerun)}"
        console.print(f"rerun of      {said}", soft_wrap=True, highlight=False, markup=False)
    if result.previews:
        console.print(f"previews      {result.previews}", soft_wrap=True, highlight=False, markup=False)
    if result.sheet:
        console.print(f"review sheet  {result.sheet}", soft_wrap=True, highlight=False, markup=False)
    if result.mlflow_run_id:
        console.print(f"MLflow run    {result.mlflow_run_id}", highlight=False)


def _told(items: Sequence[ItemResult]) -> list[ItemResult]:
    """In the order of outcomes, which ends with what needs a look; of very many the first that need it most."""
    if len(items) <= ROWS:
        return sorted(items, key=lambda i: OUTCOMES.index(i.outcome))
    return nlargest(ROWS, items, key=lambda i: OUTCOMES.index(i.outcome))[::-1]


def _engines(item: ItemResult) -> str:
    made = item.enlargement
    if made and made.scale > 1:
        return ", ".join(f"{r.engine} {r.cells / max(made.cells, 1):.0%}" for r in made.rungs if r.cells)
    used = {region.engine: None for region in item.regions}
    return ", ".join(used) or next((s.engine for s in item.stages if s.engine), "")


def _reason(item: ItemResult) -> str:
    if not item.reason:
        return f"{item.output} (flagged: {'; '.join(item.flags)})" if item.flags else item.output
    text = f"{item.stage}: {item.reason}" if item.stage else item.reason
    return f"{text}. {item.cure}" if item.cure else text
