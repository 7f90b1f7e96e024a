"""Log a run in a process that stops on its way, to be killed there; called as `python -m flows.bench.tracking.killed WHERE URI SPOOL STORE`.

WHERE: `before` anything is sent, `during`, when the files are sent but not the pictures, or `after` all is sent but not yet
forgotten. It then says so on stdout and waits for its end."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from flows.bench.tracking.cases import run_of, thumbnails
from infra.store.store import open_store
from infra.tracking import mlflow_log, spool

EXPERIMENT = "bench-tracking"
PICTURES = 30


def main(where: str, uri: str, waiting: str, store: str) -> None:
    """Never returns."""
    names: dict[str, tuple[Any, str]] = {
        "before": (mlflow_log, "_send"), "during": (mlflow_log, "_samples"), "after": (spool, "remove")
    }  # fmt: skip
    setattr(*names[where], _stop)
    run = run_of(open_store(store), f"catalog-killed-{where}", thumbnails(PICTURES))
    mlflow_log.log_run(run, uri=uri, experiment=EXPERIMENT, waiting=Path(waiting))


def _stop(*_: object) -> None:
    sys.stdout.write("here\n")
    sys.stdout.flush()
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    main(*sys.argv[1:])
