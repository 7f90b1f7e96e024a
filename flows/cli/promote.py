"""`pentimento promote`: move `@champion` to what a comparison found better, back again, and show what was moved."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer
from rich.console import Console

from flows.cli.edit import Json
from flows.cli.review import By
from flows.comparing.promotion import Asked, Promoted, promote_variant, roll_back
from flows.comparing.promotion_log import Change, read_changes
from flows.comparing.promotion_move import champions_of, unfinished
from flows.deciding import login_name, now
from flows.stored_run import store_of
from infra.settings import Settings
from infra.store.store import Store
from model_registry.registry import ROLES
from tasks.errors import BadRequest
from tasks.workshop import WorkshopSpec, workshop

Subject = Annotated[str, typer.Argument(help="A comparison; with --history a role.", metavar="COMPARE_ID")]
Variant = Annotated[str, typer.Option("--variant", metavar="NAME", help="Default: the verdict's winner.")]
Anyway = Annotated[
    str,
    typer.Option(
        "--anyway", metavar="REASON", help="Promote although the verdict does not say so; kept in the log."
    ),
]
Back = Annotated[
    str, typer.Option("--back", metavar="ROLE", help="Give a role's @champion back to who held it before.")
]
Why = Annotated[str, typer.Option("--why", help="With --back: the reason, kept in the log.")]
History = Annotated[bool, typer.Option("--history", help="Show what was promoted, of one role or of all.")]


def promote(
    compare_id: Subject = "", variant: Variant = "", anyway: Anyway = "", back: Back = "", why: Why = "",
    history: History = False, by: By = "", as_json: Json = False,
) -> None:  # fmt: skip
    """Move the alias @champion to a comparison's winner: `--engine STAGE=@champion` then means its engine."""
    _check_usage(compare_id, variant, anyway, back, why, history)
    settings = Settings()
    store = store_of(settings)
    if history:
        _history(settings, store, compare_id, as_json)
        return
    spec = WorkshopSpec(
        store=settings.store_url, s3_endpoint_url=settings.s3_endpoint_url, cards=settings.cards
    )
    asked = Asked(store, settings, workshop(spec).registry, by or login_name(), now(), anyway or why)
    done = roll_back(asked, back) if back else promote_variant(asked, compare_id, variant)
    if as_json:
        typer.echo(done.model_dump_json())
    else:
        _print(done)


def _check_usage(compare_id: str, variant: str, anyway: str, back: str, why: str, history: bool) -> None:
    if back and (compare_id or variant or anyway or history):
        raise BadRequest("--back was given with something else", cure="`pentimento promote --back ROLE`")
    if history and (variant or anyway):
        raise BadRequest("--history was given with a promotion", cure="`pentimento promote --history [ROLE]`")
    if why and not back:
        raise BadRequest("--why is for --back", cure="say --anyway REASON")
    if not (compare_id or back or history):
        raise BadRequest("nothing to promote was named", cure="`pentimento promote COMPARE_ID`")
    if history and compare_id and compare_id not in ROLES:
        raise BadRequest(f"there is no role {compare_id!r}", cure=f"the roles are {', '.join(ROLES)}")


def _print(done: Promoted) -> None:
    for role in done.finished:
        _line(f"{role}: an earlier change had been cut short, and is finished now")
    for change in done.changes:
        _line(_moved(change))
    for role in done.already:
        _line(f"{role}: @champion is that already")
    for one in done.not_promoted:
        _line(f"not promoted  {one}")
    for one in done.notes:
        _line(f"note          {one}")
    stages = [stage for c in done.changes if c.evidence for stage in c.evidence.stages]
    if stages:
        _line("in use with   " + " ".join(f"--engine {stage}=@champion" for stage in stages))
    if done.changes and done.changes[0].action == "promote":
        _line("back with     " + "; ".join(f"pentimento promote --back {c.role}" for c in done.changes))


def _moved(change: Change) -> str:
    former = change.former.said if change.former else "nobody"
    to = change.to.said if change.to else "nobody"
    return f"{change.role}: @{change.alias} {former} -> {to}"


def _history(settings: Settings, store: Store, role: str, as_json: bool) -> None:
    changes = read_changes(store, role)
    roles = list(dict.fromkeys(change.role for change in changes)) or ([role] if role else [])
    cut = [role for role in roles if _cut_short(settings, changes, role)]
    holding = {role: [held.engine for held in champions_of(settings, role)] for role in roles}
    if as_json:
        rows = [{**change.model_dump(mode="json"), "digest": change.digest} for change in changes]
        typer.echo(json.dumps({"changes": rows, "champions": holding, "unfinished": cut}, ensure_ascii=False))
        return
    for change in changes:
        _line(f"{change.at}  {change.by}  {'back  ' if change.action == 'back' else ''}{_moved(change)}")
        _line(f"    {_because(change)}") if _because(change) else None
    for role, engines in holding.items():
        _line(f"now  {role}: @champion is {' and '.join(engines) or 'nobody'}")
    for role in cut:
        _line(f"{role}: the last change was cut short; the same command again finishes it")
    if not changes:
        _line("nothing was promoted")


def _cut_short(settings: Settings, changes: tuple[Change, ...], role: str) -> bool:
    return (
        unfinished(settings, [change for change in changes if change.role == role][-1]) if changes else False
    )


def _because(change: Change) -> str:
    """The evidence in a line."""
    evidence = change.evidence
    found = f"{evidence.variant} of {evidence.comparison}: {evidence.verdict.sentence}" if evidence else ""
    why = f"reason: {change.why}" if change.why else ""
    return "; ".join(part for part in (found, why) if part)


def _line(text: str) -> None:
    Console(width=None if sys.stdout.isatty() else 140).print(
        text, soft_wrap=True, highlight=False, markup=False
    )
