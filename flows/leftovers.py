"""Half-written files in the folders that outputs go to: what a killed writer left behind."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from infra.store.keys import TEMPORARY
from infra.store.local import LocalBackend
from tasks.job import JobSpec
from tasks.steps.deliver import REVIEW_FOLDER
from tasks.workshop import Workshop

PUBLISHED_FOLDER = "published"
"""Where manifests lie beside the pointer."""
HALF_WRITTEN = re.compile(re.escape(TEMPORARY) + "[0-9a-f]{24}")


def half_written(jobs: Iterable[JobSpec], shop: Workshop) -> tuple[Path, ...]:
    """Temporary files in the local folders that outputs go to: of other writers, or left by one that was killed."""
    backends = [shop.backend(out) for out in sorted({job.out for job in jobs if job.out})]
    roots = [backend.root for backend in backends if isinstance(backend, LocalBackend)]
    folders = (folder for root in roots for folder in (root, root / REVIEW_FOLDER, root / PUBLISHED_FOLDER))
    return tuple(
        p for folder in folders for p in folder.glob(f"{TEMPORARY}*") if HALF_WRITTEN.fullmatch(p.name)
    )


def sweep(stale: Sequence[Path], age_s: float = 0.0) -> None:
    """Take away what was half written before this run began and still is: its writer is gone. age_s: of the youngest that goes, for
    a run so short that a living writer may outlast it."""
    for path in stale:
        with suppress(OSError):
            if not age_s or time.time() - path.stat().st_mtime > age_s:
                path.unlink(missing_ok=True)
