"""Global concurrency limits as code: what there is too little of for everybody to use it at once."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

GPU = "pentimento-gpu"
"""The name that deployments use; a cluster with several kinds of GPU gives each a limit of its own."""


class GpuSettings(BaseSettings):
    """How GPUs are shared, from the environment (`PENTIMENTO_…`)."""

    model_config = SettingsConfigDict(env_prefix="PENTIMENTO_", frozen=True, extra="ignore")

    gpu_limit: str = ""
    """Name of the limit of which a task takes a slot while its engines run on a GPU; empty = none is taken.
    A limit that the Prefect server does not have fails the task: silently unlimited would be out of memory."""
    gpu_slots: int = Field(default=1, ge=1)
    """Slots of the limit that `pentimento stack up` and `pentimento stack deploy` make: usually the number of GPUs."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A global concurrency limit."""

    name: str
    slots: int
    what: str
    """For people: what a slot stands for."""


def limits() -> tuple[Limit, ...]:
    """Every limit that the flows take slots of."""
    settings = GpuSettings()
    return (
        Limit(settings.gpu_limit or GPU, settings.gpu_slots, "shards whose engines run on a GPU, at once"),
    )
