"""One cluster of an enlarged picture again by another engine: nothing else changes, and a person can put it in its place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from flows.deciding import decide
from flows.edit import run_edit
from flows.stored_run import stored_run
from infra.store.store import Store, open_store
from tasks.errors import BadRequest
from tasks.intents import Upscale
from tasks.job import JobSpec
from tasks.results import RunResult
from tests.flows.rerun.conftest import again, by_flow, computed, item_of, region_of
from tests.flows.review.conftest import levels

NAMED = {"enhancement": "lanczos"}


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory, prefect_server: None) -> Iterator[tuple[Path, RunResult]]:
    """A run that enlarged one picture with every cell by the cubic, and its folder."""
    folder = tmp_path_factory.mktemp("enlarged")
    picture = np.full((160, 224, 3), (120, 150, 140), np.uint8)
    for x, y, colour in ((50, 50, (30, 30, 80)), (170, 100, (240, 220, 40))):
        cv2.circle(picture, (x, y), 24, colour, -1, cv2.LINE_AA)
    assert cv2.imwrite(str(folder / "fine.png"), picture[..., ::-1])
    job = JobSpec(
        id="fine", root=str(folder), image="fine.png", intent=Upscale(scale=2), out=str(folder / "out"),
        engines={"enhancement": "bicubic"},
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENTIMENTO_HOME", str(folder / "home"))
        yield folder, RunResult.model_validate(run_edit((job,)))


@pytest.fixture
def store(ended: tuple[Path, RunResult]) -> Store:
    return open_store(str(ended[0] / "home" / "store"))


def test_one_cluster_is_made_again_and_nothing_else(ended: tuple[Path, RunResult]) -> None:
    _, run = ended
    before = item_of(run, "fine")
    assert len(before.regions) >= 2
    assert {region.engine for region in before.regions} == {"bicubic"}
    result = again(run.run_id, "fine", 2, engines=NAMED)
    after = item_of(result, "fine")
    assert region_of(after, 2).engine == "lanczos"
    assert region_of(after, 1) == region_of(before, 1)
    assert {n for _, n in computed(result)} == {0, 2}
    assert [stage for stage, n in computed(result) if n == 0] == ["export"]
    old, new = (levels(Path(item.output).read_bytes()).copy() for item in (before, after))
    x0, y0, x1, y1 = region_of(before, 2).box
    assert (old[y0:y1, x0:x1] != new[y0:y1, x0:x1]).any()
    old[y0:y1, x0:x1] = new[y0:y1, x0:x1] = 0
    assert (old == new).all()
    assert computed(again(run.run_id, "fine", 2, engines=NAMED)) == []


def test_both_clusters_can_be_made_again_one_after_the_other(ended: tuple[Path, RunResult]) -> None:
    _, run = ended
    first = again(run.run_id, "fine", 1, engines=NAMED)
    both = again(first.run_id, "fine", 2, engines=NAMED)
    item = item_of(both, "fine")
    assert [region_of(item, n).engine for n in (1, 2)] == ["lanczos", "lanczos"]
    assert region_of(item, 1).artifacts == region_of(item_of(first, "fine"), 1).artifacts


def test_a_person_takes_it_into_the_run_and_its_sheet_shows_both(
    ended: tuple[Path, RunResult], store: Store
) -> None:
    _, run = ended
    result = by_flow(run.run_id, "fine", 1, engines=NAMED, by="Ann")
    shown = Path(result.sheet).read_text("utf-8")
    assert "before the rerun" in shown
    assert "How it was enlarged" in shown
    decide(store, run.run_id, [f"fine@{result.run_id}"], [], by="ann")
    taken = stored_run(store, run.run_id)
    assert taken.items["fine"].output_sha256 == item_of(result, "fine").output_sha256


@pytest.mark.parametrize(
    ("region", "wish", "why"),
    [
        (1, {"params": {"enhancement": {"loss_db": 0.1}}}, None),
        (99, {"engines": NAMED}, "no region 99"),
        (1, {"engines": {"generation": "telea"}}, "no stage generation"),
        (1, {"engines": {"enhancement": "telea"}}, "role 'fill'"),
    ],
)
def test_what_makes_no_sense_is_refused(
    ended: tuple[Path, RunResult], region: int, wish: dict[str, dict[str, object]], why: str | None
) -> None:
    _, run = ended
    if why is None:  # a parameter for an engine that the whole picture has by name
        assert item_of(again(run.run_id, "fine", region, **wish), "fine").outcome in ("done", "degraded")
        return
    with pytest.raises(BadRequest, match=why):
        again(run.run_id, "fine", region, **wish)


def test_without_an_engine_there_is_nothing_to_make_a_cluster_with(
    ended: tuple[Path, RunResult], store: Store
) -> None:
    folder, _ = ended
    job = JobSpec(
        id="plain", root=str(folder), image="fine.png", intent=Upscale(scale=2), out=str(folder / "out")
    )
    run = RunResult.model_validate(run_edit((job,)))
    with pytest.raises(BadRequest, match="is made again by an engine, and none was named"):
        again(run.run_id, "plain", 1, params={"enhancement": {"loss_db": 0.1}})
