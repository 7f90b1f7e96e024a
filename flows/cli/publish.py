"""`pentimento publish`."""

from __future__ import annotations

import sys

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flows.cli.edit import Json
from flows.cli.review import By, RunId
from flows.stored_run import store_of, stored_run
from infra.settings import Settings


def publish(run_id: RunId, by: By = "", as_json: Json = False) -> None:
    """Make a run's allowed and approved pictures visible, by moving one pointer. The rest is listed and left out."""
    stored_run(store_of(Settings()), run_id)  # a wrong run is said before Prefect is started
    print("pentimento: starting Prefect …", file=sys.stderr, flush=True)
    from flows.publish import PublishResult, run_publish

    result = PublishResult.model_validate(run_publish(run_id, by))
    if as_json:
        typer.echo(result.model_dump_json())
        return
    console = Console(width=None if sys.stdout.isatty() else 140)
    if result.left_out:
        table = Table("left out", "state", "reason", "cure", box=None, pad_edge=False)
        for one in result.left_out:
            table.add_row(escape(one.id), one.state, escape(one.reason), escape(one.cure))
        console.print(table)
    mine = sum(one.run == run_id for one in result.visible)
    others = f", {len(result.visible) - mine} of other runs" if mine < len(result.visible) else ""
    said = f"{run_id}: {result.status}; {mine} picture(s) visible{others}, {len(result.left_out)} left out"
    console.print(said, highlight=False, markup=False, soft_wrap=True)
    console.print(f"pointer  {result.pointer}", highlight=False, markup=False, soft_wrap=True)
    if result.previous:
        console.print(f"before   {result.previous.run}", highlight=False, markup=False)
