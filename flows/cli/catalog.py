"""`pentimento catalog`."""

from __future__ import annotations

from typing import Annotated, Literal, cast, get_args

import typer

from flows.cli.check import check_choices
from flows.cli.destination import named_file
from flows.cli.edit import Engine, Fresh, Json, Observe, Param, Seed, TierOption
from flows.cli.show import run_and_show
from flows.options import one_of, parse_engines, parse_params
from tasks.errors import BadRequest
from tasks.plan import Tier

ManifestPath = Annotated[
    str, typer.Argument(help="CSV, JSON lines or Parquet; local or s3://.", metavar="MANIFEST")
]
Out = Annotated[
    str, typer.Option("--out", help="Folder or s3://… for the edited pictures.", metavar="DIR|s3://…")
]
ShardSize = Annotated[int, typer.Option("--shard-size", min=1, max=64, help="Pictures that travel together.")]
PreviewFirst = Annotated[
    bool,
    typer.Option(
        "--preview-first", help="Previews of all pictures and their sheet, then the pictures themselves."
    ),
]
RunnerName = Annotated[str, typer.Option("--runner", help="threads, processes or ray.")]


def catalog(
    manifest: ManifestPath, out: Out, tier: TierOption = "final", shard_size: ShardSize = 16,
    runner: RunnerName = "threads", engine: Engine = None, param: Param = None, seed: Seed = 0, fresh: Fresh = False,
    preview_first: PreviewFirst = False, observe: Observe = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Process a catalogue. The same command again resumes, and redoes only what is missing."""
    one_of("--tier", tier, get_args(Tier))
    one_of("--runner", runner, ("threads", "processes", "ray"))
    if runner == "ray":
        from flows.ray_runner import require_ray

        require_ray()
    if preview_first and tier == "preview":
        raise BadRequest("--preview-first makes both tiers", cure="leave out one of the two")
    if named_file(out):
        raise BadRequest(
            f"--out {out} is one file for a catalogue", cure="give a folder or s3://bucket/prefix"
        )
    engines, params = parse_engines(engine or ()), parse_params(param or ())
    check_choices(engines, params)
    total, problems = preview_rows(manifest, out)
    for problem in problems:
        typer.echo(f"pentimento: {problem}", err=True)

    def run() -> dict[str, object]:
        from flows.catalog import run_catalog

        return run_catalog(
            manifest, out, runner=cast(Literal["threads", "processes", "ray"], runner), tier=tier, shard_size=shard_size, engines=engines, params=params, seed=seed,
            fresh=fresh, preview_first=preview_first, observe=observe,
        )  # fmt: skip

    run_and_show(run, total, as_json=as_json, passes=("preview ", "final ") if preview_first else ("",))


def preview_rows(manifest: str, out: str) -> tuple[int, tuple[str, ...]]:
    """How many jobs a manifest holds, and every bad row and unknown column, before anything is started."""
    from flows.manifest import Defaults, read_manifest
    from infra.settings import Settings

    rows = read_manifest(manifest, Defaults(out), s3_endpoint_url=Settings().s3_endpoint_url)
    unknown = tuple(f"column {name!r} is not known and is passed over" for name in rows.unknown_columns)
    return len(rows.jobs), (*unknown, *rows.problems)
