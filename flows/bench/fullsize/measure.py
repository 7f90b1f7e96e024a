"""Bench `fullsize`: seconds to load, seconds a step and memory of Stable Diffusion 1.5 and XL at their full size.

The weights are random: what the pictures show means nothing. What is measured is that the architectures load through the
production loader, step, and what they take on this machine without a GPU."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from flows.bench.fullsize.folder import save
from flows.bench.fullsize.shapes import ARCHITECTURES, Architecture
from tasks.errors import EngineFailed

_BYTES = {"float32": 4, "bfloat16": 2}
_SPARE = 2 * 10**9
_SUMMED = ("parameters", "load_seconds", "load_cpu_seconds", "step_seconds", "step_cpu_seconds", "peak_gb")


def measure(quick: bool) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """A row an architecture (quick: SD 1.5 alone); one that the machine has no room for is left out, and its row says so."""
    rows = [_row(one) for one in (ARCHITECTURES[:1] if quick else ARCHITECTURES)]
    summary: dict[str, float] = {"measured": float(sum("load_seconds" in row for row in rows))}
    for row in rows:
        named = {k: row[k] for k in _SUMMED if k in row}
        summary |= {f"{row['architecture']}_{key}": float(value) for key, value in named.items()}
    return [_complete(row, rows) for row in rows], summary


def room_for(architecture: Architecture, memory: int, disk: int) -> str:
    """Why an architecture cannot be measured with so many bytes free; empty when it can."""
    needed = architecture.published * _BYTES[architecture.dtype] + _SPARE
    if memory < needed:
        return f"{needed / 1e9:.1f} GB of memory needed, {memory / 1e9:.1f} free"
    needed = architecture.published * 2 + _SPARE
    return f"{needed / 1e9:.1f} GB of disk needed, {disk / 1e9:.1f} free" if disk < needed else ""


def _memory_free() -> int:
    """Bytes that can be had without swapping: what the system says is available, or else what is free."""
    path = Path("/proc/meminfo")
    lines = path.read_text().splitlines() if path.exists() else []
    known = [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    return known[0] if known else os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _row(architecture: Architecture) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="fullsize-") as name:
        missing = room_for(architecture, _memory_free(), shutil.disk_usage(name).free)
        if missing:
            return {"architecture": architecture.name, "note": missing}
        began = time.perf_counter()
        parameters, size = save(architecture, Path(name))
        written = time.perf_counter() - began
        told = _stepped(Path(name), f"{architecture.name}-random")
    load, step = told["load"], told["steps"][-1]
    return {
        "architecture": architecture.name, "parameters": parameters, "file_gb": size / 1e9, "dtype": architecture.dtype,
        "side": architecture.side, "steps": len(told["steps"]), "write_seconds": written,
        "check_seconds": told["check"][0], "load_seconds": load[0], "load_cpu_seconds": load[1],
        "step_seconds": step[0], "step_cpu_seconds": step[1], "other_seconds": told["other"][0],
        "loaded_gb": told["loaded_bytes"] / 1e9, "peak_gb": told["peak_bytes"] / 1e9, "note": "",
    }  # fmt: skip


def _stepped(folder: Path, engine: str) -> dict[str, Any]:
    """What the child measured. Both halves of a guided step are one run of the network on two latents."""
    command = [sys.executable, "-m", "flows.bench.fullsize.stepping", str(folder), engine]
    root = str(Path(__file__).resolve().parents[3])
    env = os.environ | {"PYTHONPATH": root, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise EngineFailed(
            f"{engine} did not step: {done.stderr.strip()[-500:]}", cure="is there enough memory?"
        )
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _complete(row: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The row with every column that any row has, in the same order."""
    columns = max(rows, key=len)
    return {name: row.get(name, "") for name in columns}
