"""Pickles that would run a command when read, in the clothes of weights: every door that weights come through must refuse them unrun."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from model_registry.convert.state import read_state
from model_registry.engines.saved_model import faults_in
from model_registry.errors import RegistryError
from model_registry.registry import Registry
from model_registry.weights import require

_REFUSED_BY_NAME = ("model.bin", "model.pt", "model.ckpt", "model.pkl", "model.npy")
_DISGUISED = ("model.safetensors", "model.onnx")


class _Calls:
    """Calls something as it is unpickled."""

    def __init__(self, call: Callable[..., object], *args: object) -> None:
        self.call, self.args = call, args

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.call, self.args


def payloads(marker: Path) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each class; whichever is run makes the folder `marker`."""
    code = f"__import__('os').mkdir({str(marker)!r})"
    calls = {
        "mkdir": _Calls(os.mkdir, str(marker)), "system": _Calls(os.system, f"mkdir '{marker}'"), "eval": _Calls(eval, code),
        "exec": _Calls(exec, code), "nested": {"params": {"conv.weight": _Calls(eval, code)}},
    }  # fmt: skip
    for name, call in calls.items():
        for protocol in (0, 2, 4):
            data = pickle.dumps(call, protocol)
            yield f"{name}-{protocol}", data
            yield f"{name}-{protocol}-zip", _torch_zip(data)
    path = str(marker).encode()
    yield "global", b"cos\nmkdir\n(V" + path + b"\ntR."
    yield "inst", b"(V" + path + b"\nios\nmkdir\n."
    yield "object", b"(cos\nmkdir\nV" + path + b"\no."
    yield "tail", pickle.dumps({"a": 1})[:-1] + b"0cos\nmkdir\n(V" + path + b"\ntR."
    out = io.BytesIO()
    np.save(out, np.array([calls["eval"]], object), allow_pickle=True)
    yield "numpy", out.getvalue()


def _torch_zip(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("archive/data.pkl", data)
        archive.writestr("archive/version", "3\n")
        archive.writestr("archive/byteorder", "little")
    return out.getvalue()


def opened(folder: Path) -> tuple[int, list[str], list[str]]:
    """Every payload through every door: how many times, those that were run, and those that were let in or failed untyped."""
    tried, run, let_in = 0, [], []
    marker = folder / "was-run"
    for name, data in payloads(marker):
        for door, attempt in _doors(folder, data):
            tried += 1
            if fault := _refusal(attempt):
                let_in.append(f"{name} at {door}: {fault}")
            if marker.exists():
                run.append(f"{name} at {door}")
                marker.rmdir()
    return tried, run, let_in


def _refusal(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except (RegistryError, _UnreadableError):
        return ""
    except Exception as fault:
        return f"untyped {type(fault).__name__}"
    return "let in"


class _UnreadableError(Exception):
    """A reader that knows no pickles found no weights."""


def _doors(folder: Path, data: bytes) -> Iterator[tuple[str, Callable[[], object]]]:
    for name in (*_REFUSED_BY_NAME, *_DISGUISED):
        place = folder / name
        place.write_bytes(data)
        if name in _REFUSED_BY_NAME:
            yield f"card, {name}", partial(_as_card, place)
            yield f"folder, {name}", partial(_as_folder, folder)
        else:
            yield f"reader, {name}", partial(_as_reader, place)
            yield f"wrong hash, {name}", partial(_as_card, place, "0" * 64)
        yield f"convert, {name}", partial(read_state, place)
        place.unlink()


def _as_card(place: Path, digest: str = "") -> None:
    card = next(card for card in Registry.load().cards if card.weights and card.weights.path)
    pinned = {place.name: digest or hashlib.sha256(place.read_bytes()).hexdigest()}
    weights: Any = card.weights
    own = card.model_copy(
        update={"weights": weights.model_copy(update={"path": place.name, "sha256": pinned})}
    )
    require(own, place.parent)


def _as_folder(folder: Path) -> None:
    if faults_in(folder):
        raise _UnreadableError


def _as_reader(place: Path) -> None:
    """As engines read what is rightly named and pinned: neither reader knows pickles."""
    try:
        if place.suffix == ".onnx":
            import onnxruntime  # type: ignore[import-untyped]

            onnxruntime.InferenceSession(place.read_bytes(), providers=["CPUExecutionProvider"])
        else:
            from safetensors.numpy import load

            load(place.read_bytes())
    except Exception as fault:  # each reader raises its own
        raise _UnreadableError from fault
