"""What is kept of a sampling when it is watched, who watches, and its compact form. Off, it costs one look at a variable."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

FORMAT: Final = 1
"""Of `to_npz`; raised whenever older readers could not read it."""
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Watch:
    """How much of a sampling to keep."""

    pictures: int = 6
    """Steps of which the predicted picture is decoded; 0 = none."""
    side: int = 128
    """Longest side of those pictures, px."""
    attention: bool = True
    attention_side: int = 32
    """Longest side of an attention map, cells."""
    steps_kept: int = 6
    """Steps of which attention is kept, evenly spaced, the first and the last among them."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One sampling as it went. Arrays that could not be had are empty, and a note says why.

    K kept steps, G layer groups, T tokens, P pictures, S steps."""

    engine: str
    """`id@version` of the card."""
    prompt: str
    negative: str
    seed: int
    scheduler: str
    """The name asked for, or the class of the pipeline's own."""
    weights: str
    """Digest of the card's weights; "" where it pins none."""
    steps: int = 0
    """Denoising steps that were run."""
    guidance: float | None = None
    """The scale asked for; None = the pipeline's own."""
    dtype: str = ""
    tokens: tuple[str, ...] = ()
    """As the tokenizer cut them, in the order of the denoiser's columns, without padding; word pieces keep their marks."""
    special: tuple[bool, ...] = ()
    """Which tokens are the tokenizer's own, such as the start of the text."""
    embeddings: Mapping[str, NDArray[np.float16]] = field(default_factory=dict)
    """raw, raw_2, … (T'×D, before each text encoder), projected (T×D, the text encoder's), weighted (T×D, what the denoiser
    got, where it differs), pooled (D), negative (T'×D). Only those that the pipeline has."""
    attention: NDArray[np.float16] = field(default_factory=lambda: np.zeros((0, 0, 0, 0, 0), np.float16))
    """K×G×T×h×w: the share of each place's attention that goes to a token, averaged over heads and the group's layers."""
    groups: tuple[str, ...] = ()
    """`down 16x16`, `mid 8x8`, `up 16x16` of a U-Net; `early`, `middle`, `late` thirds of a transformer."""
    attended_steps: tuple[int, ...] = ()
    """Which step, from 0, each kept map is of."""
    pictures: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, 0, 0, 3), np.uint8))
    """P×h×w×3: the picture that the model expected at that step."""
    pictured_steps: tuple[int, ...] = ()
    timesteps: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    """S: what the scheduler told the denoiser, noisiest first."""
    settling: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    """A value a step (S), of the predicted clean latent: `distance`, `low`, `high` (relative distance to the last one, whole
    and of its low and high frequencies), `change` (relative, from the step before), `low_share` (of its power), `spread`
    (standard deviation). One value: `settled_low`, `settled_high` (first step from which it stays within 10 %)
    ; `collapsed` (1 = it ended flat or not finite) and `collapsed_at` (from which step on; −1 = not at all)."""
    notes: tuple[str, ...] = ()
    """What could not be had, and why; how the rest was had."""


@dataclass(frozen=True, slots=True)
class Session:
    """A watch and where its observations go."""

    watch: Watch
    made: list[Observation]


_session: ContextVar[Session | None] = ContextVar("pentimento_observing", default=None)


def session() -> Session | None:
    """Who is watching this context; None = nobody, and nothing is to be hooked."""
    return _session.get()


@contextmanager
def observing(watch: Watch | None) -> Iterator[list[Observation]]:
    """Watch every diffusers call of this context: one Observation each is appended to the list, in order of calling.

    watch: None stops watching inside. A context variable: threads started inside do not inherit it."""
    made: list[Observation] = []
    token = _session.set(None if watch is None else Session(watch, made))
    try:
        yield made
    finally:
        _session.reset(token)


_ARRAYS = ("attention", "pictures", "timesteps")
_TABLES = ("embeddings", "settling")


def to_npz(observations: Sequence[Observation]) -> bytes:
    """An npz without pickles: `facts` (JSON as bytes) and the arrays as `<n>/<name>`. The same values give the same bytes."""
    facts = [_facts(one) for one in observations]
    arrays = {
        "facts": np.frombuffer(json.dumps({"format": FORMAT, "observations": facts}).encode(), np.uint8)
    }
    for n, one in enumerate(observations):
        arrays |= {f"{n}/{name}": getattr(one, name) for name in _ARRAYS}
        for table in _TABLES:
            arrays |= {f"{n}/{table}/{key}": value for key, value in getattr(one, table).items()}
    return _zipped(arrays)


def from_npz(data: bytes) -> tuple[Observation, ...]:
    """What `to_npz` wrote. Raises ValueError for anything else."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        head = json.loads(arrays.pop("facts").tobytes())
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"not a file of observations: {error}") from error
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise ValueError(f"a file of observations of format {FORMAT} is needed")
    try:
        return tuple(_observation(n, facts, arrays) for n, facts in enumerate(head["observations"]))
    except (KeyError, TypeError) as error:
        raise ValueError(f"a file of observations is not whole: {error}") from error


def _facts(one: Observation) -> dict[str, Any]:
    names = [f.name for f in dataclasses.fields(one) if f.name not in (*_ARRAYS, *_TABLES)]
    return {name: getattr(one, name) for name in names} | {
        table: list(getattr(one, table)) for table in _TABLES
    }


def _observation(n: int, facts: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Observation:
    values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in facts.items()}
    values |= {name: arrays[f"{n}/{name}"] for name in _ARRAYS}
    for table in _TABLES:
        values[table] = MappingProxyType({key: arrays[f"{n}/{table}/{key}"] for key in facts[table]})
    return Observation(**values)


def _zipped(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """As `np.savez_compressed`, but without the wall clock in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            member = io.BytesIO()
            np.save(member, np.ascontiguousarray(value), allow_pickle=False)
            archive.writestr(entry, member.getvalue())
    return out.getvalue()
