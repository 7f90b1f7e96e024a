"""`pentimento plan`: print what would be done, run nothing."""

from __future__ import annotations

from pathlib import Path

import typer

from flows.cli import edit as edit_command
from flows.cli.request import EditOptions, edit_jobs
from infra.settings import Settings
from tasks.job import JobSpec
from tasks.steps.source import read_source
from tasks.workshop import WorkshopSpec, workshop


def plan(
    images: edit_command.Images, remove_text: edit_command.RemoveText = False,
    remove_object: edit_command.RemoveObject = False, replace: edit_command.Replace = "",
    upscale: edit_command.Upscale = 0, clean: edit_command.Clean = False, mask: edit_command.Mask = "",
    text: edit_command.Text = "overlay", rights: edit_command.Rights = "unknown",
    tier: edit_command.TierOption = "final", engine: edit_command.Engine = None, param: edit_command.Param = None,
    seed: edit_command.Seed = 0, as_json: edit_command.Json = False,
) -> None:  # fmt: skip
    """Print the plan for a picture: stages, ladders of engines, parameters, thresholds."""
    options = EditOptions(
        remove_text,
        remove_object,
        replace,
        upscale,
        clean,
        mask,
        text,
        rights,
        tier,
        engine or (),
        param or (),
        seed,
    )
    settings = Settings()
    spec = WorkshopSpec(
        store=settings.store_url, s3_endpoint_url=settings.s3_endpoint_url, cards=settings.cards
    )
    plans = [_planned(spec, job) for job in edit_jobs([Path(i) for i in images], options)]
    if as_json:
        typer.echo(plans[0][1] if len(plans) == 1 else f"[{','.join(text for _, text in plans)}]")
    else:
        typer.echo("\n\n".join(text for text, _ in plans))


def _planned(spec: WorkshopSpec, job: JobSpec) -> tuple[str, str]:
    chosen = read_source(workshop(spec), job).plan
    return f"{job.source}\n{chosen.describe()}", chosen.canonical().decode()
