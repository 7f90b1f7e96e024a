"""Resolve `@alias` before planning: only when a job uses one, and once for the whole run."""

from __future__ import annotations

from collections.abc import Iterable

from infra.settings import Settings
from infra.tracking.aliases import Alias, read_aliases
from tasks.errors import BadRequest
from tasks.job import JobSpec


def snapshot(jobs: Iterable[JobSpec], settings: Settings) -> tuple[Alias, ...]:
    """The aliases this run will use; empty when no job names one.

    Raises BadRequest when the registry cannot be read, or when one alias of a role stands for two engines."""
    if not any(engine.startswith("@") for job in jobs for engine in job.engines.values()):
        return ()
    try:
        aliases = read_aliases(settings.mlflow_uri)
    except Exception as error:
        raise BadRequest(
            f"aliases cannot be read from {settings.mlflow_uri}: {error}", cure="name the engine itself"
        ) from error
    for role, alias, engine in aliases:
        others = [e for r, a, e in aliases if (r, a) == (role, alias) and e != engine]
        if others:
            raise BadRequest(
                f"@{alias} of role {role} stands for {engine} and {others[0]}",
                cure="keep it on one of them in MLflow",
            )
    return aliases
