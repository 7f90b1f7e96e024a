"""`pentimento runs`: what was run, and how it ended."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from pydantic import ValidationError

from flows.cli.edit import Json
from flows.cli.show import print_json, print_run
from flows.stored_items import stored_result
from infra.settings import Settings
from infra.store.contract import NotFound
from infra.store.store import Store, open_store
from tasks.errors import BadRequest

RunId = Annotated[str, typer.Argument(help="A run; all runs when left out.", metavar="[RUN_ID]")]


def runs(run_id: RunId = "", as_json: Json = False) -> None:
    """List the runs in the store, or show one."""
    settings = Settings()
    store = open_store(settings.store_url, settings.s3_endpoint_url)
    if run_id:
        try:
            result = stored_result(store, run_id)
        except NotFound as error:
            raise BadRequest(f"there is no finished run {run_id}", cure="see `pentimento runs`") from error
        except ValidationError as error:
            raise BadRequest(
                f"the result of {run_id} is damaged", cure="run the same command again"
            ) from error
        if as_json:
            print_json(result)
        else:
            print_run(result)
        return
    listed = {name: _counts(store, name) for name in store.run_ids()}
    if as_json:
        typer.echo(json.dumps(listed))
        return
    if not listed:
        typer.echo("pentimento: there are no runs yet", err=True)
    for name, counts in listed.items():
        said = ", ".join(f"{n} {outcome}" for outcome, n in counts.items()) if counts else "not finished"
        typer.echo(f"{name:<32}{said}")


def _counts(store: Store, run_id: str) -> dict[str, int] | None:
    try:
        return stored_result(store, run_id).counts
    except (NotFound, ValidationError):
        return None
