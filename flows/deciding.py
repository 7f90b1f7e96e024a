"""Write a person's decisions on a run: all of them, or none when one cannot be carried out."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from datetime import UTC, datetime

from flows.stored_run import StoredRun, stored_run
from infra.store.store import Store
from tasks.review.events import Verdicts
from tasks.review.log import append
from tasks.review.targets import decisions


def now() -> str:
    """UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def login_name() -> str:
    """Who runs this process; empty when the system does not know."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def decide(
    store: Store, run_id: str, approve: Sequence[str], reject: Sequence[str], *, by: str, why: str = ""
) -> StoredRun:
    """Write the decisions into the run's log; the run as it stands then. Nothing is written when one id is wrong.

    Raises BadRequest for an unknown run or id, for what does not wait, and when nobody is named."""
    run = stored_run(store, run_id)
    chosen = decisions(run.items, approve, reject)
    if not chosen:
        return run
    candidates = {item.id: item.output_sha256 for item in run.result.items}
    append(store, run_id, Verdicts(chosen, by, now(), why), candidates)
    return stored_run(store, run_id)
