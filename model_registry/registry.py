"""All cards, read and checked at once: which engines there are, by id, role, alias and fallback."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import get_args

from model_registry.card import Card, Role
from model_registry.card_files import read_cards
from model_registry.engines.contract import Params, ParamValue
from model_registry.errors import UnknownEngine
from model_registry.weights import at_hand

PACKAGED = Path(__file__).parent / "cards"
ROLES: tuple[str, ...] = get_args(Role)
_NO_PARAMS: Mapping[tuple[str, str], Params] = MappingProxyType({})
_LIST_CURE = "`pentimento models list` shows every engine"


@dataclass(frozen=True)
class Registry:
    """An immutable snapshot of cards and aliases. Made by `load`; picklable."""

    cards: tuple[Card, ...]
    """Sorted by id."""
    folders: tuple[Path, ...]
    """Folder of each card's file, in the order of `cards`."""
    aliases: tuple[tuple[str, str, str], ...] = ()
    """Role, alias and engine id, sorted."""
    alias_params: tuple[tuple[str, str, tuple[tuple[str, ParamValue], ...]], ...] = ()
    """Role, alias, and what the engine is set to under it otherwise than its card says; sorted."""

    @classmethod
    def load(cls, *folders: Path) -> Registry:
        """The packaged cards, then every `*.toml` below `folders`. Cards that are automatic with their weights are so, or
        are not, by what is at hand now.

        Raises BadCards with every fault of every card: syntax, schema, an id that is not the file's name or is used twice,
        fallbacks that are unknown, of another role, or circular."""
        found = sorted(read_cards((PACKAGED, *folders)), key=lambda pair: pair[0].id)
        return cls(tuple(_settled(*pair) for pair in found), tuple(folder for _, folder in found))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {card.id: i for i, card in enumerate(self.cards)}

    @cached_property
    def _alias_ids(self) -> dict[tuple[str, str], str]:
        return {(role, alias): engine for role, alias, engine in self.aliases}

    @cached_property
    def _alias_params(self) -> dict[tuple[str, str], dict[str, ParamValue]]:
        return {(role, alias): dict(params) for role, alias, params in self.alias_params}

    def get(self, name: str) -> Card:
        """The card with this id. Raises UnknownEngine, naming the nearest ids."""
        if name not in self._places:
            raise UnknownEngine(f"there is no engine {name!r}{_nearest(name, self._places)}", cure=_LIST_CURE)
        return self.cards[self._places[name]]

    def folder_of(self, card_id: str) -> Path:
        """The folder a card's relative weight paths start from. Raises UnknownEngine."""
        self.get(card_id)
        return self.folders[self._places[card_id]]

    def with_aliases(
        self, aliases: Mapping[str, Mapping[str, str]], params: Mapping[tuple[str, str], Params] = _NO_PARAMS
    ) -> Registry:
        """A registry with these aliases alone: role to alias (without `@`) to engine id.

        params: role and alias to parameters of the engine, which stand in the place of its card's defaults under the alias.
        Raises UnknownEngine for an id or role that does not exist, or an id of another role."""
        for role, named in aliases.items():
            if role not in ROLES:
                raise UnknownEngine(f"there is no role {role!r}", cure=f"the roles are {', '.join(ROLES)}")
            for engine in named.values():
                self._of_role_named(role, engine)
        flat = sorted(
            (role, alias, engine) for role, named in aliases.items() for alias, engine in named.items()
        )
        held = sorted((*place, tuple(sorted(given.items()))) for place, given in params.items() if given)
        return replace(self, aliases=tuple(flat), alias_params=tuple(held))

    def resolve(self, role: Role, name: str) -> Card:
        """The card for an id or an `@alias` of a role. Raises UnknownEngine, saying what there is instead."""
        if not name.startswith("@"):
            return self._of_role_named(role, name)
        engine = self._alias_ids.get((role, name[1:]))
        if engine is None:
            known = ", ".join(f"@{alias}" for r, alias, _ in self.aliases if r == role) or "none"
            raise UnknownEngine(
                f"the alias {name} is not set for role {role!r} (set: {known})",
                cure="set it on a registered model in MLflow, or give an id",
            )
        return _set_to(self._of_role_named(role, engine), name, self._alias_params.get((role, name[1:]), {}))

    def of_role(self, role: Role, tier: str = "final") -> tuple[Card, ...]:
        """The automatic engines of a role and tier, cheapest rung first, then by id; never one that invents."""
        known = (c for c in self.cards if c.role == role and not c.invents)
        found = (c for c in known if c.automatic and tier in c.tiers)
        return tuple(sorted(found, key=lambda c: (c.cost.rung, c.id)))

    def with_fallbacks(self, card: Card) -> tuple[Card, ...]:
        """The card, then its fallbacks and theirs, depth first, each once."""
        found = {card.id: card}
        for name in card.fallback:
            found |= {c.id: c for c in self.with_fallbacks(self.get(name)) if c.id not in found}
        return tuple(found.values())

    @cached_property
    def digest(self) -> str:
        """sha256 over the cards' facts; aliases and folders do not enter."""
        dump = [card.model_dump(mode="json") for card in self.cards]
        text = json.dumps(dump, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def _of_role_named(self, role: str, name: str) -> Card:
        of_role = [c.id for c in self.cards if c.role == role]
        if name in self._places and self.get(name).role == role:
            return self.get(name)
        if name in self._places:
            fault = f"the engine {name!r} has role {self.get(name).role!r}, not {role!r}"
            raise UnknownEngine(fault, cure=f"engines of role {role!r}: {', '.join(of_role) or 'none'}")
        cure = f"engines of role {role!r}: {', '.join(of_role) or 'none'}"
        raise UnknownEngine(f"there is no engine {name!r}{_nearest(name, self._places)}", cure=cure)


def _set_to(card: Card, alias: str, params: Params) -> Card:
    """The card with other defaults. Raises UnknownEngine when it has no such parameter."""
    unknown = sorted(set(params) - set(card.defaults))
    if unknown:
        raise UnknownEngine(
            f"{alias} sets {', '.join(unknown)} of {card.id}, which it has not",
            cure="promote it again, or name the engine itself",
        )
    return card.model_copy(update={"defaults": {**card.defaults, **params}}) if params else card


def _settled(card: Card, folder: Path) -> Card:
    """The card, its `automatic` true or false."""
    if card.automatic != "with-weights":
        return card
    return card.model_copy(update={"automatic": at_hand(card, folder)})


def _nearest(name: str, ids: Mapping[str, int]) -> str:
    near = difflib.get_close_matches(name, list(ids), n=3, cutoff=0.4)
    return f"; nearest: {', '.join(near)}" if near else ""
