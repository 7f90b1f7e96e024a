"""`pentimento demo`: make a sample catalogue whose clean truth is known, run it, and score it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from flows.cli.edit import Fresh, Json
from infra.secrets import without_secrets
from tasks.results import RunResult

if TYPE_CHECKING:
    from flows.demo.catalogue import Catalogue
    from flows.demo.score import Score

Folder = Annotated[Path, typer.Option("--folder", help="Where everything of the demo goes.")]
GOOD = ("done", "degraded")


def demo(folder: Folder = Path("demo"), fresh: Fresh = False, as_json: Json = False) -> None:
    """Run the main job on a sample catalogue and print measured scores against the truth."""
    home = folder.absolute() / "home"
    os.environ.setdefault("PENTIMENTO_HOME", str(home))
    os.environ.setdefault("PREFECT_HOME", str(home / "prefect"))
    Path(os.environ["PREFECT_HOME"]).mkdir(parents=True, exist_ok=True)  # Prefect makes only the last folder
    from flows.demo.catalogue import write_catalogue

    print(
        f"pentimento: writing the sample catalogue to {folder / 'catalogue'} …", file=sys.stderr, flush=True
    )
    catalogue = write_catalogue(folder / "catalogue")
    result = _run(catalogue, folder / "edited", fresh)
    scores = _scores(catalogue, result)
    if as_json:
        typer.echo(json.dumps({**result.model_dump(mode="json"), **_summary(scores)}))
    else:
        _print(catalogue, result, scores, folder)
    raise typer.Exit(0 if _as_planned(catalogue, result) else 1)


def _run(catalogue: Catalogue, out: Path, fresh: bool) -> RunResult:
    from flows.catalog import run_catalog
    from flows.cli.show import run_live

    def run() -> dict[str, object]:
        return run_catalog(str(catalogue.manifest), str(out.absolute()), fresh=fresh)

    return RunResult.model_validate(run_live(run, len(catalogue.items)))


def _scores(catalogue: Catalogue, result: RunResult) -> list[Score]:
    from flows.demo.score import score

    print("pentimento: scoring against the truth, and against boxes + Telea …", file=sys.stderr, flush=True)
    made = [
        item for item in result.items if item.output and item.outcome in (*GOOD, "unchanged", "needs-review")
    ]
    outputs = {item.id: Path(item.output) for item in made}
    zones = {item.id: [region.box for region in item.regions] for item in made}
    return score(catalogue, outputs, zones)


def _summary(scores: list[Score]) -> dict[str, object]:
    from flows.demo.report import summary

    return {"summary": summary(scores)}


def _as_planned(catalogue: Catalogue, result: RunResult) -> bool:
    """The planted bad files were rejected, and everything else was done."""
    bad = {item.id for item in catalogue.items if item.bad}
    return all(
        (item.outcome == "rejected") if item.id in bad else item.outcome in GOOD for item in result.items
    )


def _print(catalogue: Catalogue, result: RunResult, scores: list[Score], folder: Path) -> None:
    from flows.cli.show import print_run
    from flows.demo.report import table
    from infra.settings import Settings

    print_run(result)
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print()
    console.print(table(scores, {item.id: item.outcome for item in result.items}))
    settings = Settings()
    console.print(
        f"\nedited pictures  {(folder / 'edited').absolute()}", soft_wrap=True, highlight=False, markup=False
    )
    console.print(
        f"review sheet     {result.sheet}   (open it in a browser)",
        soft_wrap=True,
        highlight=False,
        markup=False,
    )
    console.print(
        f"MLflow run       {result.mlflow_run_id}   (.venv/bin/mlflow ui --backend-store-uri {without_secrets(settings.mlflow_uri)})",
        soft_wrap=True, highlight=False, markup=False,
    )  # fmt: skip
    planned = "as planned" if _as_planned(catalogue, result) else "NOT as planned: see the table"
    console.print(f"the demo ended {planned}", highlight=False)
