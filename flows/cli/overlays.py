"""`pentimento overlays RUN_ID --out FILE`: keep what a run learnt of a supplier's overlays, for other pictures of theirs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.edit import Json
from flows.stored_run import store_of, stored_run
from infra.settings import Settings
from tasks.detection.presets import SUFFIX, pack_overlays
from tasks.errors import BadRequest
from tasks.steps.repeated import overlays_of
from tasks.workshop import WorkshopSpec, workshop

RunId = Annotated[str, typer.Argument(help="A finished catalogue run.")]
Out = Annotated[Path, typer.Option("--out", help=f"The preset to write, such as acme{SUFFIX}.")]
Supplier = Annotated[
    str, typer.Option("--supplier", help="Whose overlays; default those of rows without a supplier.")
]


def overlays(run_id: RunId, out: Out, supplier: Supplier = "", as_json: Json = False) -> None:
    """Save the overlays that a run found on several pictures, for `--preset` and the manifest's `preset` column."""
    settings = Settings()
    stored_run(store_of(settings), run_id)
    spec = WorkshopSpec(store=settings.store_url, s3_endpoint_url=settings.s3_endpoint_url)
    found = overlays_of(workshop(spec), run_id).by_group
    if not found.get(supplier):
        known = ", ".join(repr(name) for name, there in sorted(found.items()) if there)
        whose = f" of supplier {supplier!r}" if supplier else ""
        cure = (
            f"it has some of {known}: --supplier"
            if known
            else "at least four pictures with declared rights must share one"
        )
        raise BadRequest(f"{run_id} found no shared overlay{whose}", cure=cure)
    out.write_bytes(pack_overlays(found[supplier]))
    count = len(found[supplier])
    if as_json:
        typer.echo(json.dumps({"preset": str(out), "overlays": count, "supplier": supplier}))
    else:
        typer.echo(f"{out}: {count} overlay{'s' if count > 1 else ''}")
