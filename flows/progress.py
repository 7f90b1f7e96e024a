"""Progress on the Prefect page: one artifact a flow, moved from the flow's own thread as windows of shards are finished."""

from __future__ import annotations

import logging
from collections.abc import Callable

from prefect.artifacts import create_progress_artifact, update_progress_artifact

log = logging.getLogger("pentimento")


def progress_artifact(flow: str, run_id: str) -> Callable[[float], None]:
    """Create the artifact `<flow>-progress`; the returned function sets it to a share of 0–1. Neither ever fails a run."""
    try:
        artifact = create_progress_artifact(
            0.0, key=f"{flow}-progress", description=f"Pictures finished of {run_id}"
        )
    except Exception as error:
        log.warning("no progress artifact: %s", error)
        return lambda share: None

    def tell(share: float) -> None:
        try:
            update_progress_artifact(artifact, progress=round(100 * share, 1))  # type: ignore[arg-type]
        except Exception as error:
            log.warning("the progress artifact was not updated: %s", error)

    return tell
