"""Everything in a store that may name an artifact or a run, read once: which digests and run ids each document holds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from infra.store.contract import Entry, Inventory, NotFound

DIGESTS = re.compile(rb"(?<![0-9A-Za-z])[0-9a-f]{64}(?![0-9A-Za-z])")
WORDS = re.compile(rb"[A-Za-z0-9._-]+")
"""What may be a run's id; quotes are no safe bounds in what may be torn."""
ARTIFACTS = "cas/sha256/"
RECORDS = "stages/"
RUNS = "runs/"
PAGES = (".html",)
"""Pages hold their pictures themselves and are drawn from the documents beside them: they name nothing of their own."""
READERS = 16


@dataclass(frozen=True, slots=True)
class Document:
    """A record, or anything else that is no artifact, with what it names."""

    entry: Entry
    digests: frozenset[str] = frozenset()
    runs: frozenset[str] = frozenset()
    """Runs whose ids it holds, its own name included."""
    artifacts: frozenset[str] = frozenset()
    """Of a record: what it says that its stage made."""


@dataclass(frozen=True)
class Contents:
    """What a store holds."""

    artifacts: Mapping[str, Entry] = field(default_factory=dict)
    """By sha256."""
    documents: Mapping[str, Document] = field(default_factory=dict)
    """By key."""

    def of_runs(self) -> dict[str, list[Document]]:
        """Documents by run, sorted by key."""
        found: dict[str, list[Document]] = {}
        for key, document in sorted(self.documents.items()):
            if key.startswith(RUNS):
                found.setdefault(key.split("/")[1], []).append(document)
        return found


def contents(backend: Inventory, known: Contents | None = None) -> Contents:
    """List everything and read what is not an artifact; documents of `known` that did not change are not read again."""
    artifacts: dict[str, Entry] = {}
    others: list[Entry] = []
    for entry in backend.entries(""):
        if entry.key.startswith(ARTIFACTS):
            artifacts[entry.key.rpartition("/")[2]] = entry
        else:
            others.append(entry)
    runs = frozenset(e.key.split("/")[1] for e in others if e.key.startswith(RUNS))
    old = known.documents if known else {}
    same = {e.key: old[e.key] for e in others if e.key in old and old[e.key].entry == e}
    fresh = _read(backend, [e for e in others if e.key not in same], runs)
    return Contents(artifacts, same | {document.entry.key: document for document in fresh})


def named(documents: Iterable[Document]) -> set[str]:
    """Every digest that any of them holds."""
    return {digest for document in documents for digest in document.digests}


def digests_in(data: bytes) -> frozenset[str]:
    """Whatever looks like a sha256, in whole documents and in torn ones: too much is kept rather than too little."""
    return frozenset(found.decode() for found in DIGESTS.findall(data))


def _read(backend: Inventory, entries: list[Entry], runs: frozenset[str]) -> list[Document]:
    def one(entry: Entry) -> Document | None:
        name = frozenset(part.removesuffix(".json") for part in entry.key.split("/")) & runs
        if entry.key.endswith(PAGES):
            return Document(entry, runs=name)
        try:
            data = backend.get(entry.key)
        except NotFound:
            return None
        words = {word.decode(errors="replace") for word in WORDS.findall(data)}
        digests = digests_in(data) | digests_in(entry.key.encode())
        return Document(entry, digests, name | (runs & words), _artifacts_of(entry.key, data))

    found: list[Document] = []
    with ThreadPoolExecutor(READERS) as pool:
        for start in range(0, len(entries), 1024):
            found += [document for document in pool.map(one, entries[start : start + 1024]) if document]
    return found


def _artifacts_of(key: str, data: bytes) -> frozenset[str]:
    """None where it is no record, or a torn one. Small records (`shown`) name their artifacts without further facts."""
    if not key.startswith(RECORDS):
        return frozenset()
    try:
        record = json.loads(data)["record"]
        if "artifacts" not in record:
            return frozenset().union(*(digests_in(str(value).encode()) for value in record.values()))
        return frozenset(str(ref["sha256"]) for ref in record["artifacts"].values())
    except (ValueError, KeyError, TypeError, AttributeError):
        return frozenset()
