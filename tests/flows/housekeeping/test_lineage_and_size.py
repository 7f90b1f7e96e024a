"""A real edit traced back and forward, what it takes up, and that gc leaves it whole."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from flows.housekeeping.collecting import find_garbage, take_away
from flows.housekeeping.keeping import Retention
from flows.housekeeping.lineage import lineage
from flows.housekeeping.sizing import sizes
from flows.stored_run import store_of
from infra.settings import Settings
from infra.store.store import Store
from tasks.errors import BadRequest
from tasks.plan import EditPlan


@pytest.fixture(scope="module")
def edited(
    prefect_server: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A home in which one picture was edited, with the run's result."""

    from flows.edit import run_edit
    from tasks.intents import MaskBoxes, RemoveObject
    from tasks.job import JobSpec

    folder = tmp_path_factory.mktemp("lineage")
    levels = np.full((40, 60, 3), 200, np.uint8)
    levels[15:25, 20:40] = (30, 60, 200)
    cv2.imwrite(str(folder / "a.png"), levels)
    job = JobSpec(
        id="a", root=str(folder), image="a.png", out=str(folder / "out"),
        intent=RemoveObject(mask=MaskBoxes(boxes=((18, 13, 42, 27),))),
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENTIMENTO_HOME", str(folder / "home"))
        yield folder, run_edit((job,))


@pytest.fixture
def settings(edited: tuple[Path, dict[str, Any]]) -> Settings:
    return Settings(home=edited[0] / "home")


@pytest.fixture
def store(settings: Settings) -> Store:
    return store_of(settings)


def test_an_output_file_goes_back_to_all_that_made_it(
    edited: tuple[Path, dict[str, Any]], store: Store
) -> None:
    folder, result = edited
    (one,) = lineage(store, str(folder / "out" / "a.png"))
    assert (one.run, one.item.id, one.what) == (result["run_id"], "a", "output")
    assert one.item.source_sha256 == hashlib.sha256((folder / "a.png").read_bytes()).hexdigest()
    assert EditPlan.model_validate(one.plan).digest == one.item.plan, "the whole plan, the very one"
    assert one.code == result["code"] != ""
    assert one.item.regions[0].engine in {engine["engine"].partition("@")[0] for engine in one.engines}
    assert set(one.policy) >= {"rules", "detectors"}
    stages = {record.partition("/")[0] for names in one.records.values() for record in names}
    assert {"generation", "detection", "export", "item"} <= stages
    json.dumps(one.to_json())


def test_every_way_of_asking_finds_it(edited: tuple[Path, dict[str, Any]], store: Store) -> None:
    folder, result = edited
    (item,) = result["items"]
    assert [one.what for one in lineage(store, f"{result['run_id']}/a")] == [""]
    assert [one.what for one in lineage(store, str(folder / "a.png"))] == ["source"]
    assert [one.what for one in lineage(store, item["output_sha256"])] == ["output"]
    mask = item["regions"][0]["artifacts"]["mask"]
    assert [one.what for one in lineage(store, mask)] == ["region 1 mask"]


def test_an_unknown_file_is_said_to_be_unknown(edited: tuple[Path, dict[str, Any]], store: Store) -> None:
    other = edited[0] / "other.png"
    other.write_bytes(b"never seen")
    with pytest.raises(BadRequest, match="nothing is known of"):
        lineage(store, str(other))
    with pytest.raises(BadRequest, match="is no file"):
        lineage(store, "nothing/of-the-kind")
    with pytest.raises(BadRequest, match="did you mean a"):
        lineage(store, f"{edited[1]['run_id']}/aa")


def test_sizes_are_those_on_the_disk(store: Store, settings: Settings) -> None:
    found = sizes(store, settings)
    root = Path(settings.store_url)
    cas = [path.stat().st_size for path in (root / "cas").rglob("*") if path.is_file()]
    assert found["artifacts"] == {"count": len(cas), "bytes": sum(cas)}
    assert found["records/item"]["count"] == 1
    assert found["sheets"]["count"] == 1
    assert found["total"]["bytes"] == sum(one["bytes"] for name, one in found.items() if name != "total")


def test_gc_leaves_a_real_run_whole_and_takes_all_of_it_when_it_may(
    edited: tuple[Path, dict[str, Any]], store: Store, settings: Settings
) -> None:
    then = time.time() - 9 * 86400
    for entry in store.backend.entries(""):
        os.utime(store.backend.url(entry.key), (then, then))
    assert find_garbage(store, settings, None, time.time()).bytes == 0, "every artifact of a run is named"
    kept = find_garbage(store, settings, Retention(runs=1), time.time())
    assert kept.bytes == 0, "and every record is used"
    all_of_it = find_garbage(store, settings, Retention(), time.time())
    take_away(store, all_of_it, time.time())
    left = {entry.key.split("/")[0] + "/" + entry.key.split("/")[1] for entry in store.backend.entries("")}
    assert left == {"stages/run"}
