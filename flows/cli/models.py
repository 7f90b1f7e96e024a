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
from model_registry.pull import pull as pull_weights
from model_registry.weights import verify as verify_weights

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
    rows = [(card, verify_weights(card, registry.folder_of(card.id))) for card in registry.cards]
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
def verify(as_json: Json = False) -> None:
    """Check every card's weights: there, whole, and of an allowed kind. Exit code 1 when any is wrong."""
    registry = all_cards()
    report = {
        card.id: verify_weights(card, registry.folder_of(card.id)) for card in registry.cards if card.weights
    }
    if as_json:
        typer.echo(json.dumps(report))
    for name, problems in () if as_json else report.items():
        typer.echo(f"{name}: {'; '.join(problems) or 'good'}")
    if not as_json:
        typer.echo(f"{len(registry.cards)} cards, {len(report)} with weights")
    raise typer.Exit(1 if any(report.values()) else 0)


@app.command()
def pull(engine: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Put an engine's weights where its card looks for them: made from packages at hand, or fetched at their revision."""
    cards = all_cards()
    typer.echo(pull_weights(cards.get(engine), cards.folder_of(engine)))
