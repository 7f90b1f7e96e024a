"""Resolve `@alias` before planning: only when a job uses one, and once for the whole run."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence

from infra.secrets import without_secrets
from infra.settings import Settings
from infra.tracking.aliases import Alias, read_aliases
from tasks.errors import BadRequest
from tasks.job import JobSpec

TRIES = 4
PAUSE = 0.5
"""Seconds between readings while one alias has two holders: a promotion may be moving it at this very moment."""


def snapshot(jobs: Iterable[JobSpec], settings: Settings) -> tuple[Alias, ...]:
    """The aliases this run will use, with the parameters that were promoted with them; empty when no job names one.

    Raises BadRequest when the registry cannot be read, or when one alias of a role stands for two engines."""
    if not any(engine.startswith("@") for job in jobs for engine in job.engines.values()):
        return ()
    for _ in range(TRIES - 1):
        aliases = _read(settings)
        if not _doubled(aliases):
            return aliases
        time.sleep(PAUSE)
    aliases = _read(settings)
    doubled = _doubled(aliases)
    if doubled:
        role, alias, first, second = doubled
        raise BadRequest(
            f"@{alias} of role {role} stands for {first} and {second}",
            cure="the same `pentimento promote` again finishes what was begun; or keep it on one of them in MLflow",
        )
    return aliases


def _read(settings: Settings) -> tuple[Alias, ...]:
    try:
        aliases = read_aliases(settings.mlflow_uri)
    except Exception as error:
        raise BadRequest(
            without_secrets(f"aliases cannot be read from {settings.mlflow_uri}: {error}"),
            cure="name the engine itself",
        ) from error
    for role, alias, engine, params in aliases:
        if params and not _is_object(params):
            raise BadRequest(
                f"the tag `params` of {engine}, @{alias} of role {role}, is no JSON object: {params[:80]!r}",
                cure="mend or delete the tag in MLflow",
            )
    return aliases


def _is_object(text: str) -> bool:
    try:
        value = json.loads(text)
    except ValueError:
        return False
    return isinstance(value, dict) and all(isinstance(v, str | int | float | bool) for v in value.values())


def _doubled(aliases: Sequence[Alias]) -> tuple[str, str, str, str] | None:
    """Role, alias and two engines of one that several hold."""
    held: dict[tuple[str, str], str] = {}
    for role, alias, engine, _ in aliases:
        if held.setdefault((role, alias), engine) != engine:
            return role, alias, held[role, alias], engine
    return None
