"""What is told of a run: frozen values that know nothing of MLflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture of the sample, under the key `stage/<name>` with the item's place in the sample as `step`; or, of a variant,
    under `compare/<item>` at step 0."""

    key: str
    step: int
    data: bytes
    media_type: str
    item: str


@dataclass(frozen=True, slots=True)
class EngineVersion:
    """An engine as a registered model: weights we may not own, named by revision and digest."""

    id: str
    role: str
    version: str
    runtime: str
    licence: str
    revision: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class TrackedRun:
    """One MLflow run: one of ours."""

    run_id: str
    name: str
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    samples: tuple[Sample, ...] = ()
    engines: tuple[EngineVersion, ...] = ()
    files: Mapping[str, bytes | Path] = field(default_factory=dict)
    """Artifact path to bytes, or to the file that holds them, of that name: the Parquet of outcomes, the review sheet, arrays."""
    parent: str = ""
    """Our id of the run that this one is part of."""
    began: float = 0.0
    """Seconds since the epoch; 0 = when it is sent."""
