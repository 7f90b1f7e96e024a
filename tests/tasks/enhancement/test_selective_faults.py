"""Memory that runs out, engines that break: halves, then the next lower rung, and the report says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from model_registry.errors import EngineFault, EngineOutOfMemory
from tasks.contracts import Pixels
from tasks.enhancement.rungs import Cutting, Enlarged, Guards, Request, Rung
from tasks.enhancement.selective import enlarge_selectively
from tests.tasks.enhancement.conftest import Ladder, apart, picture

CUTTING = Cutting(cell=16, most_cells=(4, 4), context=9, ramp=3)
FREE = Guards(consistency_db=0, colour_levels=255)
RASTER = picture(96, 128, 8)
CHOICE = np.random.default_rng(2).integers(0, 3, (6, 8)).astype(np.int8)


@dataclass
class Breaking:
    """A rung whose calls fail where `when(call, picture)` says so."""

    inner: Callable[[Pixels], Pixels]
    when: Callable[[int, Pixels], bool]
    error: Exception = field(default_factory=lambda: EngineOutOfMemory("no room"))
    calls: int = 0

    def __call__(self, image: Pixels) -> Pixels:
        self.calls += 1
        if self.when(self.calls - 1, image):
            raise self.error
        return self.inner(image)


def made(rungs: tuple[Rung, ...], choice: np.ndarray = CHOICE) -> Enlarged:
    return enlarge_selectively(RASTER, rungs, Request(2, cutting=CUTTING, guards=FREE, choice=choice))


def breaking(
    rungs: tuple[Rung, ...], which: int, when: Callable[[int, Pixels], bool], **more: Exception
) -> tuple:
    engine = Breaking(rungs[which].enlarge, when, **more)
    return (*rungs[:which], replace(rungs[which], enlarge=engine), *rungs[which + 1 :]), engine


@pytest.mark.parametrize("which", [0, 1, 2])
def test_no_memory_at_any_one_window_changes_nothing(ladder: Ladder, which: int) -> None:
    """Injected at every call in turn; a window of one cell has no halves, so its cell falls and is excepted."""
    clean = made(ladder(2))
    rungs, engine = breaking(ladder(2), which, lambda call, image: False)
    made(rungs)
    assert engine.calls > 1
    for k in range(engine.calls):
        rungs, _ = breaking(ladder(2), which, lambda call, image, k=k: call == k and image.shape[0] > 34)
        broken = made(rungs)
        assert broken.routing.falls == ()
        assert apart(clean.raster.pixels, broken.raster.pixels) <= 1


def test_a_cell_that_cannot_be_made_falls_and_says_so(ladder: Ladder) -> None:
    clean = made(ladder(2))
    dark = RASTER.crop((32, 32, 48, 48)).mean()

    def has_it(call: int, image: Pixels) -> bool:
        return any(
            np.array_equal(image[y : y + 16, x : x + 16], RASTER.crop((32, 32, 48, 48)))
            for y in range(image.shape[0] - 15)
            for x in range(image.shape[1] - 15)
        )

    choice = CHOICE.copy()
    choice[1:4, 1:4] = 2
    clean = made(ladder(2), choice)
    rungs, _ = breaking(ladder(2), 2, has_it)
    broken = made(rungs, choice)
    (fall,) = broken.routing.falls
    assert (fall.row, fall.column, fall.chosen, fall.made) == (2, 2, 2, 1)
    assert "out of memory" in fall.why
    assert "no room" in fall.why
    assert broken.routing.choice[2, 2] == 1
    assert dark < 1
    near = np.zeros((6, 8), bool)
    near[1:4, 1:4] = True
    pixels = np.repeat(np.repeat(near, 32, axis=0), 32, axis=1)
    assert apart(clean.raster.pixels[~pixels], broken.raster.pixels[~pixels]) <= 1
    tiny = np.rint(ladder(2)[1].enlarge(RASTER.crop(RASTER.box)) * 255)
    assert apart(broken.raster.pixels[64:96, 64:96], tiny[64:96, 64:96]) <= 1


def test_falls_leave_no_seam(ladder: Ladder) -> None:
    """The fallen cell's ramp enters its neighbours, whichever rung these have."""

    def grey(level: float) -> Callable[[Pixels], Pixels]:
        return lambda x: np.full((x.shape[0] * 2, x.shape[1] * 2, 3), level / 255, np.float32)

    flat = replace(RASTER, pixels=np.full((96, 128, 3), 100, np.uint8))
    flat.pixels[40, 40] = 101
    for seed in range(4):
        choice = np.random.default_rng(seed).integers(0, 3, (6, 8)).astype(np.int8)
        choice[2, 2] = 2
        broken = Breaking(grey(160), lambda call, image: bool((image == np.float32(101 / 255)).any()))
        rungs = (Rung("a", grey(100), 1, 3), Rung("b", grey(130), 2, 6), Rung("c", broken, 9, 6))
        out = enlarge_selectively(flat, rungs, Request(2, cutting=CUTTING, guards=FREE, choice=choice))
        assert any((f.row, f.column) == (2, 2) for f in out.routing.falls)
        for axis in (0, 1):
            steps = np.abs(np.diff(out.raster.pixels.astype(int), axis=axis))
            assert steps.max() <= 1.6 * 1.5 * 60 / (CUTTING.ramp * 2) + 1


def test_an_engine_that_always_breaks_costs_its_rung_only(ladder: Ladder) -> None:
    fault = EngineFault("gave values that are not finite")
    rungs, _ = breaking(ladder(2), 2, lambda call, image: True, error=fault)
    broken = made(rungs)
    assert len(broken.routing.falls) == int((CHOICE == 2).sum())
    assert {f.made for f in broken.routing.falls} == {1}
    assert all("engine fault" in f.why for f in broken.routing.falls)
    lower = made(ladder(2), np.minimum(CHOICE, 1).astype(np.int8))
    assert (
        apart(broken.raster.pixels, lower.raster.pixels) <= 60
    )  # joined from the other side, the same rungs
    assert (broken.routing.choice == lower.routing.choice).all()


def test_two_rungs_broken_fall_to_the_first(ladder: Ladder) -> None:
    rungs, _ = breaking(ladder(2), 2, lambda call, image: True)
    rungs, _ = breaking(rungs, 1, lambda call, image: True)
    broken = made(rungs)
    assert {f.made for f in broken.routing.falls} == {0}
    assert (broken.routing.choice == 0).all()
    plain = made(ladder(2), np.zeros_like(CHOICE))
    assert apart(broken.raster.pixels, plain.raster.pixels) <= 2  # ramps between equals are rounded again


def test_memory_error_of_python_is_out_of_memory_too(ladder: Ladder) -> None:
    rungs, _ = breaking(ladder(2), 2, lambda call, image: True, error=MemoryError())
    assert {f.why for f in made(rungs).routing.falls} == {"out of memory"}


def test_no_first_rung_no_picture(ladder: Ladder) -> None:
    rungs, _ = breaking(ladder(2), 0, lambda call, image: True)
    with pytest.raises(EngineOutOfMemory):
        made(rungs)
