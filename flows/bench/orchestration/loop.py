"""The rival: the same stage functions over the same files, without store, records, Prefect or MLflow."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from flows.bench.orchestration.pictures import SCALE
from model_registry.card import Card
from model_registry.engines import wrap
from model_registry.engines.contract import Upscaler
from model_registry.pool import EnginePool
from model_registry.registry import Registry
from tasks.contracts import Exported, Facts, Pixels, Raster
from tasks.enhancement.rungs import Rung
from tasks.export.encode import encode
from tasks.export.options import ExportOptions
from tasks.export.xmp import SourceType
from tasks.intents import Upscale
from tasks.plan import EditPlan, StagePlan
from tasks.planner import Request, plan
from tasks.steps.thumbnails import thumbnail
from tasks.steps.upscale import Job, run_job, shown
from tasks.steps.upscale_facts import planes_of
from tasks.triage.decode import decode
from tasks.triage.facts import measure

MOST_PIXELS, MOST_BYTES = 120_000_000, 512 * 2**20


@dataclass(frozen=True)
class Stages:
    """The stage functions of one engine, each from plain values to plain values."""

    registry: Registry
    pool: EnginePool
    engine: str

    def read(self, path: Path) -> Raster:
        """The file decoded, under the product's limits."""
        return decode(path.read_bytes(), name=path.stem, max_pixels=MOST_PIXELS, max_bytes=MOST_BYTES)

    def plan(self, facts: Facts) -> EditPlan:
        """The product's plan for it."""
        request = Request(engines={"enhancement": self.engine})
        return plan(Upscale(scale=SCALE), facts, self.registry, request)

    def enlarge(self, raster: Raster, planned: EditPlan) -> Raster:
        """By the named engine, as the product does with its fidelity checks, and all that people are shown of it."""
        stage = planned.stage("enhancement")
        assert stage is not None
        job, rungs = Job(raster, SCALE, (), ()), self._rungs(stage)
        made = run_job(job, stage, rungs, everywhere=True)
        shown(job, made, planes_of(made), [rung.ref for rung in rungs], routed=False)
        return made.raster

    def encode(self, raster: Raster, before: Raster) -> Exported:
        """As the source's kind of file; and the small pictures of both."""
        thumbnail(raster), thumbnail(before)
        return encode(raster, ExportOptions(source_type=SourceType.ENHANCED))

    def _rungs(self, stage: StagePlan) -> tuple[Rung, ...]:
        chosen = {choice.id: choice for choice in (stage.engines[0], stage.engines[-1])}
        return tuple(
            Rung(c.ref, self._by(self.registry.get(c.id), dict(c.params)), c.cost, c.reach, c.invents)
            for c in chosen.values()
        )

    def _by(self, card: Card, params: dict[str, str | int | float | bool]) -> Callable[[Pixels], Pixels]:
        def enlarge(image: Pixels) -> Pixels:
            with self.pool.lease(card.id) as engine:
                assert isinstance(engine, Upscaler)
                return wrap.upscale(card, engine, image, SCALE, params=params)

        return enlarge


def stages(engine: str) -> Stages:
    """With engines that stay loaded."""
    registry = Registry.load()
    return Stages(registry, EnginePool(registry, 4096), engine)


def files_of(manifest: Path) -> tuple[Path, ...]:
    """The pictures of a manifest, in order."""
    with manifest.open(newline="", encoding="utf-8") as file:
        return tuple(manifest.parent / row["image"] for row in csv.DictReader(file))


def one(by: Stages, path: Path, out: Path) -> None:
    """A picture from file to file."""
    raster = by.read(path)
    made = by.encode(by.enlarge(raster, by.plan(measure(raster))), raster)
    (out / f"{path.stem}{made.suffix}").write_bytes(made.data)


def loop(by: Stages, files: Sequence[Path], out: Path, threads: int) -> None:
    """All of them, one after the other, or by a pool of threads, a picture each."""
    out.mkdir(parents=True, exist_ok=True)
    if threads == 1:
        for path in files:
            one(by, path, out)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda path: one(by, path, out), files))
