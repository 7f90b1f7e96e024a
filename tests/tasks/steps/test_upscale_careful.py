"""Where an engine that invents is named: text and faces keep what is there, and without those who find them nothing is invented."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks import workshop
from tasks.intents import Upscale
from tasks.policy.detectors.contract import Detectors
from tasks.policy.guard import Guard
from tasks.policy.load import default_policy
from tasks.results import ItemResult
from tests.tasks.steps.conftest import drop_card, load, save
from tests.tasks.steps.test_upscale_step import card, cells, change, figures, run

LOOSE = {"enhancement": {"hallucination": 1000.0}}
"""The bound on what is invented would take the stripes away by itself."""
RED = (40, 200, 120, 216)
FACE = (176, 70, 276, 210)
"""Of the astronaut in the picture, as a person boxes it."""


@pytest.fixture
def picture(pictures: Path, cards: Path) -> NDArray[np.uint8]:
    """A face, a red word, and much that is neither; a reader that sees red, and an engine that draws stripes."""
    from skimage import data

    made = np.ascontiguousarray(data.astronaut()[:352, :416])  # type: ignore[no-untyped-call]
    made[..., 0] = np.minimum(
        made[..., 0].astype(int), made[..., 1].astype(int) + 60
    )  # the suit is nearly red
    made[RED[1] : RED[3], RED[0] : RED[2]] = (225, 20, 20)
    save(pictures / "a.png", made)
    drop_card(cards, "red-reader", "text", "RedReader", automatic=True)
    card(cards, "toy-sharp", "Sharp", 97, automatic=True)
    card(cards, "toy-dreams", "Dreams", 99, more="invents = true", automatic=True)
    return made


def away(one: ItemResult, other: ItemResult, box: tuple[int, int, int, int]) -> float:
    """Mean difference in a box of the source, levels."""
    x0, y0, x1, y1 = (2 * side for side in box)
    first, second = (load(result.output)[y0:y1, x0:x1].astype(float) for result in (one, other))
    return float(np.abs(first - second).mean())


def test_nothing_is_invented_on_text_and_faces_and_elsewhere_it_is(
    tmp_path: Path, picture: NDArray[np.uint8]
) -> None:
    sober = run(tmp_path, Upscale(scale=2), "toy-sharp")
    result = run(tmp_path, Upscale(scale=2), "toy-dreams", params=LOOSE)
    assert away(result, sober, RED) < 0.5
    assert away(result, sober, FACE) < 0.5
    assert away(result, sober, (0, 290, 160, 340)) > 5
    made = cells(result)
    assert made["toy-sharp"] == figures(result).cautious > 8
    assert made["toy-dreams"] > 40
    assert made["lanczos"] == 0
    assert any("nothing was invented there" in note for note in result.notes)
    assert [stage.stage for stage in result.stages][:2] == ["detection", "policy"]


def test_it_is_never_on_the_ladder_and_then_nobody_looks(
    tmp_path: Path, picture: NDArray[np.uint8], cards: Path
) -> None:
    drop_card(cards, "red-reader", "text", "NoSuchReader", automatic=True)
    result = run(tmp_path, Upscale(scale=2))
    assert "toy-dreams" not in cells(result)
    assert {stage.stage for stage in result.stages} == {"enhancement", "export"}
    assert run(tmp_path, Upscale(scale=2), "toy-sharp").outcome != "failed"


def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    guard = Guard(default_policy(), Detectors({}, {"face": "its file is damaged"}))
    monkeypatch.setattr(workshop, "guard_of", lambda path: guard)


def test_without_a_detector_of_faces_nothing_is_invented_anywhere(
    tmp_path: Path, picture: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    blind(monkeypatch)
    result = run(tmp_path, Upscale(scale=2), "toy-dreams", params=LOOSE)
    assert result.outcome == "degraded"
    assert result.stage == "policy"
    assert "toy-sharp stood in for toy-dreams" in result.reason
    assert "its file is damaged" in result.reason
    assert "toy-dreams" not in cells(result)


def test_without_a_reader_nothing_is_invented_anywhere(
    tmp_path: Path, picture: NDArray[np.uint8], cards: Path
) -> None:
    drop_card(cards, "red-reader", "text", "NoSuchReader", automatic=True)
    result = run(tmp_path, Upscale(scale=2), "toy-dreams", params=LOOSE)
    assert result.outcome == "degraded"
    assert "text could not be looked for" in result.reason
    assert "toy-dreams" not in cells(result)


@pytest.mark.parametrize("missing", [False, True])
def test_one_cluster_by_such_an_engine_is_looked_at_too(
    tmp_path: Path, picture: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch, missing: bool
) -> None:
    if missing:
        blind(monkeypatch)
    before = run(tmp_path, Upscale(scale=2))
    near = [r for r in before.regions if _meets(r.box, FACE) or _meets(r.box, RED)]
    far = [r for r in before.regions if r not in near]
    for region in (*near[:1], *far[:1]):
        after = run(tmp_path, Upscale(scale=2), changes=change(region.n, "toy-dreams"), params=LOOSE)
        made = next(r for r in after.regions if r.n == region.n)
        allowed = region in far and not missing
        assert ("toy-dreams" in cells(after)) is allowed or region in near
        assert (made.engine == "toy-dreams") is allowed or region in near
        if missing:
            assert after.outcome == "degraded"
            assert made.engine == "toy-sharp"


def _meets(box: tuple[int, int, int, int], source: tuple[int, int, int, int]) -> bool:
    x0, y0, x1, y1 = (2 * side for side in source)
    return box[0] < x1 + 120 and x0 - 120 < box[2] and box[1] < y1 + 120 and y0 - 120 < box[3]
