"""A run on its way to MLflow, as a folder: written whole first, removed once sent, kept and tried again otherwise."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

from infra.tracking.model import EngineVersion, Sample, TrackedRun

RUN = "run.json"
HELD = 2**20
"""Bytes of a file up to which it is read; of a larger one it is said where it lies."""


def write(spool: Path, run: TrackedRun) -> Path:
    """Put a run into the spool; its folder, complete when this returns."""
    folder, half = spool / run.run_id, spool / f".{run.run_id}"
    for stale in (half, folder):
        shutil.rmtree(stale, ignore_errors=True)
    (half / "samples").mkdir(parents=True)
    for name, data in run.files.items():
        path = half / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(data, Path):
            shutil.copyfile(data, path)
        else:
            path.write_bytes(data)
    for n, sample in enumerate(run.samples):
        (half / "samples" / str(n)).write_bytes(sample.data)
    bare = replace(run, samples=tuple(replace(s, data=b"") for s in run.samples), files={})
    head = asdict(bare) | {"files": sorted(run.files)}
    for sample in head["samples"]:
        sample["data"] = ""
    (half / RUN).write_text(json.dumps(head), encoding="utf-8")
    half.rename(folder)
    return folder


def read(folder: Path) -> TrackedRun:
    """The run in a spool folder."""
    head = json.loads((folder / RUN).read_text(encoding="utf-8"))
    samples = tuple(
        Sample(**{**s, "data": (folder / "samples" / str(n)).read_bytes()})
        for n, s in enumerate(head["samples"])
    )
    files = {name: _file(folder / "files" / name) for name in head["files"]}
    engines = tuple(EngineVersion(**e) for e in head["engines"])
    return TrackedRun(**{**head, "samples": samples, "engines": engines, "files": files})


def _file(path: Path) -> bytes | Path:
    return path.read_bytes() if path.stat().st_size <= HELD else path


def waiting(spool: Path) -> Iterator[Path]:
    """Complete folders that were not sent yet, oldest name first."""
    if spool.is_dir():
        yield from sorted(p for p in spool.iterdir() if not p.name.startswith(".") and (p / RUN).is_file())


def remove(folder: Path) -> None:
    """Forget a sent run."""
    shutil.rmtree(folder, ignore_errors=True)
