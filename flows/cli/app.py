"""The command tree."""

from __future__ import annotations

import typer

from flows.cli import (
    bench,
    catalog,
    demo,
    edit,
    generate,
    models,
    overlays,
    plan,
    publish,
    rerun,
    review,
    runs,
    savings,
)

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Edit catalogue pictures: remove overlay text and objects, replace, synthesise, upscale; every pixel accounted for.",
)  # fmt: skip

app.command("edit")(edit.edit)
app.command("generate")(generate.generate)
app.command("plan")(plan.plan)
app.command("catalog")(catalog.catalog)
app.command("runs")(runs.runs)
app.command("rerun")(rerun.rerun)
app.command("review", cls=review.Greedy)(review.review)
app.command("publish")(publish.publish)
app.command("overlays")(overlays.overlays)
app.add_typer(models.app, name="models")
app.command("savings")(savings.savings)
app.command("bench")(bench.bench)
app.command("demo")(demo.demo)
