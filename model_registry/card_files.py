"""Reads card files and finds every fault in them, alone and together, before any is used."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import ValidationError

from model_registry.card import Card
from model_registry.errors import BadCards

Problems = defaultdict[str, list[str]]
Found = dict[Path, Card]


def read_cards(folders: Iterable[Path]) -> list[tuple[Card, Path]]:
    """Every card below the folders, with the folder its file is in. Raises BadCards with all faults at once."""
    problems: Problems = defaultdict(list)
    cards: Found = {}
    for path in _files(folders, problems):
        card = _read(path, problems)
        if card is not None:
            cards[path] = card
    _check_ids(cards, problems)
    _check_fallbacks(cards, problems)
    if problems:
        raise BadCards(dict(problems))
    return [(card, path.parent) for path, card in cards.items()]


def _files(folders: Iterable[Path], problems: Problems) -> list[Path]:
    """In the folders' order, sorted within each; a file reached twice counts once."""
    found: dict[Path, None] = {}
    for folder in folders:
        if not folder.is_dir():
            problems[str(folder)].append("there is no such folder of cards")
            continue
        found |= dict.fromkeys(path.resolve() for path in sorted(folder.rglob("*.toml")))
    return list(found)


def _read(path: Path, problems: Problems) -> Card | None:
    try:
        card = Card.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        problems[str(path)].append(f"cannot be read as TOML: {error}")
        return None
    except ValidationError as error:
        problems[str(path)] += [_sentence(fault) for fault in error.errors(include_url=False)]
        return None
    if path.stem != card.id:
        problems[str(path)].append(f"id {card.id!r} is not the file's name {path.stem!r}")
    return card


def _sentence(fault: Mapping[str, object]) -> str:
    where = fault["loc"]
    name = ".".join(str(part) for part in where) if isinstance(where, tuple) and where else "card"
    return f"{name}: {fault['msg']}"


def _check_ids(cards: Found, problems: Problems) -> None:
    first: dict[str, Path] = {}
    for path, card in cards.items():
        if card.id in first:
            problems[str(path)].append(f"id {card.id!r} is already used by {first[card.id]}")
        first.setdefault(card.id, path)


def _check_fallbacks(cards: Found, problems: Problems) -> None:
    by_id = {card.id: card for card in cards.values()}
    for path, card in cards.items():
        for name in card.fallback:
            if name not in by_id:
                problems[str(path)].append(f"fallback {name!r} is no engine's id")
            elif by_id[name].role != card.role:
                problems[str(path)].append(
                    f"fallback {name!r} has role {by_id[name].role!r}, not {card.role!r}"
                )
            elif by_id[name].invents and not card.invents:
                problems[str(path)].append(f"fallback {name!r} invents, and may not stand in unasked")
        cycle = _cycle_from(card.id, by_id)
        if cycle:
            problems[str(path)].append(f"fallbacks run in a circle: {' -> '.join(cycle)}")


def _cycle_from(start: str, by_id: Mapping[str, Card]) -> list[str]:
    """A way along fallbacks from `start` back to it, or nothing."""
    ways = [[start]]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        for name in by_id[way[-1]].fallback if way[-1] in by_id else ():
            if name == start:
                return [*way, name]
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return []
