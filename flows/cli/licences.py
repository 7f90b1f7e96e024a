"""`pentimento licences`: the licences of packages and engines, and a bill of materials."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.edit import Json
from tasks.errors import BadRequest

Sbom = Annotated[
    Path | None, typer.Option("--sbom", help="Write a CycloneDX 1.6 bill of materials.", metavar="FILE")
]


def licences(sbom: Sbom = None, as_json: Json = False) -> None:
    """List what is not free for every use first: GPL, AGPL, non-commercial, restricted, unknown."""
    from importlib import metadata

    from flows.cli.check import registry
    from flows.doctor.packages import LOCK
    from flows.housekeeping.licences import engines, packages
    from flows.housekeeping.sbom import bill

    if not LOCK.is_file():
        raise BadRequest("constraints.txt is not here", cure="run it from a clone")
    listed = (*packages(LOCK.read_text(encoding="utf-8")), *engines(registry()))
    if sbom:
        sbom.write_bytes(bill(metadata.version("pentimento"), listed))
    counts = dict(sorted(Counter(one.kind for one in listed).items()))
    if as_json:
        rows = [{**asdict(one), "flagged": one.flagged} for one in listed]
        typer.echo(json.dumps({"counts": counts, "licences": rows}))
        return
    for one in sorted(listed, key=lambda one: (not one.flagged, one.what, one.name.lower())):
        typer.echo(f"{one.kind:<15}{one.what:<9}{one.name + '@' + one.version:<44}{one.licence}")
    typer.echo(", ".join(f"{n} {kind}" for kind, n in counts.items()), err=True)
