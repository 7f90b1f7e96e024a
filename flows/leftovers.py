"""Half-written files in the folders that outputs go to: what a killed writer left behind."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from flows.request import RunRequest
from infra.store.keys import TEMPORARY
from infra.store.local import LocalBackend
from tasks.steps.deliver import REVIEW_FOLDER
from tasks.workshop import Workshop

HALF_WRITTEN = re.compile(re.escape(TEMPORARY) + "[0-9a-f]{24}")


def half_written(request: RunRequest, shop: Workshop) -> tuple[Path, ...]:
    """Temporary files in the local folders that outputs go to: of other writers, or left by one that was killed."""
    backends = [shop.backend(out) for out in sorted({job.out for job in request.jobs if job.out})]
    roots = [backend.root for backend in backends if isinstance(backend, LocalBackend)]
    folders = (folder for root in roots for folder in (root, root / REVIEW_FOLDER))
    return tuple(
        p for folder in folders for p in folder.glob(f"{TEMPORARY}*") if HALF_WRITTEN.fullmatch(p.name)
    )


def sweep(stale: Sequence[Path]) -> None:
    """Take away what was half written before this run began and still is: its writer is gone."""
    for path in stale:
        with suppress(OSError):
            path.unlink(missing_ok=True)
