"""What a flow hands to the body of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from infra.settings import Settings
from tasks.job import JobSpec
from tasks.results import ItemResult


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What a flow hands to the body."""

    name: str
    """Of the flow: `edit`, `catalog`."""
    jobs: tuple[JobSpec, ...]
    settings: Settings
    refused: Mapping[int, ItemResult] = field(default_factory=dict)
    """Rows that never became jobs, by their place among all rows."""
    shard_size: int = 16
    fresh: bool = False
    track: bool = True
    aliases: tuple[tuple[str, str, str], ...] = ()
    title: str = ""
