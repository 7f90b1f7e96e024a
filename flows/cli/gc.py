"""`pentimento gc`: take away what nothing needs any more; without --delete it only says what would go."""

from __future__ import annotations

import json
import time
from typing import Annotated

import typer

from flows.cli.edit import Json
from infra.settings import Settings

DAY = 86400.0
KeepRuns = Annotated[
    int | None, typer.Option("--keep-runs", min=0, help="Runs that stay, the last ones; others may go.")
]
OlderThan = Annotated[
    float | None, typer.Option("--older-than", min=0, metavar="DAYS", help="Only runs and records older than this go.")
]  # fmt: skip
Grace = Annotated[
    float, typer.Option("--grace", min=0, metavar="HOURS", help="Nothing younger goes. Below 24 only while nothing runs.")
]  # fmt: skip
Delete = Annotated[bool, typer.Option("--delete", help="Take it away; otherwise nothing is changed.")]


def gc(
    keep_runs: KeepRuns = None, older_than: OlderThan = None, grace: Grace = 24.0, delete: Delete = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Artifacts that no record and no run names, and half-written files; with --keep-runs or --older-than old runs and their records too."""
    from flows.housekeeping.collecting import find_garbage, take_away
    from flows.housekeeping.keeping import Retention
    from flows.stored_run import store_of

    settings, now = Settings(), time.time()
    store = store_of(settings)
    asked = keep_runs is not None or older_than is not None
    retention = Retention(keep_runs or 0, (older_than or 0.0) * DAY) if asked else None
    garbage = find_garbage(store, settings, retention, now, grace * 3600)
    freed = take_away(store, garbage, now, grace * 3600) if delete else 0
    parts = {
        "artifacts": garbage.artifacts,
        "records": garbage.records,
        "run documents": garbage.documents,
        "temporary": garbage.temporary,
    }
    counts = {
        name: {"count": len(found), "bytes": sum(e.size for e in found)} for name, found in parts.items()
    }
    if as_json:
        said = {
            "deleted": delete, "bytes": garbage.bytes, "freed": freed, "parts": counts, "runs": garbage.runs,
            "kept_runs": garbage.stay, "waits_for": garbage.waits_for,
        }  # fmt: skip
        typer.echo(json.dumps(said))
        return
    for name, one in counts.items():
        typer.echo(f"{name:<15}{one['count']:>9}{one['bytes'] / 1e6:>12.3f} MB")
    for run in garbage.runs:
        typer.echo(f"run {run} {'is gone' if delete else 'would go'}")
    for run, why in garbage.stay.items():
        typer.echo(f"run {run} stays: {why}", err=True)
    if garbage.waits_for:
        typer.echo(
            f"records and runs stay while these are under way: {', '.join(garbage.waits_for)}", err=True
        )
    typer.echo(
        f"{freed / 1e6:.3f} MB freed" if delete else f"{garbage.bytes / 1e6:.3f} MB would go: add --delete"
    )
