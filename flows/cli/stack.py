"""`pentimento stack`: the real servers on this machine, without root and without containers."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from flows.cli.edit import Json
from infra.settings import Settings
from infra.stack import local
from infra.stack.layout import Layout
from infra.stack.supervisor import PartStatus

app = typer.Typer(
    no_args_is_help=True, help="Prefect server, MLflow server, S3 server and a worker on this machine."
)
PORT = "Its port; default the last one, or any that is free."
PrefectPort = Annotated[int, typer.Option("--prefect-port", min=0, max=65535, help=PORT)]
MlflowPort = Annotated[int, typer.Option("--mlflow-port", min=0, max=65535, help=PORT)]
S3Port = Annotated[int, typer.Option("--s3-port", min=0, max=65535, help=PORT)]
Timeout = Annotated[
    float, typer.Option("--timeout", min=1, help="Seconds within which each part must answer.")
]
Purge = Annotated[
    bool, typer.Option("--purge", help="Delete its data as well: store, runs, databases, logs.")
]
Pool = Annotated[str, typer.Option("--pool", help="Kind of the work pool: process, kubernetes or ecs.")]


@app.command()
def up(
    prefect_port: PrefectPort = 0, mlflow_port: MlflowPort = 0, s3_port: S3Port = 0, timeout: Timeout = 240,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Start what does not run yet, wait until all of it answers, and put pool, limits and deployments on the server."""
    from flows.doctor.packages import together

    packages = together()
    if not packages.ok:
        _tell(f"beware: {packages.detail}. Cure: {packages.cure}")
    wanted = {"prefect": prefect_port, "mlflow": mlflow_port, "s3": s3_port}
    layout = Layout.below(Settings().home)
    local.up(layout, wanted, timeout=timeout, deploy=(sys.executable, "-m", "flows.deployment"), tell=_tell)
    _show(layout, local.status(layout), as_json=as_json)


@app.command()
def down(purge: Purge = False, as_json: Json = False) -> None:
    """Stop every process of the stack. Data is kept, unless --purge."""
    layout = Layout.below(Settings().home)
    ended = local.down(layout, purge=purge)
    if as_json:
        typer.echo(json.dumps({"ended": ended, "purged": purge}))
        return
    kept = "its data is deleted" if purge else f"its data is kept in {layout.folder}"
    typer.echo(f"{ended} processes ended; {kept}" if ended else f"it did not run; {kept}")


@app.command()
def status(as_json: Json = False) -> None:
    """Each part: whether it answers, where, since when, what is wrong, and the cure. Exit code 1 unless all is well."""
    layout = Layout.below(Settings().home)
    found = local.status(layout)
    _show(layout, found, as_json=as_json)
    raise typer.Exit(0 if all(part.condition == "running" for part in found) else 1)


@app.command()
def deploy(pool: Pool = "process") -> None:
    """Put work pool, limits, automation and the deployments of prefect.yaml on the server that PREFECT_API_URL names."""
    from typing import cast

    from flows.deployment.prepare import prepare
    from flows.options import one_of
    from infra.prefect.pools import KINDS, Kind

    prepare(cast(Kind, one_of("kind of pool", pool, KINDS)), typer.echo)


def _tell(line: str) -> None:
    print(f"pentimento: {line}", file=sys.stderr, flush=True)


def _show(layout: Layout, found: tuple[PartStatus, ...], *, as_json: bool) -> None:
    if as_json:
        parts = [asdict(part) for part in found]
        well = all(part.condition == "running" for part in found)
        typer.echo(json.dumps({"running": well, "environment": str(layout.environment), "parts": parts}))
        return
    table = Table("part", "state", "address", "pid", "up for", box=None, pad_edge=False)
    for part in found:
        style = "green" if part.condition == "running" else "red"
        pid, age = (str(part.pid), _age(part.uptime)) if part.uptime else ("", "")
        table.add_row(part.title, f"[{style}]{part.condition}[/]", part.address, pid, age)
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(table)
    for part in found:
        if part.problem:
            said = f"{part.title}: {part.problem}\n  log   {part.log}\n  cure  {part.cure}"
            console.print(said, soft_wrap=True, highlight=False, markup=False)
    if all(part.condition == "running" for part in found):
        console.print(
            f"\nuse it with:  . {layout.environment}", soft_wrap=True, highlight=False, markup=False
        )
    elif not any(part.problem for part in found):
        console.print("\nstart it with:  pentimento stack up", highlight=False, markup=False)


def _age(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else (f"{minutes} min {rest} s" if minutes else f"{rest} s")
