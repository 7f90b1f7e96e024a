"""Bench `tiers`: preview against final of the same wish on 12-megapixel pictures: time, and how far the two agree."""

from __future__ import annotations

import io
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from flows.demo.files import decode
from flows.demo.photographs import photograph, quantised
from tasks.intents import MaskBoxes, RemoveObject
from tasks.job import JobSpec
from tasks.results import ItemResult
from tasks.steps.item import finish
from tasks.workshop import WorkshopSpec, workshop

SIZE = (4000, 3000)
BOX = (1500, 2400, 2300, 2560)
PHOTOGRAPHS = ("coffee", "chelsea", "rocket")


def measure(quick: bool) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Rows: picture, tier, seconds. Summary: the ratio of the medians, and the PSNR between preview and final."""
    repeats = 2 if quick else 7
    rows: list[dict[str, Any]] = []
    agreement: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for name in PHOTOGRAPHS:
            _write(Path(folder), name)
            for turn in range(repeats):
                tiers = ("preview", "final") if turn % 2 == 0 else ("final", "preview")
                done = {tier: _once(folder, name, tier, turn) for tier in tiers}
                rows += [{"picture": name, "tier": t, "seconds": done[t][0]} for t in tiers]
            agreement.append(_agreement(done["preview"][1], done["final"][1]))
    median = {
        t: statistics.median(r["seconds"] for r in rows if r["tier"] == t) for t in ("preview", "final")
    }
    return rows, {
        "preview_seconds": median["preview"], "final_seconds": median["final"],
        "speedup": median["final"] / median["preview"], "agreement_psnr_db": statistics.mean(agreement),
    }  # fmt: skip


def _write(folder: Path, name: str) -> None:
    levels = cv2.resize(quantised(photograph(name)), SIZE, interpolation=cv2.INTER_CUBIC)
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(levels)).save(out, "JPEG", quality=92)
    (folder / f"{name}.jpg").write_bytes(out.getvalue())


def _once(folder: str, name: str, tier: str, turn: int) -> tuple[float, ItemResult]:
    """One edit from scratch, everything from reading to writing counted; a store and caches of its own."""
    spec = WorkshopSpec(store=f"{folder}/store-{name}-{tier}-{turn}", run=f"{tier}-{turn}")
    job = JobSpec.model_validate({
        "id": f"{name}-{tier}", "root": folder, "image": f"{name}.jpg", "tier": tier, "out": f"{folder}/out",
        "intent": RemoveObject(mask=MaskBoxes(boxes=(BOX,))),
    })  # fmt: skip
    begun = time.perf_counter()
    result = finish(workshop(spec), job)
    return time.perf_counter() - begun, result


def _agreement(preview: ItemResult, final: ItemResult) -> float:
    """PSNR between the preview and the final picture scaled to it, inside the region's box, dB."""
    small, large = (decode(Path(i.output).read_bytes()).astype(np.float64) / 255 for i in (preview, final))
    scaled = cv2.resize(large, small.shape[1::-1], interpolation=cv2.INTER_AREA)
    x0, y0, x1, y1 = preview.regions[0].box
    error = float(((small - scaled)[y0:y1, x0:x1] ** 2).mean())
    return float(-10 * np.log10(max(error, 1e-10)))
