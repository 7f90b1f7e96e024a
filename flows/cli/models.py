"""`pentimento models`: the engines at hand."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from flows.cli.check import registry as all_cards
from flows.cli.edit import Json
from model_registry.card import Card
from model_registry.errors import WeightsDamaged, WeightsMissing
from model_registry.lock import read_lock
from model_registry.pull import pull as pull_weights
from model_registry.weights import verify as verify_weights

Which = Annotated[str | None, typer.Argument(metavar="[ID]", help="One engine; all when left out.")]

app = typer.Typer(help="List, show and verify engines.", invoke_without_command=True)


@app.callback(invoke_without_command=True)
def models(context: typer.Context, as_json: Json = False) -> None:
    """The engines at hand; `list` when nothing else is said."""
    if context.invoked_subcommand is None:
        list_models(as_json)


@app.command("list")
def list_models(as_json: Json = False) -> None:
    """Every engine: role, runtime, licence, cost, and whether its weights are here."""
    registry = all_cards()
    rows = [(card, verify_weights(card, registry.folder_of(card.id), "none")) for card in registry.cards]
    if as_json:
        typer.echo(
            json.dumps({"engines": [{**card.model_dump(mode="json"), "problems": bad} for card, bad in rows]})
        )
        return
    table = Table("id", "role", "runtime", "rung", "s/MP", "licence", "weights", "what it is")
    for card, bad in rows:
        state = "missing or wrong" if bad else ("here" if card.weights else "none needed")
        cost = f"{card.cost.seconds_per_megapixel:g}"
        table.add_row(
            card.ref, card.role, card.runtime, str(card.cost.rung), cost, card.licence, state, card.title
        )
    Console(width=None if Console().is_terminal else 160).print(table)


@app.command()
def show(engine: Annotated[str, typer.Argument(metavar="ID")], as_json: Json = False) -> None:
    """Everything an engine's card says."""
    card: Card = all_cards().get(engine)
    if as_json:
        typer.echo(card.model_dump_json())
        return
    for name, value in card.model_dump(mode="json").items():
        typer.echo(
            f"{name:<12} {json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value}"
        )


@app.command()
def verify(engine: Which = None, as_json: Json = False) -> None:
    """Check the weights of one engine, or of all: there, whole, as their card and their lock say, nothing beside them.

    Exit code 1 when any are missing or wrong, 2 for an engine that does not exist."""
    registry = all_cards()
    cards = [registry.get(engine)] if engine else [card for card in registry.cards if card.weights]
    report = {card.id: verify_weights(card, registry.folder_of(card.id)) for card in cards}
    if as_json:
        typer.echo(json.dumps(report))
    for name, problems in () if as_json else report.items():
        typer.echo(f"{name}: {'; '.join(problems) or 'good'}")
    if not as_json and not engine:
        typer.echo(f"{len(registry.cards)} cards, {len(report)} with weights")
    raise typer.Exit(1 if any(report.values()) else 0)


@app.command()
def pull(engine: Annotated[str, typer.Argument(metavar="ID")], as_json: Json = False) -> None:
    """Put an engine's weights where its card looks for them: made from packages at hand, or fetched at their revision.

    What was fetched before is kept where it is right, and a lock is put beside it. Exit code 1 when they could not be had."""
    cards = all_cards()
    card = cards.get(engine)
    try:
        place = pull_weights(card, cards.folder_of(engine))
    except (WeightsMissing, WeightsDamaged) as error:
        typer.echo(f"pentimento: {error}", err=True)
        raise typer.Exit(1) from error
    lock = read_lock(place) if place.is_dir() else None
    files, size = (len(lock.files), lock.size) if lock else (0, 0)
    if as_json:
        said = {
            "engine": card.ref,
            "place": str(place),
            "licence": card.licence,
            "files": files,
            "bytes": size,
        }
        typer.echo(json.dumps(said))
        return
    typer.echo(place)
    if lock:
        typer.echo(f"{files} files, {size / 1e6:.0f} MB, {card.licence}", err=True)
