"""Room and cores of this machine against what the settings ask of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from flows.doctor.finding import Finding, bad, doubtful, good
from infra.settings import Settings

GB = 10**9
LEAST = 1 * GB
"""Free bytes below which a run will soon fail."""
SCARCE = 5 * GB
BESIDE_MB = 1500
"""What a process takes beside its engines: libraries, decoded pictures."""


def disk(home: Path) -> Finding:
    """Whether there is room where the home is."""
    place = next(p for p in (home.absolute(), *home.absolute().parents) if p.exists())
    free = shutil.disk_usage(place).free
    said = f"{free / GB:.1f} GB free at {place}"
    if free < LEAST:
        return bad("disk", said, "make room, or move PENTIMENTO_HOME to a larger disk")
    return (
        doubtful("disk", said, "make room before a large catalogue") if free < SCARCE else good("disk", said)
    )


def memory(settings: Settings) -> Finding:
    """Whether loaded engines fit beside everything else that runs now."""
    free, wanted = psutil.virtual_memory().available // 2**20, settings.memory_mb
    said = f"{free} MB free; engines may take {wanted} MB (PENTIMENTO_MEMORY_MB)"
    if free < BESIDE_MB:
        return bad("memory", said, "end other programs, or use a larger machine")
    if free < wanted + BESIDE_MB:
        return doubtful("memory", said, f"PENTIMENTO_MEMORY_MB={max(64, free - BESIDE_MB)}")
    return good("memory", said)


def threads(settings: Settings) -> Finding:
    """Whether workers and library threads fit the cores."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    library = os.environ.get("OMP_NUM_THREADS", "")
    said = f"{cores} cores, {settings.workers} workers, OMP_NUM_THREADS={library or 'unset'}"
    if settings.workers > cores:
        return doubtful("threads", said, f"PENTIMENTO_WORKERS={cores}")
    if library.isdecimal() and int(library) * settings.workers > 2 * cores:
        return doubtful("threads", said, f"OMP_NUM_THREADS={max(1, cores // settings.workers)}")
    return good("threads", said)


def spool(home: Path) -> Finding:
    """Whether runs wait for a tracking server that did not take them."""
    from infra.tracking.spool import waiting

    runs = [folder.name for folder in waiting(home / "spool")]
    if runs:
        said = f"{len(runs)} runs wait in {home / 'spool'}: {', '.join(runs[:5])}"
        return doubtful("tracking spool", said, "the next tracked run sends them, once MLflow answers")
    return good("tracking spool", "empty")
