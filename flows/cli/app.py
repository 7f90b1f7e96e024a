"""The command tree."""

from __future__ import annotations

import typer

from flows.cli import (
    bench,
    catalog,
    compare,
    demo,
    doctor,
    edit,
    gc,
    generate,
    licences,
    lineage,
    models,
    overlays,
    plan,
    promote,
    publish,
    rerun,
    review,
    runs,
    savings,
    size,
    stack,
    vote,
)

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Edit catalogue pictures: remove overlay text and objects, replace, synthesise, upscale; every pixel accounted for.",
)  # fmt: skip

app.command("edit")(edit.edit)
app.command("generate")(generate.generate)
app.command("plan")(plan.plan)
app.command("catalog")(catalog.catalog)
app.command("compare")(compare.compare)
app.command("runs")(runs.runs)
app.command("rerun")(rerun.rerun)
app.command("review", cls=review.Greedy)(review.review)
app.command("publish")(publish.publish)
app.command("vote")(vote.vote)
app.command("promote")(promote.promote)
app.command("overlays")(overlays.overlays)
app.add_typer(models.app, name="models")
app.command("savings")(savings.savings)
app.add_typer(stack.app, name="stack")
app.command("gc")(gc.gc)
app.command("size")(size.size)
app.command("lineage")(lineage.lineage)
app.command("licences")(licences.licences)
app.command("doctor")(doctor.doctor)
app.command("bench")(bench.bench)
app.command("demo")(demo.demo)
