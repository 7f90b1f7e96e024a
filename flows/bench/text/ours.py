"""Edits a case with the real pipeline: a job through the steps, over a store of the bench's own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from flows.bench.text.case import Case
from flows.bench.text.edited import Edited, opened
from tasks.blending.zone import write_zone
from tasks.contracts import Zone
from tasks.intents import RemoveText
from tasks.job import JobSpec
from tasks.lossless import decode_mask
from tasks.planner import DEFAULTS
from tasks.results import ItemResult
from tasks.steps.item import finish
from tasks.workshop import Workshop, WorkshopSpec, workshop

FEATHER = int(DEFAULTS["blending"]["feather"])


@dataclass(frozen=True, slots=True)
class Bench:
    """Where the bench's pictures and its store are."""

    folder: Path

    def shop(self, run: str = "bench") -> Workshop:
        """A workshop that counts nothing but what this very run has done."""
        return workshop(WorkshopSpec(store=str(self.folder / "store"), run=run, fresh=True))

    def job(self, name: str, data: bytes, suffix: str) -> JobSpec:
        """The picture put into the folder, and the wish to have its own overlay text removed."""
        stem = name.replace(" ", "-")
        (self.folder / f"{stem}{suffix}").write_bytes(data)
        return JobSpec(
            id=stem, root=str(self.folder), image=f"{stem}{suffix}", out=str(self.folder / "out"),
            intent=RemoveText(rights="own"),
        )  # fmt: skip


def edit(bench: Bench, case: Case) -> Edited:
    """The case through the pipeline, as one picture on its own."""
    shop = bench.shop()
    result = finish(shop, bench.job(case.id, case.data, case.suffix))
    return edited_of(shop, result, case)


def edited_of(shop: Workshop, result: ItemResult, case: Case) -> Edited:
    """A finished item as the measures take it. An item without output shows the picture as it was."""
    data = Path(result.output).read_bytes() if result.output else case.data
    holes, zones = _marked(shop, result, case.alpha.shape)
    return Edited(
        opened(data), data, holes, zones, result.outcome, result.reason,
        tuple(region.engine for region in result.regions), tuple(region.found for region in result.regions),
    )  # fmt: skip


def _marked(shop: Workshop, result: ItemResult, shape: tuple[int, ...]) -> tuple[Zone, Zone]:
    """H×W each: the holes of all regions, and their write zones."""
    holes, zones = np.zeros(shape, bool), np.zeros(shape, bool)
    for region in result.regions:
        if "mask" not in region.artifacts:
            continue
        x0, y0, x1, y1 = region.box
        mask = decode_mask(shop.store.get(region.artifacts["mask"]))
        hole = mask > 0
        holes[y0:y1, x0:x1] |= hole
        zones[y0:y1, x0:x1] |= write_zone(hole, FEATHER)
    return holes, zones
