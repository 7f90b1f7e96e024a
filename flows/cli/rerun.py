"""`pentimento rerun`: one region or picture of an ended run again, with another engine or parameter."""

from __future__ import annotations

from typing import Annotated, Literal, cast, get_args

import typer

from flows.cli.edit import Engine, Json, Param, Track
from flows.cli.show import run_and_show
from flows.options import one_of, parse_engines, parse_params
from infra.settings import Settings
from tasks.errors import BadRequest
from tasks.plan import Tier

RunId = Annotated[str, typer.Argument(help="An ended run; see `pentimento runs`.", metavar="RUN_ID")]
Picture = Annotated[
    str, typer.Argument(help="Which picture; may be left out where the run has one.", metavar="[ITEM]")
]
Image = Annotated[str, typer.Option("--image", metavar="ID", help="The picture, named by an option.")]
Region = Annotated[
    int, typer.Option("--region", min=0, metavar="N", help="One region alone; its number on the sheet.")
]
TierOption = Annotated[str, typer.Option("--tier", help="preview or final; default as before.")]
Seed = Annotated[int | None, typer.Option("--seed", help="Another seed number.")]
Out = Annotated[
    str,
    typer.Option("--out", help="A file or folder; default beside the old picture, under a name of its own."),
]
By = Annotated[str, typer.Option("--by", help="Who asks; default the login name.")]


def rerun(
    run_id: RunId, item: Picture = "", image: Image = "", region: Region = 0, engine: Engine = None, param: Param = None,
    tier: TierOption = "", seed: Seed = None, out: Out = "", by: By = "", track: Track = False, as_json: Json = False,
) -> None:  # fmt: skip
    """Make one region or picture again, otherwise; everything else comes from the store."""
    if item and image and item != image:
        raise BadRequest(f"two pictures were named, {item} and {image}", cure="a rerun is of one")
    if tier:
        one_of("--tier", tier, get_args(Tier))
    from flows.rerun_request import rerun_request
    from flows.rerun_wish import Wish

    wish = Wish(
        run_id, item or image, region, parse_engines(engine or ()), parse_params(param or ()), seed,
        cast(Literal["", "preview", "final"], tier), out, by, track,
    )  # fmt: skip
    rerun_request(Settings(), wish)  # what is wrong is said before Prefect is started

    def run() -> dict[str, object]:
        from flows.rerun import run_rerun

        return run_rerun(wish)

    run_and_show(run, 1, as_json=as_json)
