"""`pentimento generate`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.check import check_job
from flows.cli.destination import S3, Destination, named_file
from flows.cli.edit import Fresh, Json, Observe, Param, Seed, Track
from flows.cli.request import LONGEST_PROMPT
from flows.cli.show import run_and_show
from flows.options import parse_params
from tasks.errors import BadRequest
from tasks.intents import Generate
from tasks.job import JobSpec
from tasks.plan import Value

Prompt = Annotated[str, typer.Argument(help="What the picture shows.")]
Size = Annotated[str, typer.Option("--size", metavar="WxH")]
EngineId = Annotated[
    str, typer.Option("--engine", metavar="ID", help="A generator; see `pentimento models`.")
]
Scheduler = Annotated[str, typer.Option("--scheduler", metavar="NAME")]
Steps = Annotated[int, typer.Option("--steps", min=0)]
Out = Annotated[str, typer.Option("--out", help="A file or folder.")]
LARGEST_SIDE = 8192


def generate(
    prompt: Prompt, size: Size = "512x512", engine: EngineId = "", scheduler: Scheduler = "", steps: Steps = 0,
    seed: Seed = 0, out: Out = ".", param: Param = None, fresh: Fresh = False, track: Track = False,
    observe: Observe = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Make a picture from a prompt."""
    job = generate_job(prompt, size, engine, scheduler, steps, seed, out, param or [])

    def run() -> dict[str, object]:
        from flows.edit import run_edit

        return run_edit((job,), fresh=fresh, track=track, observe=observe)

    run_and_show(run, 1, as_json=as_json)


def generate_job(
    prompt: str, size: str, engine: str, scheduler: str, steps: int, seed: int, out: str, param: list[str]
) -> JobSpec:
    """The job of one prompt. Raises BadRequest for what no engine could make right."""
    if not 0 < len(prompt) <= LONGEST_PROMPT:
        raise BadRequest(f"the prompt has {len(prompt)} characters", cure=f"give 1 to {LONGEST_PROMPT}")
    width, height = _size(size)
    given: dict[str, Value] = {}
    if scheduler:
        given["scheduler"] = scheduler
    if steps:
        given["steps"] = steps
    params = parse_params(param)
    params["generation"] = {**params.get("generation", {}), **given}
    place = _destination(out)
    job = JobSpec(
        id="generated", root=str(Path.cwd()), image="", seed=seed, params=params,
        intent=Generate(prompt=prompt, width=width, height=height),
        engines={"generation": engine} if engine else {}, out=place.folder, name=place.name, suffix=place.suffix,
    )  # fmt: skip
    check_job(job)
    return job


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]{1,5})x([0-9]{1,5})", text.lower())
    if not found:
        raise BadRequest(f"size {text!r} is not WIDTHxHEIGHT", cure="such as --size 512x512")
    width, height = int(found[1]), int(found[2])
    if not (1 <= width <= LARGEST_SIDE and 1 <= height <= LARGEST_SIDE):
        raise BadRequest(f"size {text!r} is out of bounds", cure=f"1 to {LARGEST_SIDE} pixels a side")
    return width, height


def _destination(out: str) -> Destination:
    folder = out if out.startswith(S3) else str(Path(out).absolute())
    return named_file(out) or Destination(folder, "generated", "")
