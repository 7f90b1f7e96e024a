"""A fault at every piece, rung and stage: the result is the clean one, or says that it is not; it is never silently wrong."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from model_registry.card import Role
from tasks.errors import OutOfMemory
from tasks.intents import Clean, Intent, MaskBoxes, RemoveObject, Upscale
from tasks.job import JobSpec
from tasks.plan import Value
from tasks.results import ItemResult
from tasks.run_files import read_results, write_jobs
from tasks.shards import export_shard, restore_shard
from tasks.steps.item import finish
from tests.tasks.steps.conftest import ground, load, save, shop_of
from tests.tasks.steps.faults import BROKEN, MEMORY, Planted, breaking, plant

SIDE = (150, 190)
BOX = (70, 60, 100, 80)
LADDER = ("synthetic", "plane", "membrane", "fill-small", "telea", "anchored", "exemplar")
NUMBERS = count()


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> Planted:
    return plant(monkeypatch)


@pytest.fixture
def picture(cards: Path, pictures: Path) -> NDArray[np.uint8]:
    """Textured and grainy: the ladder begins above its lowest rungs, and grain is matched."""
    y, x = np.mgrid[: SIDE[0], : SIDE[1]]
    waves = 40 * np.sin(x / 5) * np.cos(y / 7)
    levels = np.clip(ground(*SIDE, grain=4) + waves[..., None], 0, 255).astype(np.uint8)
    save(pictures / "a.png", levels)
    return levels


def job(tmp_path: Path, intent: Intent, id_: str = "a", **params: dict[str, Value]) -> JobSpec:
    return JobSpec(
        id=id_, root=str(tmp_path / "pictures"), image="a.png", out=str(tmp_path / "out"), intent=intent, params=params
    )  # fmt: skip


def run(tmp_path: Path, intent: Intent, **params: dict[str, Value]) -> ItemResult:
    """In a store of its own, with engines loaded anew."""
    shop = shop_of(tmp_path, f"run-{next(NUMBERS)}", fresh=True)
    shop.pool.clear()
    try:
        return finish(shop, job(tmp_path, intent, **params))
    finally:
        shop.pool.clear()


def removed(tmp_path: Path, **params: dict[str, Value]) -> ItemResult:
    return run(tmp_path, RemoveObject(mask=MaskBoxes(boxes=(BOX,))), **params)


def far(one: ItemResult, other: NDArray[np.uint8]) -> int:
    """Largest difference, levels."""
    return int(np.abs(load(one.output).astype(int) - other.astype(int)).max())


@pytest.mark.parametrize("fault", MEMORY)
@pytest.mark.parametrize("intent", [Upscale(scale=2), Clean()], ids=["upscale", "clean"])
def test_memory_that_gives_out_at_any_one_piece_leaves_the_clean_picture(
    tmp_path: Path,
    picture: NDArray[np.uint8],
    planted: Planted,
    intent: Intent,
    fault: Callable[[], Exception],
) -> None:
    clean = run(tmp_path, intent)
    assert clean.outcome == "done"
    wanted = load(clean.output)
    enough = 120 * 150  # px of one call: the whole picture is too large, so there are pieces to break

    def too_large(engine: str, call: int, given: tuple[Any, ...]) -> Exception | None:
        return fault() if given[0].shape[0] * given[0].shape[1] > enough else None

    planted.calls.clear()
    planted.when = too_large
    assert far(run(tmp_path, intent), wanted) <= 1
    pieces = [(engine, call) for engine, calls in planted.calls.items() for call in range(calls)]
    assert len(pieces) >= 4
    for broken in pieces:
        planted.calls.clear()
        planted.when = lambda engine, call, given, at=broken: (  # type: ignore[misc]
            fault() if (engine, call) == at else too_large(engine, call, given)
        )
        again = run(tmp_path, intent)
        assert again.outcome == "done"
        assert far(again, wanted) <= 1
        assert again.width == clean.width


@pytest.mark.parametrize("fault", BROKEN)
def test_an_upscaler_that_breaks_from_any_piece_on_is_replaced_as_a_whole_and_said_so(
    tmp_path: Path, picture: NDArray[np.uint8], planted: Planted, fault: Callable[[], Exception]
) -> None:
    large = 120 * 150
    for broken in range(1, 6):
        planted.calls.clear()

        def when(engine: str, call: int, given: tuple[Any, ...], at: int = broken) -> Exception | None:
            if engine != "lanczos":
                return None
            return fault() if call >= at else MemoryError() if given[0][..., 0].size > large else None

        planted.when = when
        result = run(tmp_path, Upscale(scale=2), enhancement={"budget": 0.0})
        assert result.outcome == "degraded"
        assert "bicubic stood in for lanczos" in result.reason
        made = load(result.output)
        planted.when = lambda engine, call, given: None
        named = job(tmp_path, Upscale(scale=2)).model_copy(update={"engines": {"enhancement": "bicubic"}})
        assert far(finish(shop_of(tmp_path, "named"), named), made) <= 1


@pytest.mark.parametrize("fault", [*MEMORY, *BROKEN])
@pytest.mark.parametrize("broken", LADDER)
def test_a_rung_that_breaks_is_climbed_past_and_said_so_and_an_unused_one_changes_nothing(
    tmp_path: Path, picture: NDArray[np.uint8], planted: Planted, broken: str, fault: Callable[[], Exception]
) -> None:
    clean = removed(tmp_path)
    planted.when = breaking({broken: fault})
    result = removed(tmp_path)
    (region,), (usual,) = result.regions, clean.regions
    assert (load(result.output)[: BOX[1] - 4] == picture[: BOX[1] - 4]).all()
    if broken == usual.engine:
        assert result.outcome == "degraded"
        assert region.engine != broken
        assert region.fallback_from == broken
        assert f"stood in for {broken}" in result.reason
    else:
        assert far(result, load(clean.output)) == 0
        assert (result.outcome, region.engine, region.fallback_from) == (clean.outcome, usual.engine, None)


@pytest.mark.parametrize("fault", [MEMORY[2], BROKEN[0]])
def test_whatever_part_of_the_ladder_breaks_what_is_left_does_it(
    tmp_path: Path, picture: NDArray[np.uint8], planted: Planted, fault: Callable[[], Exception]
) -> None:
    """One engine more is broken each time, the one that did it last: until there is none."""
    usual = removed(tmp_path).regions[0].engine
    broken: list[str] = []
    while True:
        planted.when = breaking(dict.fromkeys(broken, fault))
        try:
            result = removed(tmp_path)
        except OutOfMemory:
            break
        if result.outcome == "failed":
            break
        (region,) = result.regions
        assert region.engine not in broken
        assert region.fallback_from == (usual if broken else None)
        assert (result.outcome == "done") is not bool(broken)
        broken.append(region.engine)
    assert {"telea", "plane", "exemplar"} <= set(broken)


def test_with_no_engine_left_it_is_failed_or_for_want_of_memory_tried_again(
    tmp_path: Path, picture: NDArray[np.uint8], planted: Planted
) -> None:
    engines = [card.id for card in shop_of(tmp_path).registry.cards if card.role == "fill"]
    planted.when = breaking(dict.fromkeys(engines, BROKEN[1]))
    result = removed(tmp_path)
    assert (result.outcome, result.stage, result.output) == ("failed", "generation", "")
    assert "division by zero" in result.reason
    planted.when = breaking(dict.fromkeys(engines, MEMORY[0]))
    with pytest.raises(OutOfMemory):
        removed(tmp_path)


@pytest.mark.parametrize("fault", [*MEMORY, *BROKEN])
@pytest.mark.parametrize(("stage", "role"), [("blending", "blend"), ("enhancement", "enhance")])
def test_a_later_stage_that_breaks_is_stood_in_for_or_left_out_and_said_so(
    tmp_path: Path, picture: NDArray[np.uint8], planted: Planted, stage: str, role: Role, fault: Callable[[], Exception]
) -> None:  # fmt: skip
    assert removed(tmp_path).outcome == "done"
    broken = shop_of(tmp_path).registry.of_role(role)[0]
    planted.when = breaking({broken.id: fault})
    result = removed(tmp_path)
    assert result.outcome == "degraded"
    done_by = f"{broken.fallback[0]} stood in for {broken.id}" if broken.fallback else "left out"
    assert f"{stage}: {done_by}" in result.reason
    assert result.regions[0].stood_in
    inside = load(result.output)[BOX[1] : BOX[3], BOX[0] : BOX[2]]
    assert (inside != picture[BOX[1] : BOX[3], BOX[0] : BOX[2]]).any()


def test_one_picture_without_memory_costs_only_itself(
    tmp_path: Path, picture: NDArray[np.uint8], planted: Planted
) -> None:
    save(tmp_path / "pictures" / "b.png", ground(40, 50))
    object_, large = RemoveObject(mask=MaskBoxes(boxes=((10, 10, 20, 20),))), Upscale(scale=2)
    jobs = [job(tmp_path, large, "big", enhancement={"budget": 0.0}), job(tmp_path, object_, "other")]
    shop = shop_of(tmp_path, "run-1")
    shop.pool.clear()
    planted.when = breaking({"lanczos": MEMORY[0], "bicubic": MEMORY[0]})
    write_jobs(shop, "run-1", 0, jobs)
    restore_shard(shop, "run-1", 0, last_try=False)
    with pytest.raises(OutOfMemory):
        export_shard(shop, "run-1", 0, last_try=False)
    assert export_shard(shop, "run-1", 0) == {"big": "failed", "other": "done"}
    big, other = read_results(shop, "run-1", 0)
    assert "out of memory" in big.reason
    assert Path(other.output).is_file()
    shop.pool.clear()
