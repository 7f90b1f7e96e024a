"""A run with pictures of every outcome, really made, in a store and a folder of the test's own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from flows.publish import PublishResult, publish
from flows.stored_run import jobs_of, stored_run
from tasks.contracts import Raster
from tasks.intents import MaskBoxes, RemoveObject
from tasks.job import JobSpec
from tasks.results import ItemResult, RunResult, count
from tasks.run_files import read_results, write_jobs
from tasks.shards import export_shard
from tasks.triage.decode import decode
from tasks.workshop import Workshop, WorkshopSpec

LEFT, RIGHT, FAR = (30, 40, 60, 60), (67, 36, 110, 64), (10, 4, 24, 12)
"""Three boxes; the write zones of the first two nearly touch."""
NEVER = {"verification": {"outside_changed_max": -1.0}}
"""No result passes this hard threshold: every region waits."""
RUN = "catalog-0123456789-0"
AT = "2026-11-23T06:00:00.000+00:00"


def picture(path: Path, seed: int = 5) -> Path:
    """Grainy paper, 140×100, with a red plate in each box."""
    rng = np.random.default_rng(seed)
    levels = np.array([90, 140, 120], np.float64) + rng.normal(0, 3, (100, 140, 3))
    levels -= np.linspace(0, 20, 140)[None, :, None]
    pixels = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    for x0, y0, x1, y1 in (LEFT, RIGHT, FAR):
        pixels[y0:y1, x0:x1] = (255, 0, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), pixels[..., ::-1])
    return path


def raster(data: bytes) -> Raster:
    return decode(data, name="test", max_pixels=10**7, max_bytes=10**8)


def levels(data: bytes) -> NDArray[Any]:
    return raster(data).pixels


def job(root: Path, id_: str, out: str, *, waits: bool = False, **more: Any) -> JobSpec:
    intent = RemoveObject(mask=MaskBoxes(boxes=(LEFT, RIGHT, FAR)), rights="own")
    params = {"detection": {"merge_gap": 0}, "generation": {"attempts": 1}, **(NEVER if waits else {})}
    picked = {"intent": intent, "params": params, "seed": more.pop("seed", 0), **more}
    return JobSpec(id=id_, root=str(root), image=f"{id_}.png", out=out, **picked)


def shop_of(store: Path | str, run: str = RUN) -> Workshop:
    """A workshop of its own over the store, as another process would have."""
    return Workshop(WorkshopSpec(store=str(store), run=run))


Change = Callable[[ItemResult], ItemResult]


def run_of(
    shop: Workshop, jobs: Sequence[JobSpec], change: Mapping[str, Change] | None = None, tier: str = "final"
) -> RunResult:
    """Make the pictures as a flow does, and write the run's record."""
    run_id = shop.spec.run
    write_jobs(shop, run_id, 0, jobs)
    export_shard(shop, run_id, 0)
    items = tuple((change or {}).get(i.id, lambda same: same)(i) for i in read_results(shop, run_id, 0))
    result = RunResult(
        run_id=run_id, counts=count(items), seconds=0.1, items=items, tier=tier, sheet="s.html"
    )
    shop.store.write_run(run_id, "result.json", result.model_dump_json().encode(), "application/json")
    return result


def blocked(item: ItemResult) -> ItemResult:
    """As the policy ends a picture of which nothing is made."""
    return item.model_copy(
        update={
            "outcome": "blocked", "stage": "policy", "reason": "region 1: a certification mark", "output": "",
            "output_sha256": "", "cure": "ask the owner of the mark",
        }
    )  # fmt: skip


def published(shop: Workshop, run_id: str = RUN, by: str = "ann", at: str = AT) -> PublishResult:
    run = stored_run(shop.store, run_id)
    return publish(shop, run, jobs_of(shop.store, run.result), by=by, at=at)


def fill(folder: Path) -> Path:
    """The catalogue's pictures, in `folder`."""
    for seed, name in enumerate(("fine", "waits", "other", "stopped"), 5):
        picture(folder / f"{name}.png", seed)
    (folder / "broken.png").write_bytes(b"no picture")
    return folder


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which every stage of the catalogue is remembered: made once for all tests."""
    folder = tmp_path_factory.mktemp("warm")
    run_of(shop_of(folder / "store"), five(fill(folder / "in"), str(folder / "out")))
    return folder / "store"


@pytest.fixture
def root(tmp_path: Path, warm: Path) -> Path:
    for part in ("cas", "stages"):
        shutil.copytree(warm / part, tmp_path / "store" / part)
    return fill(tmp_path / "in")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def five(root: Path, out: str) -> list[JobSpec]:
    """One of each: done, two that wait, one to be blocked, one that cannot be read."""
    return [
        job(root, "fine", out), job(root, "waits", out, waits=True), job(root, "other", out, waits=True),
        job(root, "stopped", out, waits=True), job(root, "broken", out),
    ]  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path, root: Path, out: Path) -> Workshop:
    """Its run has ended: `fine` is done (or degraded), `waits` and `other` wait, `stopped` is blocked, `broken` rejected."""
    shop = shop_of(tmp_path / "store")
    result = run_of(shop, five(root, str(out)), {"stopped": blocked})
    found = {item.id: item.outcome for item in result.items}
    assert found.pop("fine") in ("done", "degraded"), result.items[0]
    assert found == {
        "waits": "needs-review", "other": "needs-review", "stopped": "blocked", "broken": "rejected",
    }, result.items  # fmt: skip
    (out / "needs-review" / "stopped.png").unlink()  # nothing is made of a blocked picture
    return shop


def allowed(n: int) -> Change:
    """The result with region `n` past every hard check."""
    return lambda item: item.model_copy(
        update={
            "regions": tuple(r.model_copy(update={"failed": ()}) if r.n == n else r for r in item.regions)
        }
    )
