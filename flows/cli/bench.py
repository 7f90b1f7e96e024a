"""`pentimento bench`: measure, against a rival in the same run."""

from __future__ import annotations

import importlib
import json
import os
import platform
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from flows.cli.edit import Json
from tasks.errors import BadRequest

Name = Annotated[str, typer.Argument(help="Which bench, or `all`.")]
Quick = Annotated[bool, typer.Option("--quick", help="The same keys on a smaller sample, within 4 minutes.")]
Large = Annotated[Path | None, typer.Option("--hr", help="upscale: a folder of pictures to score on.")]
Small = Annotated[
    Path | None,
    typer.Option("--lr", help="upscale: their small versions, by name; else made by antialiased bicubic."),
]
Factor = Annotated[int | None, typer.Option("--scale", help="upscale: by how much; 2, 3 or 4.")]

BENCHES = {
    "anchored": "flows.bench.anchored.measure", "attention": "flows.bench.attention.measure", "blend": "flows.bench.blend",
    "compare": "flows.bench.compare.measure",
    "engines": "flows.bench.engines", "fill": "flows.bench.fill.measure", "fullsize": "flows.bench.fullsize.measure",
    "hostile": "flows.bench.hostile.measure", "masks": "flows.bench.masks.measure",
    "memory": "flows.bench.memory.measure", "orchestration": "flows.bench.orchestration.measure",
    "resume": "flows.bench.resume",
    "tracking": "flows.bench.tracking.measure",
    "synthesis": "flows.bench.synthesis.measure",
    "proportional": "flows.bench.proportional", "seam": "flows.bench.seam.measure", "text": "flows.bench.text.measure", "tiers": "flows.bench.tiers",
    "upscale": "flows.bench.upscale.measure",
}  # fmt: skip
"""Name to the module whose `measure(quick)` returns `(rows, summary)`."""


ON_FOLDERS = ("upscale",)
"""Benches that measure on a folder of the caller's, by --hr, --lr and --scale."""


def bench(
    name: Name,
    quick: Quick = False,
    as_json: Json = False,
    hr: Large = None,
    lr: Small = None,
    scale: Factor = None,
) -> None:
    """Measure, and print every row and the summary."""
    if name != "all" and name not in BENCHES:
        raise BadRequest(f"there is no bench {name!r}", cure=f"one of all, {', '.join(BENCHES)}")
    given = {key: value for key, value in (("hr", hr), ("lr", lr), ("scale", scale)) if value is not None}
    if given and name not in ON_FOLDERS:
        options = ", ".join(f"--{key}" for key in given)
        raise BadRequest(f"bench {name} takes no {options}", cure=f"bench {', '.join(ON_FOLDERS)} does")
    for chosen in BENCHES if name == "all" else (name,):
        rows, summary = importlib.import_module(BENCHES[chosen]).measure(quick, **given)
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
