"""Finds a card's weights and makes sure they are the ones it names: safetensors or ONNX, pinned by sha256."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path

from model_registry.card import Card, Weights
from model_registry.errors import WeightsDamaged, WeightsMissing
from model_registry.hashing import file_sha256 as file_sha256
from model_registry.hashing import files_below
from model_registry.licences import require_accepted
from model_registry.lock import LOCK, Hashing, Lock, lock_faults, read_lock

WEIGHT_KINDS = frozenset({".safetensors", ".onnx"})
SIDE_KINDS = frozenset({".json", ".txt", ".model", ".md", ".yaml", ".yml"})
"""Configurations, vocabularies and licences."""
PICKLE_KINDS = frozenset({".bin", ".ckpt", ".joblib", ".npy", ".pickle", ".pkl", ".pt", ".pth"})
MADE_HERE = {"paddleocr": "model_registry.engines.ocr_paddle_models:pull"}
"""Card id to the function (card, card's folder) -> place that makes its weights from what is installed, without a network."""
MADE_HERE_CURE = "`pentimento models pull {}` makes them there"
WANTED = ["*.json", "*.safetensors", "*.txt", "*.model"]
"""The files of a hub's repository that are looked at at all."""
_VARIABLE = re.compile(r"\$\{(\w+)\}")


def locate(card: Card, folder: Path) -> Path:
    """The file or directory of a card's weights, on this machine.

    folder: the card's own. Raises WeightsMissing with the cure: the variable to set, the command that fetches, or the terms
    that nobody has accepted yet."""
    require_accepted(card)
    weights = card.weights
    if weights is None:
        raise WeightsMissing(f"{card.id} names no weights", cure="add [weights] to its card")
    if weights.hub:
        return _in_hub_cache(card.id, weights)
    where = declared_place(card, folder)
    if not where.exists():
        cure = MADE_HERE_CURE.format(card.id) if card.id in MADE_HERE else _path_cure(weights)
        raise WeightsMissing(f"{card.id}: no weights at {where}", cure=cure)
    return where


def declared_place(card: Card, folder: Path) -> Path:
    """Where a card's `[weights] path` points, whether or not anything is there yet.

    folder: the card's own. Raises WeightsMissing when the card names no path, or a variable of it is not set."""
    if card.weights is None or not card.weights.path:
        raise WeightsMissing(f"{card.id} names no path of weights", cure="add [weights] path to its card")
    return folder / _expanded(card.id, card.weights)


def at_hand(card: Card, folder: Path) -> bool:
    """Whether something lies where a card looks for its weights; what it is, `require` finds out when it is loaded."""
    try:
        locate(card, folder)
    except WeightsMissing:
        return False
    return True


def verify(card: Card, folder: Path, hashing: Hashing = "all") -> list[str]:
    """Every fault of a card's weights, sorted; empty when all is well or the card needs none.

    Missing, of a forbidden kind, not the card's sha256, or weights in a local path that no sha256 pins (the fault then
    gives the digest found). What was pulled from a hub is held against its lock too: missing, damaged and extra files.
    hashing: which files are read whole: all; those alone that the card pins; or none of those that a lock has the length of."""
    weights = card.weights
    if weights is None:
        return []
    try:
        where = locate(card, folder)
        lock = read_lock(where) if weights.hub else None
    except (WeightsMissing, WeightsDamaged) as unusable:
        return [str(unusable)]
    files = {name: path for name, path in files_below(where).items() if lock is None or name != LOCK}
    faults = [fault for name in sorted(files) if (fault := _kind_fault(name))]
    if lock is not None:
        faults += _lock_faults(where, lock, weights, hashed=hashing == "all")
    pinned = {name: path for name, path in files.items() if lock is None or name in lock.files}
    faults += [
        f"{name} is missing" for name in sorted(weights.sha256) if name not in (lock.files if lock else files)
    ]
    if lock is None or hashing != "none":
        faults += [fault for name in sorted(pinned) if (fault := _digest_fault(name, pinned[name], weights))]
    return list(dict.fromkeys(faults))


def require(card: Card, folder: Path) -> None:
    """Raise WeightsMissing or WeightsDamaged unless the card's weights are here and are the ones it names."""
    if card.weights is None:
        return
    locate(card, folder)
    faults = verify(card, folder, "pinned")
    if faults:
        cure = "fetch the weights again, or correct [weights.sha256] if the change was meant"
        if card.weights.hub:
            cure = f"`pentimento models pull {card.id}` fetches again what is wrong"
        raise WeightsDamaged(f"{card.id}: {'; '.join(faults)}", cure=cure)


def weights_digest(card: Card) -> str:
    """One sha256 for all a card pins (hub, revision, sha256 table); "" where it pins nothing. Reads no file."""
    weights = card.weights
    if weights is None or not (weights.sha256 or weights.revision):
        return ""
    facts = {"hub": weights.hub, "revision": weights.revision, "sha256": weights.sha256}
    facts |= {"variant": weights.variant} if weights.variant else {}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def sha256_table(where: Path) -> dict[str, str]:
    """The `[weights.sha256]` table for a file or directory of weights, side files included."""
    return {name: file_sha256(path) for name, path in sorted(files_below(where).items())}


def _expanded(card_id: str, weights: Weights) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1]
        if not os.environ.get(name):
            cure = f"set {name} to the place of the weights{_published(weights)}"
            if card_id in MADE_HERE:
                cure = f"set {name} to a folder; {MADE_HERE_CURE.format(card_id)}"
            raise WeightsMissing(f"{card_id}: the environment variable {name} is not set", cure=cure)
        return os.environ[name]

    return _VARIABLE.sub(value, weights.path)


def _path_cure(weights: Weights) -> str:
    names = _VARIABLE.findall(weights.path)
    cure = f"put the weights there, or correct {' and '.join(names)}" if names else "put the weights there"
    return cure + _published(weights)


def _published(weights: Weights) -> str:
    return f" (published as {weights.origin})" if weights.origin else ""


def hub_folder(weights: Weights) -> Path:
    """Where the hub's client keeps a repository at a revision, whether or not it is there."""
    from huggingface_hub import constants  # light: the client itself takes most of a second to import

    name = "--".join(("models", *weights.hub.split("/")))
    return Path(constants.HF_HUB_CACHE, name, "snapshots", weights.revision)


def _in_hub_cache(card_id: str, weights: Weights) -> Path:
    """The folder with its lock; without one, as another client left it, if that client says it is complete."""
    place = hub_folder(weights)
    if (place / LOCK).is_file() or (place.is_dir() and _complete(weights)):
        return place
    raise WeightsMissing(
        f"{card_id}: {weights.hub} at {weights.revision[:12]} has not been pulled",
        cure=f"pentimento models pull {card_id}",
    )


def _complete(weights: Weights) -> bool:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        snapshot_download(
            weights.hub, revision=weights.revision, local_files_only=True, allow_patterns=WANTED
        )
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError):
        return False
    return True


def _lock_faults(where: Path, lock: Lock, weights: Weights, *, hashed: bool) -> list[str]:
    if (lock.repository, lock.revision) != (weights.hub, weights.revision):
        return [f"the lock is of {lock.repository} at {lock.revision[:12]}, not of what the card names"]
    return lock_faults(where, lock, hashed=hashed)


def _kind_fault(name: str) -> str:
    kind = Path(name).suffix.lower()
    if kind in PICKLE_KINDS:
        return f"{name} may hold a pickle: use safetensors or ONNX"
    if kind in WEIGHT_KINDS | SIDE_KINDS or name in ("LICENSE", "NOTICE", "README"):
        return ""
    return f"{name} is of a kind that is not allowed beside weights"


def _digest_fault(name: str, path: Path, weights: Weights) -> str:
    expected = weights.sha256.get(name)
    if expected is None:
        loose = Path(name).suffix.lower() in WEIGHT_KINDS and not weights.hub
        return (
            f'{name} is not pinned: add "{name}" = "{file_sha256(path)}" to [weights.sha256]' if loose else ""
        )
    found = file_sha256(path)
    return "" if found == expected.lower() else f"{name} has sha256 {found}, not {expected}"
