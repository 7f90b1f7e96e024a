"""Bench `resume`: the demo catalogue once, then the same command again: what a rerun costs when nothing has changed."""

from __future__ import annotations

import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

from flows.catalog import run_catalog
from flows.demo.catalogue import write_catalogue
from tasks.results import RunResult

REPEATS = 7


def measure(quick: bool) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Rows: each run's seconds (start-up of Prefect apart) and how many stages were computed. Summary: the ratio."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PENTIMENTO_HOME"] = f"{folder}/home"
        catalogue = write_catalogue(Path(folder) / "catalogue")
        runs = [_once(catalogue.manifest, Path(folder) / "out") for _ in range(1 + (3 if quick else REPEATS))]
    rows = [{"run": n, "seconds": r.seconds, "stages_computed": _computed(r)} for n, r in enumerate(runs)]
    again = statistics.median(r.seconds for r in runs[1:])
    return rows, {
        "first_seconds": runs[0].seconds, "again_seconds": again, "rerun_speedup": runs[0].seconds / again,
        "recomputed": float(max(_computed(r) for r in runs[1:])),
    }  # fmt: skip


def _once(manifest: Path, out: Path) -> RunResult:
    return RunResult.model_validate(run_catalog(str(manifest), str(out), track=False))


def _computed(result: RunResult) -> int:
    return sum(not stage.cached for item in result.items for stage in item.stages)
