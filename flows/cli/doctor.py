"""`pentimento doctor`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import typer
from rich.console import Console

from flows.cli.edit import Json
from infra.settings import Settings

STYLES = {"good": "green", "doubtful": "yellow", "bad": "bold red"}
WIDE = 10


def doctor(as_json: Json = False) -> None:
    """What is wrong with packages, engines, machine, store and servers, and the cure. Exit code 1 when anything is bad."""
    from flows.doctor.examine import examine

    console = Console(width=None if sys.stdout.isatty() else 160)
    findings = []
    for finding in examine(Settings()):
        findings.append(finding)
        if not as_json:
            mark = f"[{STYLES[finding.grade]}]{finding.grade:<{WIDE}}[/]"
            console.print(f"{mark}{finding.name:<19}", end="", highlight=False)
            console.print(finding.detail, soft_wrap=True, highlight=False, markup=False)
            if finding.cure:
                console.print(
                    f"{'cure:':>{WIDE + 18}} {finding.cure}", soft_wrap=True, highlight=False, markup=False
                )
    well = all(finding.ok for finding in findings)
    if as_json:
        typer.echo(json.dumps({"ok": well, "checks": [asdict(f) | {"ok": f.ok} for f in findings]}))
    raise typer.Exit(0 if well else 1)
