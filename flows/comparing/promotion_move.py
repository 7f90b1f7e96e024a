"""Carries one change of `@champion` out in the registry of models, marks it as done, and knows one that was cut short."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flows.comparing.promotion_log import Change
from infra.secrets import without_secrets
from infra.settings import Settings
from infra.store.contract import StoreError
from infra.tracking import champions
from infra.tracking.champions import Held
from tasks.errors import BadRequest, PentimentoError, Transient

CHAMPION = "champion"
MARK = "pentimento.change"
"""Tag of a model's version: the digest of the last change that was carried out on it."""


def champions_of(settings: Settings, role: str) -> tuple[Held, ...]:
    """Who holds `@champion` of a role now: one, or several where somebody moved it by hand. Raises Transient."""
    with _registry(settings):
        return champions.holders(settings.mlflow_uri, role, CHAMPION)


def champion_of(settings: Settings, role: str) -> Held | None:
    """Who holds `@champion` of a role now; None for nobody. Raises BadRequest for two; Transient."""
    holding = champions_of(settings, role)
    if len(holding) > 1:
        raise BadRequest(
            f"@{CHAMPION} of {role} stands for {' and '.join(one.engine for one in holding)}",
            cure="keep it on one of them in MLflow",
        )
    return holding[0] if holding else None


def unfinished(settings: Settings, change: Change) -> bool:
    """Whether the last change of a role was cut short. Raises Transient."""
    target = change.to or change.former
    if target is None:
        return False
    with _registry(settings):
        known = champions.find(settings.mlflow_uri, target.held)
        if known is None or known.marks.get(MARK) != change.digest:
            return True
        holding = champions.holders(settings.mlflow_uri, change.role, change.alias)
    return len(holding) > 1 and any(change.to and one.same(change.to.held) for one in holding)


def carry_out(settings: Settings, change: Change, source_run: str) -> None:
    """Every step may be done again. The new holder has the alias before the old one loses it: `@champion` is never nobody."""
    uri = settings.mlflow_uri
    target = change.to or change.former
    assert target
    with _registry(settings):
        held = champions.ensure(uri, target.held, experiment=settings.experiment, source_run=source_run)
        if change.to:
            champions.give(uri, change.alias, held)
        for other in champions.holders(uri, change.role, change.alias):
            if change.to is None or other.engine != change.to.engine:
                champions.take(uri, change.alias, other.engine)
        champions.mark(uri, held, _tags(change), _description(change))


def _tags(change: Change) -> dict[str, str]:
    evidence = change.evidence
    told = {
        "pentimento.action": change.action, "pentimento.by": change.by, "pentimento.at": change.at,
        "pentimento.former": change.former.said if change.former else "nobody", "pentimento.why": change.why,
        "pentimento.comparison": evidence.comparison if evidence else "",
        "pentimento.variant": evidence.variant if evidence else "",
        "pentimento.verdict": evidence.verdict.sentence if evidence else "",
    }  # fmt: skip
    return {**told, MARK: change.digest}


def _description(change: Change) -> str:
    """For the registry's page."""
    said = f"@{change.alias} of {change.role} since {change.at}, by {change.by}."
    former = f" Before: {change.former.said}." if change.former else ""
    if change.evidence:
        why = f" Promoted all the same: {change.why}" if change.why else ""
        return f"{said}{former} {change.evidence.verdict.sentence} ({change.evidence.comparison}).{why}"
    if change.to is None:
        return f"@{change.alias} of {change.role} until {change.at}; taken back by {change.by}."
    return f"{said}{former} Rolled back."


@contextmanager
def _registry(settings: Settings) -> Iterator[None]:
    """Whatever tracking raises, as Transient."""
    try:
        yield
    except (PentimentoError, StoreError):
        raise
    except Exception as error:
        raise Transient(
            without_secrets(f"the registry of models at {settings.mlflow_uri} did not do as asked: {error}"),
            cure="the same command again finishes what was begun",
        ) from error
