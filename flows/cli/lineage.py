"""`pentimento lineage`: what made a file, and what came of a source."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.edit import Json
from infra.settings import Settings

if TYPE_CHECKING:
    from flows.housekeeping.lineage import Made

Asked = Annotated[
    str, typer.Argument(metavar="FILE|SHA256|RUN/ID", help="A file, its sha256, or a picture of a run.")
]


def lineage(asked: Asked, as_json: Json = False) -> None:
    """Back to source, plan, engines, weights, policy and code; of a source, on to everything that came of it."""
    from flows.housekeeping.lineage import lineage as trace
    from flows.stored_run import store_of

    found = trace(store_of(Settings()), asked)
    if as_json:
        typer.echo(json.dumps({"asked": asked, "made": [one.to_json() for one in found]}))
        return
    for one in found:
        _show(one)


def _show(one: Made) -> None:
    from tasks.steps.crop_strip import whole_of

    item = one.item
    typer.echo(f"{one.run}/{item.id}" + (f"  (this is its {one.what})" if one.what else ""))
    rows = {
        "source": f"{item.source_sha256}  {item.source}",
        "output": f"{item.output_sha256 or 'none'}  {item.output}",
        "outcome": f"{item.outcome} {item.reason}",
        "code": one.code or "not recorded by that version",
        "plan": item.plan + ("" if one.plan else "  (the plan itself was not kept by that version)"),
        "policy": "  ".join(f"{name} {value}" for name, value in one.policy.items()),
    }
    for name, said in rows.items():
        typer.echo(f"  {name:<9}{said}".rstrip())
    for engine in one.engines:
        typer.echo(
            f"  engine   {engine['stage']:<13}{engine['engine']:<28}{engine['weights'] or 'no weights'}"
        )
    for stage in item.stages:
        where = f"region {stage.region}" if stage.region else "picture"
        typer.echo(f"  stage    {stage.stage:<13}{where:<10}{stage.engine:<18}{stage.artifact}")
    for region in item.regions:
        for name, digest in region.artifacts.items():
            typer.echo(
                f"  region   {region.n} {name:<11}{digest}  {'; '.join(one.records.get(whole_of(digest)[0], ()))}".rstrip()
            )
    for name in one.records.get(item.output_sha256, ()):
        typer.echo(f"  record   {name}")
