"""`pentimento edit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.pointing import Click, ClickOff, Object, ObjectBox, mask_text
from flows.cli.request import EditOptions, edit_jobs
from flows.cli.show import run_and_show

Images = Annotated[list[Path], typer.Argument(help="Pictures to edit.", metavar="IMAGE…")]
RemoveText = Annotated[bool, typer.Option("--remove-text", help="Remove overlay text.")]
RemoveObject = Annotated[
    bool,
    typer.Option(
        "--remove-object", help="Remove what --mask covers, or --object-box, --click or --object name."
    ),
]
Replace = Annotated[
    str, typer.Option("--replace", metavar="PROMPT", help="Put what PROMPT says where --mask is.")
]
Upscale = Annotated[int, typer.Option("--upscale", metavar="2|3|4", help="Enlarge.")]
Clean = Annotated[bool, typer.Option("--clean", help="Remove noise and JPEG artefacts.")]
Mask = Annotated[
    str,
    typer.Option(
        "--mask",
        help="FILE, box:x0,y0,x1,y1[;…], poly:x,y x,y x,y[;…], key:#rrggbb~24, object:x0,y0,x1,y1, click:x,y, words:…",
    ),
]
Text = Annotated[
    str,
    typer.Option(
        "--text", help="Which text: overlay (put on the picture), scene (print, labels, signs) or all."
    ),
]
Preset = Annotated[
    str, typer.Option("--preset", help="Overlays of a supplier, saved by `pentimento overlays`.")
]
Rights = Annotated[str, typer.Option("--rights", help="own, licensed or unknown.")]
Out = Annotated[str, typer.Option("--out", help="A file, a folder or s3://…; default beside the picture.")]
TierOption = Annotated[str, typer.Option("--tier", help="preview or final.")]
Engine = Annotated[
    list[str] | None, typer.Option("--engine", metavar="STAGE=ID", help="Insist on an engine.")
]
Param = Annotated[list[str] | None, typer.Option("--param", metavar="STAGE.NAME=VALUE")]
Seed = Annotated[int, typer.Option("--seed")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, nothing else.")]
Protect = Annotated[
    list[str] | None,
    typer.Option(
        "--protect",
        metavar="X0,Y0,X1,Y1",
        help="With --upscale or --clean: a box of the source that no network touches. Repeatable.",
    ),
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Do everything again, whatever is stored.")]
Track = Annotated[bool, typer.Option("--track", help="Log an MLflow run as well.")]
Observe = Annotated[
    int | None,
    typer.Option(
        "--observe",
        min=0,
        metavar="N",
        help="Observe how N pictures are sampled: tokens, attention, steps. Shown on the review sheet.",
    ),
]


def edit(
    images: Images, remove_text: RemoveText = False, remove_object: RemoveObject = False, replace: Replace = "",
    upscale: Upscale = 0, clean: Clean = False, mask: Mask = "", text: Text = "overlay", rights: Rights = "unknown", preset: Preset = "",
    object_box: ObjectBox = None, click: Click = None, click_off: ClickOff = None, named: Object = "",
    protect: Protect = None,
    out: Out = "", tier: TierOption = "final", engine: Engine = None, param: Param = None, seed: Seed = 0,
    fresh: Fresh = False, track: Track = False, observe: Observe = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Edit one picture or a few."""
    options = EditOptions(
        remove_text,
        remove_object,
        replace,
        upscale,
        clean,
        mask_text(mask, object_box, click, click_off, named),
        text,
        rights,
        tier,
        engine or (),
        param or (),
        seed,
        out,
        preset,
        protect or (),
    )
    jobs = edit_jobs(images, options)

    def run() -> dict[str, object]:
        from flows.edit import run_edit

        return run_edit(jobs, fresh=fresh, track=track, observe=observe)

    run_and_show(run, len(jobs), as_json=as_json)
