"""The catalogue flow behind a form: what the data team fills in on Prefect's page, or another program sends."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from prefect import flow
from prefect.runtime import flow_run
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from pydantic import BaseModel, ConfigDict, Field

from flows.catalog import process_catalog
from infra.settings import Settings

Stage = Literal["detection", "generation", "blending", "enhancement", "verification", "export"]
"""The stages in which somebody may choose."""
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class EngineChoice(BaseModel):
    """An engine that is insisted on."""

    model_config = ConfigDict(extra="forbid")

    stage: Stage = Field(description="Where it is used.")
    engine: str = Field(
        pattern=r"^(@?[a-z0-9][a-z0-9.+-]*)$",
        description="Its id, as `pentimento models` lists it, or an alias such as @champion.",
    )


class ParameterChoice(BaseModel):
    """A parameter that is set."""

    model_config = ConfigDict(extra="forbid")

    stage: Stage = Field(description="Where it holds.")
    name: Name = Field(description="Such as feather.")
    value: int | float | bool | str = Field(description="Its value.")


class Order(BaseModel):
    """One run over a manifest. The same order again resumes, and costs nothing where nothing has changed."""

    model_config = ConfigDict(extra="forbid")

    manifest: str = Field(
        title="Manifest", pattern=r"^(s3://[^/]+/|/).*\.(csv|jsonl|parquet)$",
        description="Address of the CSV, JSON lines or Parquet file, with a row a picture: s3://bucket/… or an absolute path.",
        examples=["s3://catalogue/incoming/manifest.csv"],
    )  # fmt: skip
    out: str = Field(
        title="Where to", pattern=r"^(s3://[^/]+(/.*)?|/.*)$",
        description="Folder or s3:// prefix of the edited pictures.", examples=["s3://catalogue/edited"],
    )  # fmt: skip
    tier: Literal["preview", "final"] = Field(
        default="final",
        title="Tier",
        description="preview: the same plan at no more than 0.25 megapixel, to look at first.",
    )
    preview_first: bool = Field(
        default=False,
        title="Previews first",
        description="Previews with a sheet of their own, then the pictures.",
    )
    engines: list[EngineChoice] = Field(
        default=[], title="Engines", description="To insist on; else facts decide.", max_length=8
    )
    params: list[ParameterChoice] = Field(
        default=[], title="Parameters", description="Where the cards' defaults will not do.", max_length=64
    )
    seed: int = Field(
        default=0, ge=0, le=2**31 - 1, title="Seed", description="Another one gives other made-up pixels."
    )
    fresh: bool = Field(default=False, title="Afresh", description="Do everything again, whatever is stored.")
    observe: int = Field(
        default=0,
        ge=0,
        le=64,
        title="Observe",
        description="Pictures whose sampling is kept to be looked at; 0 = as the worker's settings say.",
    )
    shard_size: int = Field(
        default=0,
        ge=0,
        le=64,
        title="Pictures a shard",
        description="0 = as the worker's settings say.",
    )

    def engines_by_stage(self) -> dict[str, str]:
        """`{stage: engine}`; of two for one stage the later."""
        return {choice.stage: choice.engine for choice in self.engines}

    def params_by_stage(self) -> dict[str, dict[str, str | int | float | bool]]:
        """`{stage: {name: value}}`; of two of one name the later."""
        values: dict[str, dict[str, str | int | float | bool]] = {}
        for choice in self.params:
            values.setdefault(choice.stage, {})[choice.name] = choice.value
        return values


def _run_name() -> str:
    """The manifest's file name, so that a list of runs can be read."""
    order = flow_run.parameters.get("order")
    manifest = order.get("manifest", "") if isinstance(order, dict) else getattr(order, "manifest", "")
    return f"order {PurePosixPath(str(manifest)).name}"


RUNNER: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=Settings().workers)


@flow(name="order", flow_run_name=_run_name, log_prints=False, persist_result=False, task_runner=RUNNER)
def process_order(order: Order) -> dict[str, Any]:
    """Process every row of a manifest as an order says. Returns the run's result as JSON."""
    result: dict[str, Any] = process_catalog.fn(
        manifest=order.manifest, out=order.out, tier=order.tier, shard_size=order.shard_size, fresh=order.fresh,
        engines=order.engines_by_stage(), params=order.params_by_stage(), seed=order.seed, track=True,
        preview_first=order.preview_first, observe=order.observe or None,
    )  # fmt: skip
    return result
