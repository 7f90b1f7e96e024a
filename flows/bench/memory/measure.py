"""Bench `memory`: peak resident memory of a run over many small pictures against one over few."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from flows.bench.orchestration.pictures import Work, write
from flows.bench.setting import tell

FEW, MANY, QUICK = 200, 20_000, 2_000
TINY = Work("tiny", 48, 32, "bicubic")
PATIENCE = 6 * 3600


def measure(quick: bool) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Rows: pictures, peak of resident memory (MB) of the process that does the run, seconds. Summary: the ratio of many to few, under a
    name that says how many: `rss_ratio_20000_to_200`, with `--quick` `rss_ratio_2000_to_200`."""
    many = QUICK if quick else MANY
    with tempfile.TemporaryDirectory() as name:
        rows = [_run(Path(name), pictures) for pictures in (FEW, many)]
    few, most = (row["rss_mb"] for row in rows)
    return rows, {
        f"rss_ratio_{many}_to_{FEW}": most / few,
        "bytes_per_picture": (most - few) * 2**20 / (many - FEW),
    }


def _run(folder: Path, pictures: int) -> dict[str, Any]:
    manifest = write(folder / f"in-{pictures}", TINY, pictures)
    command = [
        sys.executable, "-m", "flows.bench.memory.leg", str(manifest), str(folder / f"out-{pictures}")
    ]  # fmt: skip
    environment = {**os.environ, "PENTIMENTO_HOME": str(folder / f"home-{pictures}")}
    began = time.perf_counter()
    done = subprocess.run(  # noqa: S603 - our own module
        command, check=False, capture_output=True, text=True, timeout=PATIENCE, env=environment
    )
    if done.returncode:
        raise RuntimeError(f"the run of {pictures} pictures failed: {done.stderr[-2000:]}")
    said = json.loads(done.stdout.strip().splitlines()[-1])
    if sum(said["counts"].get(outcome, 0) for outcome in ("done", "degraded")) != pictures:
        raise RuntimeError(f"not all of {pictures} pictures were made: {said['counts']}")
    tell(f"memory: {pictures} pictures, {said['rss_mb']:.0f} MB")
    return {"pictures": pictures, "rss_mb": said["rss_mb"], "seconds": time.perf_counter() - began}
