"""Turns whatever an engine does wrong into an EngineFault that names it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from model_registry.card import Card
from model_registry.engines.contract import Params, ParamValue, Pixels
from model_registry.errors import EngineFault, EngineOutOfMemory, RegistryError

_MEMORY_WORDS = (
    "out of memory", "insufficient memory", "not enough memory", "bad_alloc", "alloc_failed", "allocate memory",
)  # fmt: skip
"""Of torch, CUDA's libraries, ONNX Runtime, OpenCV and the C library."""
_MEMORY_CURE = "lower PENTIMENTO_WORKERS, or choose a lighter engine"


@contextmanager
def guarded(card: Card, doing: str = "failed") -> Iterator[None]:
    """Any exception of the block becomes EngineOutOfMemory or EngineFault; errors of the registry pass as they are."""
    try:
        yield
    except RegistryError:
        raise
    except Exception as error:
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        if _is_memory(error):
            raise EngineOutOfMemory(f"{card.id} ran out of memory ({what})", cure=_MEMORY_CURE) from error
        raise EngineFault(f"{card.id} {doing} ({what})") from error


def _is_memory(error: Exception) -> bool:
    """By name and words, so that torch, cv2 and ONNX Runtime need not be imported to recognise their errors."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & {"MemoryError", "OutOfMemoryError"}) or any(
        words in str(error).lower() for words in _MEMORY_WORDS
    )


def checked(card: Card, made: object, shape: tuple[int, ...]) -> Pixels:
    """An engine's picture, clipped to 0–1. Raises EngineFault unless it is finite float32 of exactly `shape`."""
    if not isinstance(made, np.ndarray) or made.dtype != np.float32:
        kind = f"{made.dtype} array" if isinstance(made, np.ndarray) else type(made).__name__
        raise EngineFault(f"{card.id} gave a {kind}, not a float32 array")
    if made.shape != shape:
        raise EngineFault(f"{card.id} gave shape {made.shape}, not {shape}")
    if not np.isfinite(made).all():
        raise EngineFault(f"{card.id} gave values that are not finite")
    clipped: Pixels = np.clip(made, 0.0, 1.0)
    return clipped


def reject_black(card: Card, made: Pixels, expected: Pixels) -> None:
    """Raise EngineFault when all of `made` is exactly 0 although the mean of `expected` is over a level of 255."""
    if made.size and expected.size and not made.any() and float(expected.mean()) > 1 / 255:
        raise EngineFault(f"{card.id} gave an all-black picture")


def merged_params(card: Card, params: Params) -> dict[str, ParamValue]:
    """The card's defaults with `params` over them. Raises EngineFault for a name the card does not know or a wrong type."""
    for name, value in params.items():
        if name not in card.defaults:
            known = ", ".join(sorted(card.defaults)) or "none"
            raise EngineFault(f"{card.id} has no parameter {name!r}", cure=f"its parameters: {known}")
        if not _same_kind(value, card.defaults[name]):
            kind = type(card.defaults[name]).__name__
            raise EngineFault(f"{card.id}: parameter {name}={value!r} is not a {kind}")
    return {**card.defaults, **params}


def _same_kind(value: ParamValue, default: ParamValue) -> bool:
    if isinstance(default, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is type(default)
