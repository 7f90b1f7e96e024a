"""The licences of the locked packages and of the engines' cards, each with what it asks of whoever uses them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from typing import Literal

from model_registry.registry import Registry
from model_registry.weights import weights_digest

Kind = Literal["permissive", "weak copyleft", "restricted", "copyleft", "unknown"]
NON_COMMERCIAL = re.compile(r"non-?commercial|\bCC-BY-NC|\bNC\b|research only", re.IGNORECASE)
RESTRICTED = re.compile(r"RAIL|Community License|\bSSPL|\bBUSL|Commons Clause", re.IGNORECASE)
WEAK = re.compile(r"\bLGPL|Lesser General Public|\bMPL|Mozilla Public|\bEPL-|Eclipse Public", re.IGNORECASE)
COPYLEFT = re.compile(r"\bA?GPL|Affero|GNU General Public", re.IGNORECASE)
FREE = re.compile(
    r"\bMIT\b|MIT-CMU|Apache|\bBSD\b|\dBSD|\bISC|\bPSF|Python Software Foundation|\bHPND|Unlicense|\bzlib|\bBSL-1\.0"
    r"|\bCC0|\bCC-BY-[34]|Artistic|\bTCL\b|CNRI-Python|Public Domain",
    re.IGNORECASE,
)
TEXTS = (
    ("MIT", "Permission is hereby granted, free of charge"),
    ("Apache-2.0", "Apache License"),
    ("BSD", "Redistribution and use in source and binary forms"),
)
"""How the licence files of packages whose metadata say nothing begin."""
LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)$", re.MULTILINE)
ORDER: tuple[Kind, ...] = ("permissive", "weak copyleft", "restricted", "copyleft", "unknown")
GROUP = re.compile(r"\(([^()]*\sOR\s[^()]*)\)")
CHOICES = re.compile(r"\s+OR\s+")


@dataclass(frozen=True, slots=True)
class Licensed:
    """A package or an engine."""

    name: str
    version: str
    licence: str
    """As it names it itself; empty where it does not say."""
    kind: Kind
    what: Literal["package", "engine"]
    sha256: str = ""
    """Digest of an engine's weights."""
    terms: str = ""

    @property
    def flagged(self) -> bool:
        """Whether a person should look: GPL, AGPL, non-commercial, restricted in use, or unknown."""
        return self.kind in ("copyleft", "restricted", "unknown")


def packages(lock: str) -> tuple[Licensed, ...]:
    """What the lock names, by name. lock: the text of constraints.txt. A package that is not installed here is unknown."""
    found = (_package(name, version) for name, version in LOCKED.findall(lock))
    return tuple(sorted(found, key=lambda one: one.name.lower()))


def engines(registry: Registry) -> tuple[Licensed, ...]:
    """The cards, by id."""
    return tuple(
        Licensed(
            card.id, card.version, card.licence, kind_of([card.licence, card.terms]), "engine", weights_digest(card), card.terms
        )
        for card in sorted(registry.cards, key=lambda card: card.id)
    )  # fmt: skip


def kind_of(said: Iterable[str]) -> Kind:
    """The strictest of what is said; of alternatives (`A OR B`) the freest."""
    text = GROUP.sub(lambda found: _freest(found[1]), " | ".join(one for one in said if one))
    return _kind(_freest(text))


def _freest(text: str) -> str:
    return min(CHOICES.split(text), key=lambda part: ORDER.index(_kind(part)))


def _kind(text: str) -> Kind:
    if NON_COMMERCIAL.search(text) or "may not be used commercially" in text or RESTRICTED.search(text):
        return "restricted"
    rest = WEAK.sub("", text)
    if COPYLEFT.search(rest):
        # Perl's licences, "Artistic or GPL", are the licensee's choice.
        return "permissive" if "Artistic" in rest else "copyleft"
    if WEAK.search(text):
        return "weak copyleft"
    return "permissive" if FREE.search(text) else "unknown"


def _package(name: str, version: str) -> Licensed:
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return Licensed(name, version, "", "unknown", "package")
    said = _said(found)
    return Licensed(name, version, " | ".join(said), kind_of(said), "package")


def _said(found: metadata.Distribution) -> list[str]:
    """The SPDX expression; else the classifiers and the first line of the field; else what its licence file is."""
    fields = found.metadata
    expression = fields.get_all("License-Expression")
    if expression:
        return [str(expression[0])]
    classified = [
        str(one).rpartition(" :: ")[2]
        for one in fields.get_all("Classifier") or ()
        if str(one).startswith("License ::")
    ]
    line = next(iter(str((fields.get_all("License") or [""])[0]).strip().splitlines()), "")[:80]
    said = [
        one for one in (line, *classified) if one and one not in ("UNKNOWN", "OSI Approved", "DFSG approved")
    ]
    return said if said and kind_of(said) != "unknown" else [*said, *_by_file(found)]


def _by_file(found: metadata.Distribution) -> list[str]:
    files = sorted(
        str(f)
        for f in found.files or ()
        if re.search(r"(?i)licen[cs]e|copying", f.name) and ".dist-info" in str(f)
    )
    texts = [found.read_text(f.partition(".dist-info/")[2]) or "" for f in files]
    return [f"{name} (by its licence file)" for name, sign in TEXTS if any(sign in text for text in texts)][
        :1
    ]
