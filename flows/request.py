"""What a flow hands to the body of a run, and what is told of a run beside its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flows.watched import watched
from infra.settings import Settings
from infra.tracking.model import Sample
from tasks.job import JobSpec
from tasks.results import ItemResult, Rerun
from tasks.workshop import WorkshopSpec


@dataclass(frozen=True, slots=True)
class Beside:
    """What tracking is told of a run that is part of a larger one, beside its own."""

    parent: str
    """Our id of the larger one."""
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What a flow hands to the body."""

    name: str
    """Of the flow: `edit`, `catalog`."""
    jobs: Sequence[JobSpec]
    """A tuple, or for a run of many pictures a sequence that reads them when they are asked for."""
    settings: Settings
    refused: Mapping[int, ItemResult] = field(default_factory=dict)
    """Rows that never became jobs, by their place among all rows."""
    shard_size: int = 16
    fresh: bool = False
    track: bool = True
    aliases: tuple[tuple[str, str, str, str], ...] = ()
    title: str = ""
    rerun: Rerun | None = None
    """What the run does again, where it is a rerun."""
    first: str = ""
    """The run that made the previews of the same pictures just before, in two passes."""

    @property
    def spec(self) -> WorkshopSpec:
        """What workers need, before the run has a name."""
        settings = self.settings
        return WorkshopSpec(
            store=settings.store_url, s3_endpoint_url=settings.s3_endpoint_url, cards=settings.cards, policy=settings.policy,
            aliases=self.aliases, memory_mb=settings.memory_mb, max_pixels=settings.max_pixels,
            max_bytes=settings.max_bytes, fresh=self.fresh, first=self.first,
            observed=watched(self.jobs, settings.observe), tries=settings.tries,
        )  # fmt: skip
