"""Bench `tiers`: preview against final of the same wish on 12-megapixel pictures: time, and how far the two agree, by intent."""

from __future__ import annotations

import io
import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from flows.bench.setting import tell
from flows.demo.files import decode
from flows.demo.photographs import photograph, quantised
from tasks.errors import PentimentoError
from tasks.intents import BY_REGION, Generate, Intent, MaskBoxes, RemoveObject, RemoveText, Replace, Upscale
from tasks.job import JobSpec
from tasks.results import ItemResult
from tasks.steps.detect import detect
from tasks.steps.item import finish
from tasks.steps.policy import decide
from tasks.steps.source import read_source
from tasks.workshop import Workshop, WorkshopSpec, workshop

SIZE = (4000, 3000)
BOX = (1500, 2400, 2300, 2560)
WORDS, PLACE = "SPRING SALE", (400, 2700)
PHOTOGRAPHS = ("coffee", "chelsea", "rocket")
WISHES: Mapping[str, Intent] = {
    "remove_text": RemoveText(text="all", rights="own"),
    "remove_object": RemoveObject(mask=MaskBoxes(boxes=(BOX,)), rights="own"),
    "replace": Replace(mask=MaskBoxes(boxes=(BOX,)), prompt="a folded towel", rights="own"),
    "generate": Generate(prompt="a mug on a white table", width=1024, height=1024),
    "upscale": Upscale(scale=2),
}
TIERS = ("preview", "final")


def measure(quick: bool) -> tuple[list[dict[str, Any]], dict[str, float | str]]:
    """Rows: intent, picture, tier, seconds of what both tiers share (reading, triage, detection, policy) and of the rest.

    Both are from a cold start: the rest begins with the file and ends with the finished picture in its place. Summary: the
    ratio of the medians over intents that edit regions, without and with the shared part; by intent the ratio and the PSNR
    between preview and final where it was edited, dB. An intent without an engine at hand says so."""
    rows: list[dict[str, Any]] = []
    summary: dict[str, float | str] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for wish in WISHES:
            try:
                found, agreed = _of_intent(folder, wish, quick)
            except PentimentoError as error:
                summary[f"{wish}.not_measured"] = error.message
                continue
            rows += found
            summary |= {
                f"{wish}.speedup": _ratio(found), f"{wish}.speedup_with_shared": _ratio(found, shared=True),
                f"{wish}.agreement_psnr_db": agreed,
            }  # fmt: skip
    by_region = [r for r in rows if r["intent"] in ("remove_text", "remove_object", "replace")]
    agreements = [v for k, v in summary.items() if k.endswith("agreement_psnr_db") and isinstance(v, float)]
    summary |= {
        "preview_seconds": _median(by_region, "preview"), "final_seconds": _median(by_region, "final"),
        "speedup": _ratio(by_region), "speedup_with_shared": _ratio(by_region, shared=True),
        "agreement_psnr_db": min(agreements),
    }  # fmt: skip
    return rows, summary


def _of_intent(folder: Path, wish: str, quick: bool) -> tuple[list[dict[str, Any]], float]:
    repeats = 1 if wish == "upscale" and quick else 2 if quick else 3 if wish == "upscale" else 7
    names = PHOTOGRAPHS[:1] if wish == "generate" else PHOTOGRAPHS
    rows: list[dict[str, Any]] = []
    agreement = []
    for name in names:
        write(folder, name, lettered=wish == "remove_text")
        for turn in range(repeats):
            order = TIERS if turn % 2 == 0 else TIERS[::-1]
            done = {tier: _once(folder, name, wish, tier, turn) for tier in order}
            rows += [
                {"intent": wish, "picture": name, "tier": t, "shared_seconds": done[t][0], "seconds": done[t][1]}
                for t in order
            ]  # fmt: skip
            tell(f"{wish} {name} {turn}: " + ", ".join(f"{t} {done[t][1]:.2f} s" for t in TIERS))
        agreement.append(_agreement(done["preview"][2], done["final"][2]))
    return rows, statistics.mean(agreement)


def write(folder: Path, name: str, *, lettered: bool = False) -> None:
    """A photograph at 12 megapixels as JPEG, with a line of text on it if `lettered`."""
    levels = np.ascontiguousarray(
        cv2.resize(quantised(photograph(name)), SIZE, interpolation=cv2.INTER_CUBIC)
    )
    if lettered:
        cv2.putText(levels, WORDS, PLACE, cv2.FONT_HERSHEY_DUPLEX, 5, (250, 250, 245), 12, cv2.LINE_AA)
    out = io.BytesIO()
    Image.fromarray(levels).save(out, "JPEG", quality=92)
    (folder / f"{name}.jpg").write_bytes(out.getvalue())


def _once(folder: Path, name: str, wish: str, tier: str, turn: int) -> tuple[float, float, ItemResult]:
    """Seconds of the shared part and of the rest, in a store of its own, with no decoded picture held in between."""
    spec = WorkshopSpec(store=f"{folder}/store-{wish}-{name}-{tier}-{turn}", run=f"{tier}-{turn}")
    job = JobSpec.model_validate({
        "id": f"{wish}-{name}-{tier}", "root": str(folder), "image": "" if wish == "generate" else f"{name}.jpg",
        "tier": tier, "out": f"{folder}/out", "intent": WISHES[wish],
    })  # fmt: skip
    shop = workshop(spec)
    begun = time.perf_counter()
    _share(shop, job)
    shared = time.perf_counter()
    shop.rasters.clear()
    result = finish(shop, job)
    ended = time.perf_counter()
    if not result.output:
        raise PentimentoError(result.reason)
    return shared - begun, ended - shared, result


def _share(shop: Workshop, job: JobSpec) -> None:
    """What both tiers need and only one of them does: triage, detection, policy."""
    source = read_source(shop, job)
    if isinstance(job.intent, BY_REGION):
        decide(shop, source, detect(shop, source))


def _agreement(preview: ItemResult, final: ItemResult) -> float:
    """PSNR between the preview and the final picture scaled to it, dB: inside the regions' boxes, or over the whole picture
    where there are none."""
    small, large = (decode(Path(i.output).read_bytes()).astype(np.float64) / 255 for i in (preview, final))
    scaled = cv2.resize(large, small.shape[1::-1], interpolation=cv2.INTER_AREA)
    where = np.zeros(small.shape[:2], bool)
    for region in preview.regions:
        x0, y0, x1, y1 = region.box
        where[y0:y1, x0:x1] = True
    error = ((small - scaled) ** 2)[where if preview.regions else ~where]
    return float(-10 * np.log10(max(float(error.mean()), 1e-10)))


def _median(rows: list[dict[str, Any]], tier: str, *, shared: bool = False) -> float:
    mine = [r for r in rows if r["tier"] == tier]
    return float(statistics.median(r["seconds"] + (r["shared_seconds"] if shared else 0) for r in mine))


def _ratio(rows: list[dict[str, Any]], *, shared: bool = False) -> float:
    return _median(rows, "final", shared=shared) / _median(rows, "preview", shared=shared)
