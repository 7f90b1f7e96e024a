"""Refuse, before anything is started, choices that no picture could make right."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from flows.aliases import snapshot
from infra.settings import Settings
from model_registry.registry import Registry
from tasks.errors import BadRequest, NoEngine
from tasks.job import JobSpec
from tasks.plan import STAGES, Value
from tasks.planner import owns, plan
from tasks.policy.guard import guard_of
from tasks.workshop import WorkshopSpec, workshop


def registry() -> Registry:
    """The packaged cards and those of the settings' folders. Raises BadCards."""
    return Registry.load(*(Path(p) for p in Settings().cards.split(os.pathsep) if p))


def _registry_for(job: JobSpec) -> Registry:
    """The cards, with the aliases that the job names. Raises BadRequest where they cannot be read."""
    settings = Settings()
    aliases = snapshot((job,), settings)
    if not aliases:
        return registry()
    return workshop(WorkshopSpec(store=settings.store_url, cards=settings.cards, aliases=aliases)).registry


def check_job(job: JobSpec) -> None:
    """BadRequest for an unknown engine or parameter (naming the nearest), one of a stage that the intent lacks, or a bad policy.

    That there is no engine for the work is no bad usage: it becomes the picture's outcome, with its cure."""
    try:
        thresholds = guard_of(Settings().policy).policy.thresholds
        made = plan(job.intent, None, _registry_for(job), job.request, thresholds=thresholds)
    except NoEngine:
        return
    there = [stage.stage for stage in made.stages]
    for name in (*job.engines, *job.params):
        if name not in there:
            raise BadRequest(
                f"{job.intent.kind} has no stage {name}", cure=f"its stages are {', '.join(there)}"
            )


def check_choices(engines: Mapping[str, str], params: Mapping[str, Mapping[str, Value]]) -> None:
    """The same for choices that go with many intents: every engine and parameter must be known to some engine.

    Raises UnknownEngine, naming the nearest, or BadRequest."""
    cards = registry()
    for engine in engines.values():
        for one in engine.split("+"):
            if not one.startswith("@"):
                cards.get(one)
    of_engines = {name for card in cards.cards for name in card.defaults}
    for stage in STAGES:
        for name in params.get(stage, {}):
            if not owns(stage, name) and name not in of_engines:
                cure = "`pentimento models show ID` lists an engine's"
                raise BadRequest(f"no parameter {name!r} in stage {stage}", cure=cure)
