"""Choices of a rerun, laid over those that a picture was made with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from model_registry.errors import RegistryError
from model_registry.registry import Registry
from tasks.plan import Value
from tasks.planner import Request, owns

Engines = Mapping[str, str]
Params = Mapping[str, Mapping[str, Value]]


class Change(Protocol):
    """What is wanted otherwise."""

    @property
    def engines(self) -> Engines: ...
    @property
    def params(self) -> Params: ...
    @property
    def seed(self) -> int | None: ...


def changed(request: Request, change: Change, registry: Registry) -> Request:
    """The request with the change laid over it. What a stage's earlier engine was set to goes with that engine, where the
    new one has no parameter of that name."""
    params = {stage: dict(given) for stage, given in request.params.items()}
    for stage, engine in change.engines.items():
        if engine != request.engines.get(stage):
            params[stage] = _still_known(stage, engine, params.get(stage, {}), registry)
    for stage, given in change.params.items():
        params[stage] = {**params.get(stage, {}), **given}
    return replace(
        request, engines={**request.engines, **change.engines}, params={s: p for s, p in params.items() if p},
        seed=request.seed if change.seed is None else change.seed,
    )  # fmt: skip


def _still_known(
    stage: str, engine: str, params: Mapping[str, Value], registry: Registry
) -> dict[str, Value]:
    try:
        own = registry.get(engine).defaults
    except RegistryError:  # an alias, or unknown: the planner says what is wrong
        return dict(params)
    return {k: v for k, v in params.items() if owns(stage, k) or k in own}
