"""`pentimento bench`: measure, against a rival in the same run."""

from __future__ import annotations

import importlib
import json
import os
import platform
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from flows.cli.edit import Json
from tasks.errors import BadRequest

Name = Annotated[str, typer.Argument(help="Which bench, or `all`.")]
Quick = Annotated[bool, typer.Option("--quick", help="The same keys on a smaller sample, within 4 minutes.")]

BENCHES = {
    "anchored": "flows.bench.anchored.measure", "blend": "flows.bench.blend",
    "engines": "flows.bench.engines", "fill": "flows.bench.fill.measure", "masks": "flows.bench.masks.measure",
    "resume": "flows.bench.resume",
    "proportional": "flows.bench.proportional", "seam": "flows.bench.seam.measure", "text": "flows.bench.text.measure", "tiers": "flows.bench.tiers",
}  # fmt: skip
"""Name to the module whose `measure(quick)` returns `(rows, summary)`."""


def bench(name: Name, quick: Quick = False, as_json: Json = False) -> None:
    """Measure, and print every row and the summary."""
    if name != "all" and name not in BENCHES:
        raise BadRequest(f"there is no bench {name!r}", cure=f"one of all, {', '.join(BENCHES)}")
    for chosen in BENCHES if name == "all" else (name,):
        rows, summary = importlib.import_module(BENCHES[chosen]).measure(quick)
        report = {"bench": chosen, "machine": machine(), "rows": rows, "summary": summary}
        if as_json:
            typer.echo(json.dumps(report))
        else:
            _print(report)


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}


def _print(report: dict[str, Any]) -> None:
    console = Console(width=None if Console().is_terminal else 140)
    rows = report["rows"]
    if rows:
        table = Table(*rows[0], title=f"bench {report['bench']}")
        for row in rows:
            table.add_row(*(f"{v:.4g}" if isinstance(v, float) else str(v) for v in row.values()))
        console.print(table)
    for key, value in report["summary"].items():
        console.print(
            f"summary.{key} = {value:.4g}" if isinstance(value, float) else f"summary.{key} = {value}"
        )
