"""`pentimento review`: what waits for a person, and what the person says."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from typer.core import TyperCommand

from flows.cli.edit import Json
from flows.deciding import decide, login_name
from flows.rerun_notes import candidate_lines
from flows.stored_run import StoredRun, store_of, stored_run
from infra.settings import Settings
from tasks.errors import BadRequest
from tasks.review.events import Event, Target
from tasks.review.state import PictureReview, RegionReview

RunId = Annotated[str, typer.Argument(help="A run; see `pentimento runs`.", metavar="RUN_ID")]
Ids = Annotated[
    list[str] | None,
    typer.Option("--approve", metavar="ID…", help="Pictures, PICTURE:REGION, or PICTURE@RERUN."),
]
Rejected = Annotated[list[str] | None, typer.Option("--reject", metavar="ID…", help="The same, rejected.")]
Why = Annotated[str, typer.Option("--why", help="The reason, kept in the log.")]
By = Annotated[str, typer.Option("--by", help="Who decides; default the login name.")]
Log = Annotated[
    bool, typer.Option("--log", help="Show every decision ever made, the superseded ones as well.")
]
STYLE = {"pending": "magenta", "approved": "green", "rejected": "red", "in-part": "yellow", "allowed": "dim"}


class Greedy(TyperCommand):
    """Lets `--approve` and `--reject` take all the words up to the next option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """`--approve a b` as `--approve a --approve b`."""
        spread: list[str] = []
        option, empty = "", False
        for word in args:
            if option and not word.startswith("--"):
                spread += [option, word]
                empty = False
                continue
            spread += [option] if empty else []  # without an id: for click to complain of
            option = word if word in ("--approve", "--reject") else ""
            empty = bool(option)
            spread += [] if option else [word]
        spread += [option] if empty else []
        return super().parse_args(ctx, spread)


def review(
    run_id: RunId, approve: Ids = None, reject: Rejected = None, why: Why = "", by: By = "", log: Log = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    """List what waits in a run; approve or reject pictures or regions."""
    store = store_of(Settings())
    if approve or reject:
        run = decide(store, run_id, approve or (), reject or (), by=by or login_name(), why=why)
    elif why or by:
        raise BadRequest("a reason or a name without a decision", cure="add --approve ID… or --reject ID…")
    else:
        run = stored_run(store, run_id)
    if as_json:
        typer.echo(json.dumps(as_object(run, log), ensure_ascii=False))
    else:
        _print(run, log)


def as_object(run: StoredRun, log: bool) -> dict[str, Any]:
    """The one object of `--json`."""
    counts = {
        word: sum(p.state == word for p in run.waiting)
        for word in ("pending", "approved", "in-part", "rejected")
    }
    found: dict[str, Any] = {
        "run_id": run.result.run_id, "sheet": run.result.sheet, "counts": counts,
        "pictures": [picture.model_dump(mode="json") for picture in run.waiting],
    }  # fmt: skip
    if run.reruns:
        found["reruns"] = [
            {"run_id": r.run_id, "picture": r.rerun.picture, "asked": r.rerun.said, "by": r.rerun.by, "at": r.rerun.at,
             "outcome": r.items[0].outcome, "candidate": r.items[0].output,
             "in_place": run.taken.get(r.rerun.picture) == r.run_id}
            for r in run.reruns if r.rerun
        ]  # fmt: skip
    if log:
        found["log"] = [_logged(run, event) for event in run.log]
    return found


def _logged(run: StoredRun, event: Event) -> dict[str, Any]:
    counts = any(r.decided == event for p in run.waiting if p.id == event.picture for r in p.regions)
    return {**event.model_dump(mode="json"), "digest": event.digest, "in_force": counts}


def _print(run: StoredRun, log: bool) -> None:
    console = Console(width=None if sys.stdout.isatty() else 140)
    if not run.waiting:
        console.print(f"{run.result.run_id}: nothing waits for review", highlight=False)
    table = Table(
        "id", "state", "category", "reason", "evidence", "cure, or who decided", box=None, pad_edge=False
    )
    for picture in run.waiting:
        _rows(table, picture)
    if run.waiting:
        console.print(table)
        for picture in run.waiting:
            _line(console, f"candidate  {picture.id}  {picture.candidate}")
    _rerun_lines(console, run)
    if run.result.sheet:
        _line(console, f"review sheet  {run.result.sheet}")
    for event in run.log if log else ():
        mark = "" if _logged(run, event)["in_force"] else "  (superseded)"
        why = f": {event.why}" if event.why else ""
        target = Target(event.picture, event.region)
        _line(console, f"{event.at}  {event.by}  {event.decision}  {target}{why}{mark}")


def _rerun_lines(console: Console, run: StoredRun) -> None:
    """What may be approved in a picture's place."""
    for id_ in dict.fromkeys(r.rerun.picture for r in run.reruns if r.rerun):
        for line in candidate_lines(run.reruns, id_):
            there = line.startswith(f"{id_}@{run.taken.get(id_)}: ")
            _line(console, f"rerun      {line}" + ("  (in its place)" if there else ""))


def _line(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, highlight=False, markup=False)


def _rows(table: Table, picture: PictureReview) -> None:
    table.add_row(escape(picture.id), f"[{STYLE[picture.state]}]{picture.state}[/]", "", "", "", "")
    for region in picture.regions:
        name = str(Target(picture.id, region.n))
        table.add_row(
            f"  {escape(name)}", f"[{STYLE[region.state]}]{region.state}[/]", escape(region.category), escape(region.reason),
            escape(region.evidence or region.text), escape(_end(region)),
        )  # fmt: skip


def _end(region: RegionReview) -> str:
    event = region.decided
    if event is None:
        return region.cure
    return f"{event.by}, {event.at}" + (f": {event.why}" if event.why else "")
