"""Bench `proportional`: work follows the edit. One region in a small and in a large picture, and what the large one takes of memory."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from flows.bench.setting import tell
from flows.demo.photographs import photograph, quantised
from tasks.intents import MaskBoxes, RemoveObject
from tasks.job import JobSpec
from tasks.results import ItemResult
from tasks.steps.item import finish
from tasks.workshop import WorkshopSpec, workshop

LARGE, SMALL = (8000, 6000), (1000, 1000)
"""Width and height, px: 48 and 1 megapixel. The small picture is the large one's corner, so the region sees the same pixels."""
BOX = (400, 470, 600, 530)
GRAIN = 2.5
"""Levels of noise laid over the enlarged photograph: what makes a camera's PNG large."""
FILLING = ("generation", "blending")
BAND = 500


def measure(quick: bool) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Rows: seconds of fill and blend and bytes stored for the region by picture and turn; memory by case.

    Summary: large over small of either (medians; asked for: within 1.2), and the most memory that a 48-megapixel PNG takes
    above the loaded idle process, in parts of its decoded bytes (asked for: at most 2.5)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_pictures(folder)
        tell("pictures written")
        rows = [row for turn in range(3 if quick else 11) for row in _turn(folder, turn)]
        cases = [("noisy", "large.png")] if quick else [("noisy", "large.png"), ("smooth", "smooth.png")]
        memory: list[dict[str, Any]] = [{"picture": case, **peak(folder, file)} for case, file in cases]
    small, large = (_medians([r for r in rows if r["picture"] == which]) for which in ("small", "large"))
    summary = {
        "seconds_small": small[0], "seconds_large": large[0], "seconds_ratio": large[0] / small[0],
        "bytes_small": small[1], "bytes_large": large[1], "bytes_ratio": large[1] / small[1],
        "memory_ratio": max(m["ratio"] for m in memory),
    }  # fmt: skip
    shown = [{**r, "memory_ratio": "", "idle_mb": "", "peak_mb": ""} for r in rows]
    shown += [
        {"picture": m["picture"], "turn": "", "seconds": "", "bytes": "", "memory_ratio": m["ratio"],
         "idle_mb": m["idle"] / 2**20, "peak_mb": m["peak"] / 2**20}
        for m in memory
    ]  # fmt: skip
    return shown, summary


def write_pictures(folder: Path, size: tuple[int, int] = LARGE) -> None:
    """`large.png`, its smooth twin `smooth.png`, and `small.png`, the corner of `large.png`."""
    smooth = cv2.resize(quantised(photograph("coffee")), size, interpolation=cv2.INTER_CUBIC)
    noisy = smooth.copy()
    rng = np.random.default_rng(0)
    for y in range(0, size[1], BAND):
        band = noisy[y : y + BAND]
        grain = rng.standard_normal(band.shape, np.float32) * GRAIN
        band[:] = np.clip(np.rint(band + grain), 0, 255).astype(np.uint8)
    for file, pixels in (
        ("large.png", noisy), ("smooth.png", smooth), ("small.png", noisy[: SMALL[1], : SMALL[0]]),
    ):  # fmt: skip
        cv2.imwrite(str(folder / file), np.ascontiguousarray(pixels[..., ::-1]))


def peak(folder: Path, file: str) -> dict[str, float]:
    """Of an edit in a process of its own: bytes when loaded and idle, at most, and decoded; and the ratio."""
    command = [sys.executable, "-m", "flows.bench.proportional_memory", str(folder), "small.png", file]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 (our own interpreter)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return {**found, "ratio": (found["peak"] - found["idle"]) / found["decoded"]}


def edit(folder: Path, file: str, store: Path) -> ItemResult:
    """One region taken out of a picture, in a store of its own."""
    spec = WorkshopSpec(store=str(store), run="proportional-1")
    job = JobSpec.model_validate({
        "id": Path(file).stem, "root": str(folder), "image": file, "out": str(store / "out"),
        "intent": RemoveObject(mask=MaskBoxes(boxes=(BOX,))),
    })  # fmt: skip
    result = finish(workshop(spec), job)
    if not result.regions:
        raise RuntimeError(f"{file} was not edited: {result.outcome}, {result.reason}")
    return result


def _turn(folder: Path, turn: int) -> list[dict[str, Any]]:
    order = ("small", "large") if turn % 2 == 0 else ("large", "small")
    rows = []
    for which in order:
        begun = time.perf_counter()
        store = folder / f"store-{which}-{turn}"
        result = edit(folder, f"{which}.png", store)
        seconds = sum(s.seconds for s in result.stages if s.stage in FILLING)
        rows.append({"picture": which, "turn": turn, "seconds": seconds, "bytes": _kept(store, result)})
        tell(f"{which} {turn}: {time.perf_counter() - begun:.1f} s in all")
    return rows


def _kept(store: Path, result: ItemResult) -> int:
    """Bytes of everything stored on the way: all but the finished file and the sheet's two small copies."""
    last = {result.output_sha256, *result.thumbnails.values()}
    return sum(f.stat().st_size for f in (store / "cas").rglob("*") if f.is_file() and f.name not in last)


def _medians(rows: list[dict[str, Any]]) -> tuple[float, float]:
    return statistics.median(r["seconds"] for r in rows), statistics.median(r["bytes"] for r in rows)
