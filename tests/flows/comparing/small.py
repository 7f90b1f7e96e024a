"""A small comparison of real results: three pictures with their truth, two variants, made without a server."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from flows.comparing.assemble import Compared, assemble
from flows.comparing.model import Comparison, VariantChoice
from flows.comparing.variants import applied
from tasks.intents import MaskBoxes, RemoveObject
from tasks.job import JobSpec
from tasks.results import ItemResult, RunResult, count
from tasks.steps.item import finish
from tasks.workshop import Workshop, WorkshopSpec, workshop

CHOICES = (
    VariantChoice(name="telea", engines={"generation": "telea"}, note="<b>as ever</b>"),
    VariantChoice(name="plane", engines={"generation": "plane"}),
)
NAMES = ("p1", "p2", "p3")


def write_picture(folder: Path, name: str, seed: int) -> JobSpec:
    """A shaded square with a dark block on it, its truth beside it, and the job that removes the block."""
    x = np.tile(np.arange(64), (64, 1))
    truth = 120 + 60 * np.sin((x + seed * 9) / 9) + np.random.default_rng(seed).normal(0, 2, (64, 64))
    levels = np.repeat(np.clip(truth, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
    cv2.imwrite(str(folder / f"{name}.truth.png"), levels)
    shown = levels.copy()
    shown[24:40, 20:44] = 10
    cv2.imwrite(str(folder / f"{name}.png"), shown)
    intent = RemoveObject(mask=MaskBoxes(boxes=((18, 22, 46, 42),)), rights="own")
    return JobSpec(id=name, root=str(folder), image=f"{name}.png", intent=intent)


def run(folder: Path) -> tuple[Compared, Workshop]:
    """Every picture by every variant."""
    jobs = {name: write_picture(folder, name, seed) for seed, name in enumerate(NAMES)}
    results, shop = {}, None
    for choice in CHOICES:
        shop = workshop(WorkshopSpec(store=str(folder / "store"), run=f"variant-{choice.name}-1"))
        items = tuple(finish(shop, applied(choice, job)) for job in jobs.values())
        results[choice.name] = RunResult(
            run_id=f"variant-{choice.name}-1", counts=count(items), seconds=1.0, items=items
        )
    assert shop is not None
    truths = {name: f"{name}.truth.png" for name in NAMES}
    return Compared("compare-0123456789-1", "m.csv", CHOICES, results, jobs, truths, seconds=2.0), shop


def assembled(run: Compared, shop: Workshop) -> Comparison:
    """As the flow does it."""
    return assemble(shop, run)


def with_item(run: Compared, variant: str, item: ItemResult) -> Compared:
    """The same run with one picture ended otherwise for one variant."""
    result = run.results[variant]
    items = tuple(item if one.id == item.id else one for one in result.items)
    changed = result.model_copy(update={"items": items, "counts": count(items)})
    return Compared(
        run.id, run.manifest, run.choices, {**run.results, variant: changed}, run.jobs, run.truths, run.tier,
        run.seed, run.fresh, run.seconds,
    )  # fmt: skip
