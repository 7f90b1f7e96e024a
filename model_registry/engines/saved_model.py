"""What every folder of a saved model is held to before a library opens it, and the one lock that such libraries load under."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

from model_registry.errors import WeightsDamaged

CURE = "use a safetensors copy of the model: `pentimento models pull ID`, or save_pretrained(safe_serialization=True)"
# transformers swaps torch's initialisers while it loads: two loads at once give weights on no device.
ONE_LOAD_AT_A_TIME = threading.Lock()
_PICKLES = (
    ".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".dill", ".npy", ".npz", ".h5", ".msgpack",
)  # fmt: skip
_CODE = (".py", ".pyc", ".pyd", ".so", ".dll", ".dylib", ".sh")


def faults_in(folder: Path) -> list[str]:
    """A sentence for each file that may hold a pickle, is code, or is a configuration that asks for code; none when all is well.

    Files behind linked folders count too. Raises WeightsDamaged for a configuration that cannot be read."""
    return [fault for path in _files(folder) if (fault := _fault(path, folder))]


def read_json(path: Path) -> dict[str, Any]:
    """The file's object. Raises WeightsDamaged where it is unreadable or something else."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsDamaged(f"{path.name} is unreadable: {error}", cure=CURE) from error
    if not isinstance(value, dict):
        raise WeightsDamaged(f"{path.name} is not a JSON object", cure=CURE)
    return value


def quieten_transformers() -> None:
    """Errors only, no progress bars."""
    from transformers.utils import logging as transformers_logging

    errors_only(transformers_logging)


def errors_only(logging: Any) -> None:
    """The same for the `logging` module of transformers or diffusers."""
    logging.set_verbosity_error()
    logging.disable_progress_bar()


def _files(folder: Path) -> list[Path]:
    """Every file below, also behind linked folders; each real folder is visited once."""
    found: list[Path] = []
    seen: set[str] = set()
    for where, below, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(where)
        if real in seen:
            below.clear()
            continue
        seen.add(real)
        found += [Path(where, name) for name in names]
    return found


def _fault(path: Path, folder: Path) -> str:
    name = path.relative_to(folder).as_posix()
    if path.suffix.lower() in _PICKLES:
        return f"{name} may hold a pickle"
    if path.suffix.lower() in _CODE:
        return f"{name} is code"
    if path.name.endswith("config.json") and "auto_map" in read_json(path):
        return f"{name} asks for code of its own"
    return ""
