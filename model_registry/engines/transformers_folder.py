"""Opens a transformers model from a folder: safetensors only, known kinds only, no code from the folder, no network."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

from model_registry.card import Card
from model_registry.errors import EngineFault, WeightsDamaged, WeightsMissing

CODE = (".py", ".pyc", ".pyd", ".so", ".dll", ".dylib", ".sh")
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".npy", ".npz", ".h5", ".msgpack")
CURE = "use a safetensors copy of the model: `pentimento models pull ID`, or save_pretrained(safe_serialization=True)"
# transformers swaps torch's initialisers while it loads: two loads at once give weights on no device.
_ONE_LOAD_AT_A_TIME = threading.Lock()


def check_folder(card: Card, folder: Path, kinds: tuple[str, ...]) -> str:
    """The folder's `model_type`, looked at before any library opens it.

    Raises WeightsMissing where no model was saved, WeightsDamaged for pickles, code, or a configuration that asks for code,
    EngineFault for a kind of model other than `kinds`."""
    if not (folder / "config.json").is_file():
        cure = "give the folder a model was saved to, or run `pentimento models pull ID`"
        raise WeightsMissing(f"{card.id}: {folder} holds no config.json", cure=cure)
    faults = [fault for path in _files(folder) if (fault := _fault(path, folder))]
    if faults:
        raise WeightsDamaged(f"{card.id}: {folder} is refused: {'; '.join(sorted(faults))}", cure=CURE)
    kind = str(_json(folder / "config.json").get("model_type", ""))
    if kind not in kinds:
        raise EngineFault(
            f"{card.id}: a model of kind {kind!r} cannot take role {card.role!r}",
            cure=f"kinds: {', '.join(kinds)}",
        )
    return kind


def open_model(card: Card, folder: Path, model: str, processor: str) -> tuple[Any, Any]:
    """Model (in evaluation mode, float32, on the CPU) and processor, by the names of their transformers classes.

    Raises WeightsDamaged where they cannot be opened, or where weights are missing from the file."""
    with _ONE_LOAD_AT_A_TIME:
        _quieten()
        import torch
        import transformers

        local = {"local_files_only": True, "trust_remote_code": False}
        try:
            prepared = getattr(transformers, processor).from_pretrained(str(folder), **local)
            loaded, report = getattr(transformers, model).from_pretrained(
                str(folder), use_safetensors=True, dtype=torch.float32, output_loading_info=True, **local
            )
        except Exception as error:  # a broken file surfaces as any of a dozen types
            raise WeightsDamaged(f"{card.id} could not be loaded: {error}", cure=CURE) from error
    missing = sorted(report.get("missing_keys") or ())
    if missing:  # transformers would draw them at random
        raise WeightsDamaged(
            f"{card.id}: {len(missing)} weights are missing, such as {missing[0]}", cure=CURE
        )
    return loaded.eval(), prepared


def _files(folder: Path) -> list[Path]:
    """Every file below but a hub client's own bookkeeping."""
    found = []
    for where, below, names in os.walk(folder):
        below[:] = [name for name in below if not name.startswith(".")]
        found += [Path(where, name) for name in names]
    return found


def _fault(path: Path, folder: Path) -> str:
    name = path.relative_to(folder).as_posix()
    if path.suffix.lower() in PICKLES:
        return f"{name} may hold a pickle"
    if path.suffix.lower() in CODE:
        return f"{name} is code"
    if path.name.endswith("config.json") and "auto_map" in _json(path):
        return f"{name} asks for code of its own"
    return ""


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsDamaged(f"{path.name} is unreadable: {error}", cure=CURE) from error
    if not isinstance(value, dict):
        raise WeightsDamaged(f"{path.name} is not a JSON object", cure=CURE)
    return value


def _quieten() -> None:
    """Errors only, no progress bars."""
    from transformers.utils import logging as transformers_logging

    quiet: Any = transformers_logging
    quiet.set_verbosity_error()
    quiet.disable_progress_bar()
