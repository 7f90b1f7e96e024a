"""`pentimento size`: how much is kept, by kind."""

from __future__ import annotations

import json

import typer

from flows.cli.edit import Json
from infra.settings import Settings


def size(as_json: Json = False) -> None:
    """Bytes and counts of artifacts, records by stage, runs, sheets, MLflow, spool and half-written files."""
    from flows.housekeeping.sizing import sizes
    from flows.stored_run import store_of

    settings = Settings()
    found = sizes(store_of(settings), settings)
    if as_json:
        typer.echo(json.dumps(found))
        return
    for kind, one in found.items():
        typer.echo(f"{kind:<26}{one['count']:>9}{one['bytes'] / 1e6:>12.3f} MB")
