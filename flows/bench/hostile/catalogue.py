"""Good pictures alone, and the same among hostile rows: each a catalogue run in a process of its own that is watched."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from flows.bench.hostile.auditing import called, events, prepare, written_outside
from flows.bench.hostile.bombs import bombs
from flows.bench.hostile.mutants import mutant
from flows.bench.hostile.rows import GOOD, hostile_rows
from flows.bench.hostile.worker import end_of
from tasks.results import RunResult

GOOD_PICTURES = 4
_BOMBS = (
    "png-flood-tRNS", "jpeg-flood-exif", "jpeg-30000-scans", "tiff-cycle-of-two", "tiff-strip-flood", "tiff-zlib-bomb-16",
    "tiff-lzma-bomb-16", "webp-frames", "gif-frames", "bmp-runs-of-a-giant",
)  # fmt: skip
_CODE = (
    "import json, sys; from flows.catalog import run_catalog; "
    "made = run_catalog(sys.argv[1], sys.argv[2], track=sys.argv[3] == 'tracked'); "
    "print('RESULT ' + json.dumps(made, default=list))"
)


@dataclass(frozen=True, slots=True)
class Watched:
    """A run and what was seen of it."""

    result: RunResult
    outputs: dict[str, str]
    """sha256 of every file of the output folder, by name."""
    outside: list[str]
    foreign: list[str]
    said: str
    noted: list[list[str]]
    """Every event, for whoever looks for others."""


def write(folder: Path, hostile: int) -> Path:
    """A catalogue below `folder`/in with so many hostile rows among the good ones, and what they reach for beside it."""
    home = folder / "in"
    for place in (home, folder / "outside"):
        place.mkdir(parents=True)
    rows: list[dict[str, object]] = [
        {"id": f"good-{n}", "image": f"good-{n}.png", **GOOD} for n in range(GOOD_PICTURES)
    ]
    rng = np.random.default_rng(11)
    for n in range(GOOD_PICTURES):
        _picture(home / f"good-{n}.png", rng.integers(0, 256, (48, 64, 3), dtype=np.uint8))
    _picture(folder / "outside" / "secret.png", np.full((48, 64, 3), 77, np.uint8))
    (home / "link.png").symlink_to(folder / "outside" / "secret.png")
    (home / "linked").symlink_to(folder / "outside")
    (home / "loop.png").symlink_to("loop.png")
    bad = [*_bent(home, hostile // 20), *hostile_rows(hostile - hostile // 20)] if hostile else []
    step = max(1, len(bad) // GOOD_PICTURES)
    for n in reversed(range(1, GOOD_PICTURES)):
        rows[n:n] = bad[n * step :] if n == GOOD_PICTURES - 1 else bad[n * step : (n + 1) * step]
    rows[1:1] = bad[:step]
    (home / "m.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return home / "m.jsonl"


def _bent(home: Path, most: int) -> list[dict[str, object]]:
    """Rows of bombs and of broken pictures: none of them can be read."""
    made = dict(bombs())
    bent = itertools.chain(
        (made[name]() for name in _BOMBS),
        (data for n in itertools.count() if end_of(data := mutant(n).data) == "rejected"),
    )
    rows: list[dict[str, object]] = []
    for n, data in enumerate(itertools.islice(bent, most)):
        (home / f"bent-{n}.png").write_bytes(data)
        rows.append({"id": f"bent-{n}", "image": f"bent-{n}.png", **GOOD})
    return rows


def _picture(path: Path, pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> None:
    path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())


def run(folder: Path, manifest: Path, *, tracked: bool = False, **more: str) -> Watched:
    """The manifest through the flow in a watched process. more: further environment. Raises RuntimeError where it gives no result."""
    (folder / "tmp").mkdir()
    env = {**_unasked(), **prepare(folder / "audit"), **_settings(folder), **more}
    done = subprocess.run(  # noqa: S603 (our own code)
        [sys.executable, "-c", _CODE, str(manifest), str(folder / "out"), "tracked" if tracked else ""],
        env=env, cwd=folder, capture_output=True, text=True, check=False, timeout=1800,
    )  # fmt: skip
    results = [line[7:] for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if not results:
        raise RuntimeError(f"the catalogue run gave no result: {done.stderr[-1500:]}")
    noted = events(folder / "audit")
    files = sorted(path for path in (folder / "out").rglob("*") if path.is_file())
    outputs = {str(p.relative_to(folder / "out")): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}
    roots = [folder / name for name in ("home", "out", "tmp", "audit", "prefect")]
    return Watched(
        RunResult.model_validate_json(results[0]),
        outputs,
        written_outside(noted, *roots),
        called(noted),
        done.stderr + done.stdout,
        noted,
    )


def _unasked() -> dict[str, str]:
    """The environment without wishes that would hide what the product does unless it is asked not to."""
    wishes = (
        "DO_NOT_TRACK",
        "PREFECT_SERVER_ANALYTICS_ENABLED",
        "MLFLOW_DISABLE_TELEMETRY",
        "HF_HUB_OFFLINE",
    )
    return {name: value for name, value in os.environ.items() if name not in wishes}


def _settings(folder: Path) -> dict[str, str]:
    return {
        "PENTIMENTO_HOME": str(folder / "home"), "PREFECT_HOME": str(folder / "prefect"), "TMPDIR": str(folder / "tmp"),
        "HOME": str(folder / "home"), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1", "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "300",
    }  # fmt: skip


def refused_wrongly(result: RunResult) -> list[str]:
    """Hostile rows that were carried out, or refused without a reason or a cure."""
    bad = [item for item in result.items if not item.id.startswith("good-")]
    return [
        f"{item.id}: {item.outcome}: {item.reason or 'no reason'} ({item.cure or 'no cure'})"
        for item in bad
        if item.outcome != "rejected" or not item.reason or not item.cure
    ]
