"""`pentimento generate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.edit import Fresh, Json, Param, Seed, Track
from flows.cli.request import SUFFIXES
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


def generate(
    prompt: Prompt, size: Size = "512x512", engine: EngineId = "", scheduler: Scheduler = "", steps: Steps = 0,
    seed: Seed = 0, out: Out = ".", param: Param = None, fresh: Fresh = False, track: Track = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Make a picture from a prompt."""
    job = generate_job(prompt, size, engine, scheduler, steps, seed, out, param or [])

    def run() -> dict[str, object]:
        from flows.edit import run_edit

        return run_edit((job,), fresh=fresh, track=track)

    run_and_show(run, 1, as_json=as_json)


def generate_job(
    prompt: str, size: str, engine: str, scheduler: str, steps: int, seed: int, out: str, param: list[str]
) -> JobSpec:
    """The job of one prompt. Raises BadRequest for a size that is none."""
    width, _, height = size.lower().partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise BadRequest(f"size {size!r} is not WIDTHxHEIGHT", cure="such as --size 512x512")
    given: dict[str, Value] = {}
    if scheduler:
        given["scheduler"] = scheduler
    if steps:
        given["steps"] = steps
    params = parse_params(param)
    params["generation"] = {**params.get("generation", {}), **given}
    path = Path(out)
    named = path.suffix.lower() in SUFFIXES and not path.is_dir()
    return JobSpec(
        id="generated", root=str(Path.cwd()), image="", seed=seed, params=params,
        intent=Generate(prompt=prompt, width=int(width), height=int(height)),
        engines={"generation": engine} if engine else {},
        out=str(path.absolute().parent if named else path.absolute()), name=path.stem if named else "generated",
        suffix=path.suffix.lower() if named else "",
    )  # fmt: skip
