"""Settings, from the environment (`PENTIMENTO_…`). Secrets are never among them: S3 credentials come from boto3's own chain."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Everything a run can be told from outside a plan. Of all this only cards and policy decide outputs, and plans name both."""

    model_config = SettingsConfigDict(env_prefix="PENTIMENTO_", frozen=True, extra="ignore")

    home: Path = Field(default_factory=lambda: Path.home() / ".pentimento")
    """Where the local store, the MLflow database and the review sheets are."""
    store: str = ""
    """`s3://bucket/prefix` or a folder; default `<home>/store`."""
    s3_endpoint_url: str = ""
    """A server other than AWS; path-style addressing is used with it."""
    tracking_uri: str = ""
    """MLflow server or database; default SQLite in `<home>`."""
    experiment: str = "pentimento"
    cards: str = ""
    """Further card folders, separated by the system's path separator."""
    policy: str = ""
    """A policy file of one's own; default the built-in one."""
    workers: int = Field(default=2, ge=1)
    """Shards worked on at once."""
    shard_size: int = Field(default=16, ge=1, le=64)
    memory_mb: int = Field(default=4096, ge=64)
    """Bound on loaded engines."""
    sample: int = Field(default=24, ge=0)
    """Pictures logged to MLflow in a run."""
    observe: int = Field(default=0, ge=0)
    """Pictures of a run whose sampling is observed: tokens, embeddings, attention, steps. 0 costs nothing."""
    tries: int = Field(default=3, ge=1)
    """A picture that killed its worker so often ends as failed, and is not tried again."""
    max_pixels: int = Field(default=120_000_000, ge=1)
    max_bytes: int = Field(default=512 * 2**20, ge=1)

    def observing(self, pictures: int | None) -> Settings:
        """The same with so many pictures observed; unchanged for None."""
        return self if pictures is None else self.model_copy(update={"observe": pictures})

    @cached_property
    def store_url(self) -> str:
        return self.store or str(self.home / "store")

    @cached_property
    def mlflow_uri(self) -> str:
        return self.tracking_uri or f"sqlite:///{self.home.absolute() / 'mlflow.db'}"
