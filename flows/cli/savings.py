"""`pentimento savings RUN_ID`: what the cheap engines of a run saved, and on a sample, what that cost."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from flows.cli.edit import Json
from flows.request import RunRequest
from flows.savings import cell_savings_of, cell_table_of, savings_of, table_of
from flows.savings_sample import Sampled, sample
from flows.stored_run import jobs_of, store_of, stored_run
from infra.settings import Settings
from tasks.savings import CellSavings, Savings
from tasks.workshop import workshop

RunId = Annotated[str, typer.Argument(help="A finished run.")]
Sample = Annotated[
    int, typer.Option("--sample", min=0, help="Fill so many regions again with the top engine, and compare.")
]


def savings(run_id: RunId, size: Sample = 0, as_json: Json = False) -> None:
    """What the cheap rungs of the ladder saved in a run. With --sample also what they cost in quality."""
    settings = Settings()
    store = store_of(settings)
    result = stored_run(store, run_id).result
    spec = RunRequest("savings", (), settings).spec.model_copy(update={"run": run_id})
    shop = workshop(spec)
    found = result.savings or savings_of(shop.registry, result.items, result.tier)
    cells = result.cell_savings or cell_savings_of(shop.registry, result.items)
    compared = sample(shop, result, jobs_of(store, result), size) if size else None
    if as_json:
        said = {
            "savings": found.model_dump(mode="json") if found else None,
            "cells": cells.model_dump(mode="json") if cells else None,
            "sample": {**compared.model_dump(mode="json"), "differences": compared.differences}
            if compared
            else None,
        }
        typer.echo(json.dumps(said))
        return
    if found or not cells:
        _print(found, compared)
    if cells:
        _print_cells(cells)


def _print_cells(cells: CellSavings) -> None:
    typer.echo(cells.sentence())
    for row in cell_table_of(cells):
        typer.echo("  ".join(f"{cell:<14}" for cell in row).rstrip())


def _print(found: Savings | None, compared: Sampled | None) -> None:
    if found is None:
        typer.echo("no region of this run was filled by a ladder of several engines")
        return
    typer.echo(found.sentence())
    for row in table_of(found):
        typer.echo("  ".join(f"{cell:<14}" for cell in row).rstrip())
    if compared is None:
        typer.echo(f"quality: {found.quality}")
        return
    typer.echo(
        f"\n{len(compared.regions)} regions filled again with {compared.top}; cheap less {compared.top}:"
    )
    for name, value in compared.differences.items():
        typer.echo(f"  {name.replace('_', ' '):<24}{value:+.4g}")
    passed = sum(one.passed for one in compared.regions)
    top_passed = sum(one.top_passed for one in compared.regions)
    typer.echo(f"  pass verification       {passed} as they are, {top_passed} with {compared.top}")
    for line in compared.refused:
        typer.echo(f"  not done again: {line}")
