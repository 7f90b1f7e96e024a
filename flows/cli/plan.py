"""`pentimento plan`: print what would be done, run nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from flows.aliases import snapshot
from flows.cli import edit as edit_command
from flows.cli import generate as generate_command
from flows.cli.pointing import Click, ClickOff, Object, ObjectBox, mask_text
from flows.cli.request import EditOptions, edit_jobs
from flows.options import parse_engines
from infra.settings import Settings
from tasks.errors import BadRequest
from tasks.intents import Generate
from tasks.job import JobSpec
from tasks.steps.source import read_source
from tasks.workshop import WorkshopSpec, workshop

Images = Annotated[list[Path] | None, typer.Argument(help="Pictures to edit.", metavar="IMAGE…")]
Prompt = Annotated[
    str, typer.Option("--generate", metavar="PROMPT", help="Make a picture instead of editing one.")
]


def plan(
    images: Images = None, remove_text: edit_command.RemoveText = False,
    remove_object: edit_command.RemoveObject = False, replace: edit_command.Replace = "",
    upscale: edit_command.Upscale = 0, clean: edit_command.Clean = False, generate: Prompt = "",
    mask: edit_command.Mask = "", text: edit_command.Text = "overlay", rights: edit_command.Rights = "unknown",
    preset: edit_command.Preset = "", object_box: ObjectBox = None, click: Click = None, click_off: ClickOff = None,
    named: Object = "", protect: edit_command.Protect = None,
    out: edit_command.Out = "", tier: edit_command.TierOption = "final", engine: edit_command.Engine = None,
    param: edit_command.Param = None, seed: edit_command.Seed = 0, size: generate_command.Size = "512x512",
    scheduler: generate_command.Scheduler = "", steps: generate_command.Steps = 0, as_json: edit_command.Json = False,
) -> None:  # fmt: skip
    """Print the plan for a picture: stages, ladders of engines, parameters, thresholds."""
    options = EditOptions(
        remove_text, remove_object, replace, upscale, clean, mask_text(mask, object_box, click, click_off, named), text, rights, tier, engine or (), param or (), seed, out,
        preset, protect or (),
    )  # fmt: skip
    if generate:
        if images or options != EditOptions(
            tier=tier, engines=engine or (), params=param or (), seed=seed, out=out
        ):
            raise BadRequest("--generate was given with a picture or an edit", cure="plan one or the other")
        named = parse_engines(engine or ()).get("generation", "")
        jobs: tuple[JobSpec, ...] = (
            generate_command.generate_job(
                generate, size, named, scheduler, steps, seed, out or ".", param or []
            ),
        )
    elif images:
        jobs = edit_jobs(images, options)
    else:
        raise BadRequest("no picture was given", cure="name a picture, or give --generate PROMPT")
    _print([_planned(job) for job in jobs], as_json)


def _planned(job: JobSpec) -> tuple[str, str]:
    settings = Settings()
    spec = WorkshopSpec(
        store=settings.store_url,
        s3_endpoint_url=settings.s3_endpoint_url,
        cards=settings.cards,
        policy=settings.policy,
        aliases=snapshot([job], settings),
    )
    chosen = read_source(workshop(spec), job).plan
    subject = repr(job.intent.prompt) if isinstance(job.intent, Generate) else job.source
    return f"{subject}\n{chosen.describe()}", chosen.canonical().decode()


def _print(plans: list[tuple[str, str]], as_json: bool) -> None:
    """One object: the plan itself, or `{"plans": […]}` for several pictures."""
    if not as_json:
        typer.echo("\n\n".join(text for text, _ in plans))
    elif len(plans) == 1:
        typer.echo(plans[0][1])
    else:
        typer.echo(json.dumps({"plans": [json.loads(text) for _, text in plans]}, ensure_ascii=False))
