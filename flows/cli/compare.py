"""`pentimento compare`."""

from __future__ import annotations

import sys
from typing import Annotated, Literal, cast, get_args

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flows.cli.catalog import ManifestPath, RunnerName, preview_rows
from flows.cli.check import registry
from flows.cli.destination import named_file
from flows.cli.edit import Fresh, Json, Seed, TierOption
from flows.cli.show import run_live
from flows.comparing.model import Comparison
from flows.options import one_of
from tasks.errors import BadRequest
from tasks.plan import Tier

VariantsFile = Annotated[
    str, typer.Option("--variants", help="TOML or JSON: [[variant]] tables with name, engines, params, tier, seed.", metavar="FILE")
]  # fmt: skip
Out = Annotated[
    str, typer.Option("--out", help="Folder or s3://… with a folder a variant; default the store alone.")
]
ShardSize = Annotated[
    int,
    typer.Option("--shard-size", min=0, max=64, help="Pictures a turn; 0: so few that turns are many."),
]


def compare(
    manifest: ManifestPath, variants: VariantsFile, out: Out = "", tier: TierOption = "final", seed: Seed = 0,
    shard_size: ShardSize = 0, runner: RunnerName = "threads", fresh: Fresh = False, as_json: Json = False,
) -> None:  # fmt: skip
    """Make the same pictures by several variants of the plan, in turns, and say which is better, by how much and how surely.

    The manifest's column `truth` names the true picture, where that is known. The first variant is the baseline."""
    one_of("--tier", tier, get_args(Tier))
    one_of("--runner", runner, ("threads", "processes"))
    if out and named_file(out):
        raise BadRequest(f"--out {out} is one file", cure="give a folder or s3://bucket/prefix")
    names = _names(variants, cast(Tier, tier), seed)
    total, problems = preview_rows(manifest, out)
    for problem in problems:
        typer.echo(f"pentimento: {problem}", err=True)

    def run() -> dict[str, object]:
        from flows.compare import run_compare

        return run_compare(
            manifest, variants, runner=cast(Literal["threads", "processes"], runner), out=out, tier=tier, seed=seed,
            shard_size=shard_size, fresh=fresh,
        ).model_dump(mode="json")  # fmt: skip

    comparison = Comparison.model_validate(run_live(run, total, tuple(f"{name} " for name in names)))
    if as_json:
        typer.echo(comparison.model_dump_json())
    else:
        print_comparison(comparison)
    raise typer.Exit(1 if comparison.failed else 0)


def _names(variants: str, tier: Tier, seed: int) -> list[str]:
    """Of the variants; all their faults are named before anything is started."""
    from flows.comparing.variants import Setting, read_variants
    from infra.settings import Settings

    endpoint = Settings().s3_endpoint_url
    found = read_variants(variants, Setting(registry(), tier=tier, seed=seed), s3_endpoint_url=endpoint)
    return [choice.name for choice in found]


def print_comparison(comparison: Comparison) -> None:
    """The table of variants, the verdict, and where things are."""
    console = Console(width=None if sys.stdout.isatty() else 140)
    deciding = [metric for metric in comparison.metrics if metric.deciding]
    heads = [f"{metric.name} {metric.unit}".strip() for metric in deciding]
    table = Table("variant", "chooses", *heads, "s/picture", "outcomes", "run", box=None, pad_edge=False)
    for variant in comparison.variants:
        means = [f"{variant.means[m.name]:.4g}" if m.name in variant.means else "n/a" for m in deciding]
        took = "n/a" if variant.cost.median is None else f"{variant.cost.median:.2f}"
        counts = ", ".join(f"{n} {outcome}" for outcome, n in variant.counts.items())
        style = "[green]" if variant.name == comparison.verdict.winner else ""
        end = "[/]" if style else ""
        said = escape(variant.choice.said or "as planned")
        table.add_row(f"{style}{variant.name}{end}", said, *means, took, counts, variant.run_id)
    console.print(table)
    for one in comparison.excluded:
        who = f" ({one.variant})" if one.variant else ""
        text = f"does not count: {one.picture}{who}: {one.outcome}: {one.reason}"
        console.print(text, soft_wrap=True, highlight=False, markup=False)
    console.print(f"\n{comparison.verdict.sentence}", soft_wrap=True, highlight=False, markup=False)
    for note in comparison.verdict.notes:
        console.print(f"note: {note}", soft_wrap=True, highlight=False, markup=False)
    n = len(comparison.pictures)
    console.print(f"\n{comparison.id}: {n} pictures compared in {comparison.seconds:.1f} s", highlight=False)
    for label, where in (("page", comparison.page), ("MLflow run", comparison.mlflow_run_id)):
        if where:
            console.print(f"{label:<12}{where}", soft_wrap=True, highlight=False, markup=False)
