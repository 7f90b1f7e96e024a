"""The overlays of a run: the same for any order and shard size, only where rights are declared, loaded from the store."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tasks.detection.presets import pack_overlays
from tasks.intents import Intent, RemoveText
from tasks.job import JobSpec
from tasks.run_files import write_jobs
from tasks.steps.repeated import NOTHING, find_overlays, overlays_of, overlays_on
from tasks.steps.source import full_raster, read_source
from tasks.workshop import Workshop
from tests.tasks.detection.test_repeated_overlays import captioned, photographs
from tests.tasks.steps.conftest import save, shop_of

OWN = RemoveText(rights="own")


@pytest.fixture
def catalogue(pictures: Path, cards: Path) -> list[str]:
    names = []
    for n, picture in enumerate(photographs()):
        save(pictures / f"p{n}.png", np.rint(captioned(picture, 0.5) * 255).astype(np.uint8))
        names.append(f"p{n}")
    return names


def run(tmp_path: Path, run_id: str, shards: list[list[str]], intent: Intent = OWN) -> tuple[Workshop, str]:
    shop = shop_of(tmp_path, run_id)
    root = str(tmp_path / "pictures")
    for number, names in enumerate(shards):
        jobs = [JobSpec(id=name, root=root, image=f"{name}.png", intent=intent) for name in names]
        write_jobs(shop, run_id, number, jobs)
    return shop, find_overlays(shop, run_id, range(len(shards)))


def test_order_and_shard_size_change_nothing(tmp_path: Path, catalogue: list[str]) -> None:
    one, first = run(tmp_path, "run-1", [catalogue])
    other = shop_of(tmp_path, "run-2", fresh=True)
    shuffled = catalogue[::-1]
    root = str(tmp_path / "pictures")
    for number in range(4):
        part = shuffled[2 * number : 2 * number + 2]
        write_jobs(
            other,
            "run-2",
            number,
            [JobSpec(id=f"x{n}", root=root, image=f"{n}.png", intent=OWN) for n in part],
        )
    assert find_overlays(other, "run-2", [3, 1, 0, 2]) == first
    assert one.store.read_run("run-1", "overlays.json") == other.store.read_run("run-2", "overlays.json")
    (learnt,) = overlays_of(one, "run-1").by_group.values()
    assert len(learnt) == 1


def test_pictures_are_cleaned_where_they_take_part(tmp_path: Path, catalogue: list[str]) -> None:
    shop, _ = run(tmp_path, "run-1", [catalogue])
    found = overlays_of(shop, "run-1")
    job = JobSpec(id="p2", root=str(tmp_path / "pictures"), image="p2.png", intent=OWN)
    source = read_source(shop, job)
    (taken,) = overlays_on(found.of_picture(source.sha256), full_raster(shop, source))
    x0, y0, x1, y1 = taken.box
    truth = photographs()[2][y0:y1, x0:x1]
    hole = taken.reliable
    assert hole.sum() > 500
    assert -10 * np.log10(np.square(taken.pixels - truth)[hole].mean()) > 32
    assert found.of_picture("0" * 64) == ()
    (preset,) = found.by_group.values()
    assert len(overlays_on(preset, full_raster(shop, source))) == 1
    assert pack_overlays(preset)


def test_without_rights_nobody_takes_part(tmp_path: Path, catalogue: list[str]) -> None:
    shop, digest = run(tmp_path, "run-1", [catalogue], RemoveText(rights="unknown"))
    found = overlays_of(shop, "run-1")
    assert found.by_group == {}
    assert found.members == {}
    assert digest == found.digest


def test_a_run_that_never_looked_has_none(tmp_path: Path, cards: Path) -> None:
    assert overlays_of(shop_of(tmp_path), "run-9") == NOTHING


def test_the_second_time_nothing_is_learnt_again(
    tmp_path: Path, catalogue: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, first = run(tmp_path, "run-1", [catalogue])
    monkeypatch.setattr("tasks.steps.repeated.shared_overlays", lambda pictures: pytest.fail("learnt again"))
    (tmp_path / "pictures" / "broken.png").write_bytes(b"no picture")
    _, second = run(tmp_path, "run-2", [[*catalogue, "broken"]])
    assert first == second
