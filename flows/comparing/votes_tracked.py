"""Tells tracking what people voted, and finds a comparison's run there. Warns where it cannot; never fails."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence

from flows.comparing.model import Comparison
from flows.comparing.votes import PairVotes
from infra.secrets import without_secrets
from infra.settings import Settings
from infra.tracking.late import add_to_run

log = logging.getLogger("pentimento")
FILE = "votes.json"


def track_votes(settings: Settings, comparison: Comparison, votes: Sequence[PairVotes]) -> bool:
    """Put the counts on the comparison's parent run; whether it was reached."""
    whole = json.dumps([one.model_dump(mode="json") for one in votes], indent=1, ensure_ascii=False)
    return tell(settings, comparison, metrics_of(votes), {}, {FILE: whole.encode()})


def metrics_of(votes: Sequence[PairVotes]) -> dict[str, float]:
    """`votes.A.over.B`: how often A was called the better one."""
    found: dict[str, float] = {}
    for one in votes:
        found[f"votes.{one.a}.over.{one.b}"] = float(one.better_a)
        found[f"votes.{one.b}.over.{one.a}"] = float(one.better_b)
        found[f"votes.{one.a}.ties.{one.b}"] = float(one.ties)
    return found


def tell(
    settings: Settings, comparison: Comparison, metrics: Mapping[str, float], tags: Mapping[str, str],
    files: Mapping[str, bytes],
) -> bool:  # fmt: skip
    """Add to the comparison's run in tracking; False, with a warning, where that is not to be had."""
    try:
        done = add_to_run(
            settings.mlflow_uri, settings.experiment, comparison.id, metrics=metrics, tags=tags, files=files
        )
    except Exception as error:
        log.warning("tracking of %s failed, the store has it all: %s", comparison.id, without_secrets(error))
        return False
    if not done:
        log.warning(
            "%s is not known to tracking at %s; the store has it all",
            comparison.id,
            without_secrets(settings.mlflow_uri),
        )
    return done
