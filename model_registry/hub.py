"""Fetches an engine's weights from a hub: only what it needs, at its revision, every file held against the hub's own digest."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from model_registry.card import Card, Weights
from model_registry.errors import WeightsDamaged, WeightsMissing
from model_registry.hashing import file_sha256
from model_registry.lock import lock_of, write_lock
from model_registry.weights import WANTED

INDEX = "model_index.json"
UNWANTED = ("safety_checker/*", "*non_ema*")
_TAG = re.compile(r"\.(fp16|bf16)(?=[.-])")


def fetch(card: Card) -> Path:
    """The folder of the card's files, complete, each as the hub describes it, with the lock written last.

    A file that is there already is not fetched again unless it is wrong, so that a pull that was stopped is taken up at the
    file it stopped in; where a connection drops, the rest of the file is asked for. Raises
    WeightsMissing where the hub cannot be reached or does not give the files, WeightsDamaged where they differ from what the
    hub or the card says."""
    weights = card.weights
    assert weights is not None
    assert weights.hub
    with online():
        try:
            listed = _listed(weights)
            names = chosen(listed, weights, _parts(weights, listed))
            place = _mended(weights, names, listed)
        except Exception as error:  # of the client, of its transport or of the system: all mean the same here
            raise WeightsMissing(
                f"{card.id}: {weights.hub} could not be fetched: {type(error).__name__}: {_first_line(error)}",
                cure="check the network, and whether the hub asks to accept a licence there; then pull again",
            ) from error
    _require_right(card, place, {name: listed[name] for name in names})
    write_lock(place, lock_of(place, weights.hub, weights.revision, card.licence, names))
    return place


def chosen(names: Iterable[str], weights: Weights, parts: frozenset[str] | None) -> list[str]:
    """Which of a repository's files an engine needs: configurations, vocabularies, and tensors in one precision.

    parts: the folders of a pipeline's parts, beside which stand only its configurations (a checkpoint in one file at its root
    holds the same again); None for a single model. Where a folder has tensors in several precisions, those of
    `weights.variant` are taken, or else the plain ones."""
    kept = [name for name in names if _kind_wanted(name)]
    if parts is not None:
        kept = [n for n in kept if n.split("/")[0] in parts or ("/" not in n and n.endswith(".json"))]
    by_folder: defaultdict[str, set[str]] = defaultdict(set)
    for name in kept:
        if name.endswith(".safetensors"):
            by_folder[name.rpartition("/")[0]].add(_tag(name))
    return sorted(name for name in kept if _right_precision(name, by_folder, weights.variant))


@contextmanager
def online() -> Iterator[None]:
    """The hub's client may connect, whatever the offline switch says, which is put back afterwards: runs never fetch."""
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = False
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def _endpoint() -> str | None:
    return os.environ.get("HF_ENDPOINT") or None


def _listed(weights: Weights) -> dict[str, Any]:
    """Every file of the repository at the revision, by name, as the hub describes it."""
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoFile

    api = HfApi(endpoint=_endpoint())
    tree = api.list_repo_tree(weights.hub, recursive=True, revision=weights.revision)
    return {entry.path: entry for entry in tree if isinstance(entry, RepoFile)}


def _parts(weights: Weights, listed: Mapping[str, Any]) -> frozenset[str] | None:
    """The folders that the pipeline's index names; None where there is no index."""
    if INDEX not in listed:
        return None
    index = json.loads((_mended(weights, [INDEX], listed) / INDEX).read_text(encoding="utf-8"))
    return frozenset(
        name
        for name, value in index.items()
        if isinstance(value, list) and len(value) == 2 and value[0] is not None
    )


def _mended(weights: Weights, names: list[str], listed: Mapping[str, Any]) -> Path:
    """The folder with these files, those fetched once more that are not what the hub describes."""
    place = _download(weights, names)
    wrong = [name for name in names if _differs(place / name, listed[name])]
    if wrong:
        _forget(place, wrong)
        _download(weights, wrong)
    return place


def _download(weights: Weights, names: list[str]) -> Path:
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(
        weights.hub, revision=weights.revision, endpoint=_endpoint(),
        allow_patterns=[glob.escape(name) for name in names],
    ))  # fmt: skip


def _kind_wanted(name: str) -> bool:
    hidden = any(part.startswith(".") for part in name.split("/"))
    taken = any(fnmatch(name, pattern) for pattern in WANTED)
    return taken and not hidden and not any(fnmatch(name, pattern) for pattern in UNWANTED)


def _tag(name: str) -> str:
    """The precision in a file's name; empty for none."""
    found = _TAG.search(name.rpartition("/")[2])
    return found[1] if found else ""


def _right_precision(name: str, by_folder: Mapping[str, set[str]], variant: str) -> bool:
    has = by_folder.get(name.rpartition("/")[0], set())
    if not has or ".safetensors" not in name:
        return True
    wanted = next((tag for tag in (variant, "") if tag in has), min(has))
    return _tag(name) == wanted


def _differs(path: Path, listed: Any) -> bool:
    """Whether a file is not the one the hub describes: by length, and by sha256 or, for small files, git's own digest."""
    if not path.is_file() or path.stat().st_size != listed.size:
        return True
    if listed.lfs is not None:
        return bool(file_sha256(path) != listed.lfs.sha256)
    data = path.read_bytes()
    return bool(hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest() != listed.blob_id)  # noqa: S324


def _forget(place: Path, names: list[str]) -> None:
    """Take wrong files, and the bytes they are links to, out of the client's cache."""
    for name in names:
        path = place / name
        path.resolve().unlink(missing_ok=True)
        path.unlink(missing_ok=True)


def _require_right(card: Card, place: Path, listed: Mapping[str, Any]) -> None:
    wrong = sorted(name for name, entry in listed.items() if _differs(place / name, entry))
    if wrong:
        raise WeightsDamaged(
            f"{card.id}: {', '.join(wrong)} came otherwise than the hub says, twice", cure="pull again later"
        )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[0]
