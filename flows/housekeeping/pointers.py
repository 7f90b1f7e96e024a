"""What is published: pointers in the store and in the folders that runs write to, with the manifests that they name."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flows.housekeeping.documents import Document, digests_in
from flows.reruns import read_result
from flows.stored_run import jobs_of
from infra.settings import Settings
from infra.store.contract import Backend, NotFound, StoreError
from infra.store.store import Store, open_store
from tasks.errors import PentimentoError

POINTER = "published.json"
FOLDER = "published/"


@dataclass(frozen=True)
class Visible:
    """All that pointers name, and the folders in which nobody could look."""

    digests: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    """Runs among them."""
    unseen: Mapping[str, str] = field(default_factory=dict)
    """Run to the folder of its pictures that is not there or does not answer."""


def visible(store: Store, settings: Settings, by_run: Mapping[str, Sequence[Document]]) -> Visible:
    """Look beside the pictures of every run. A folder that cannot be looked into protects the runs that wrote to it."""
    digests, words = set(_manifests(store.backend, store, "published")), set[str]()
    unseen: dict[str, str] = {}
    seen: dict[str, bool] = {}
    for run, documents in by_run.items():
        for out in _folders(store, run, documents):
            if out not in seen:
                seen[out] = _look(out, store, settings, digests, words)
            if not seen[out]:
                unseen[run] = out
    return Visible(frozenset(digests), frozenset(words), unseen)


def _folders(store: Store, run: str, documents: Sequence[Document]) -> set[str]:
    """The folders that a run's jobs name, absolute where its result tells where its pictures went."""
    try:
        return {job.out for job in jobs_of(store, read_result(store, run)).values()} - {""}
    except (PentimentoError, NotFound, ValueError):
        return {out for document in documents for out in _outs(store, document)} - {""}


def _outs(store: Store, document: Document) -> set[str]:
    """As a shard's document has them; of a run that did not end, or whose result is of another version."""
    if document.entry.key.split("/")[2] != "shards":
        return set()
    try:
        jobs = json.loads(store.backend.get(document.entry.key))
    except (NotFound, ValueError):
        return set()
    return {str(job.get("out", "")) for job in jobs if isinstance(job, dict)}


def _look(out: str, store: Store, settings: Settings, digests: set[str], words: set[str]) -> bool:
    """Whether the folder could be looked into."""
    if "://" not in out and not (os.path.isabs(out) and Path(out).is_dir()):
        return False
    try:
        backend = open_store(out, settings.s3_endpoint_url).backend
        data = backend.get(POINTER)
        digests |= _manifests(backend, store, POINTER)
        words |= _runs_of(data)
    except NotFound:
        return True
    except (StoreError, ValueError):
        return False
    return True


def _manifests(backend: Backend, store: Store, prefix: str) -> set[str]:
    """Digests in pointers, and in the manifests that those name, wherever a copy is."""
    found: set[str] = set()
    for key in backend.keys(prefix):
        if key.endswith(".json") and (key == POINTER or key.startswith(FOLDER)):
            found |= digests_in(backend.get(key))
    for digest in sorted(found):
        try:
            data = store.get(digest)
        except StoreError:
            continue
        if data.startswith(b'{"pictures"'):
            found |= digests_in(data)
    return found


def _runs_of(pointer: bytes) -> set[str]:
    said = json.loads(pointer)
    before = said.get("previous") or {}
    return {str(run) for run in (said.get("run"), before.get("run")) if run}
