"""Whatever happens to a picture ends as a typed outcome with stage, reason and cure; only transient faults escape."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from infra.store.contract import Damaged, Forbidden, NotFound, Unavailable
from model_registry.errors import EngineFault, EngineOutOfMemory, WeightsMissing
from tasks.contracts import Outcome
from tasks.errors import (
    ArtifactDamaged,
    BadMask,
    BadRequest,
    EngineFailed,
    NoEngine,
    OutOfMemory,
    PentimentoError,
    StoreUnavailable,
    TooLarge,
    Transient,
    Undecodable,
)
from tasks.intents import Clean, Generate, Intent, MaskBoxes, MaskFile, RemoveObject, Replace, Upscale
from tasks.job import JobSpec
from tasks.results import ItemResult
from tasks.steps.item import finish
from tasks.steps.outcome import refused, typed
from tests.tasks.steps.conftest import drop_card, ground, load, save, shop_of

BOX = MaskBoxes(boxes=((10, 10, 20, 20),))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Unavailable("slow down"), StoreUnavailable),
        (EngineOutOfMemory("telea: out of memory"), OutOfMemory),
        (MemoryError(), OutOfMemory),
        (EngineFault("telea gave NaN"), EngineFailed),
        (WeightsMissing("no weights", cure="pull them"), EngineFailed),
        (Damaged("bytes differ"), EngineFailed),
        (NotFound("gone"), EngineFailed),
        (Forbidden("outside"), EngineFailed),
        (ZeroDivisionError("division by zero"), EngineFailed),
        (TooLarge("too many pixels"), TooLarge),
        (NoEngine("none"), NoEngine),
    ],
)
def test_any_exception_becomes_one_of_the_tree(error: Exception, kind: type[PentimentoError]) -> None:
    found = typed(error, picture="cup", stage="blending")
    assert type(found) is kind
    assert (found.picture, found.stage) == ("cup", "blending")
    assert found.message
    assert found.cure
    assert isinstance(found, Transient) == (kind in (StoreUnavailable, OutOfMemory))


def test_the_place_that_raised_knows_better_where_it_was() -> None:
    error = EngineFailed("black", picture="cup", stage="generation")
    assert typed(error, picture="other", stage="export") is error
    assert (error.picture, error.stage) == ("cup", "generation")


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Undecodable("empty"), "rejected"), (TooLarge("big"), "rejected"), (BadMask("size"), "rejected"),
        (BadRequest("what"), "rejected"), (NoEngine("none"), "failed"), (EngineFailed("nan"), "failed"),
        (ArtifactDamaged("bytes"), "failed"),
    ],
)  # fmt: skip
def test_a_pictures_own_fault_is_rejected_and_ours_is_failed(
    error: PentimentoError, outcome: Outcome
) -> None:
    result = refused(JobSpec(id="cup", root="/pictures", image="cup.png", intent=Clean()), error)
    assert (result.outcome, result.reason, result.cure) == (outcome, error.message, error.cure)
    assert (result.id, result.source) == ("cup", "/pictures/cup.png")


def run(tmp_path: Path, intent: Intent, image: str = "a.png", **changes: object) -> ItemResult:
    job = JobSpec(
        id="a", root=str(tmp_path / "pictures"), image=image, out=str(tmp_path / "out"), intent=intent
    )
    return finish(shop_of(tmp_path), job.model_copy(update=changes))


@pytest.fixture
def picture(cards: Path, pictures: Path) -> Path:
    return save(pictures / "a.png", ground(40, 50))


def test_a_missing_picture_a_folder_and_a_path_out_of_the_root(tmp_path: Path, picture: Path) -> None:
    (tmp_path / "secret.png").write_bytes(picture.read_bytes())
    (tmp_path / "pictures" / "folder").mkdir()
    for image in ("none.png", "folder", "../secret.png", "/etc/hostname"):
        result = run(tmp_path, Clean(), image)
        assert (result.outcome, result.stage) == ("rejected", "triage"), image
        assert "cannot be read" in result.reason
        assert result.cure
    assert not (tmp_path / "out").exists()


def test_a_missing_mask_and_one_of_another_size(tmp_path: Path, picture: Path) -> None:
    missing = run(tmp_path, RemoveObject(mask=MaskFile(path="none.png")))
    assert (missing.outcome, "none.png" in missing.reason) == ("rejected", True)
    save(tmp_path / "pictures" / "m.png", np.full((7, 9), 255, np.uint8))
    wrong = run(tmp_path, RemoveObject(mask=MaskFile(path="m.png")))
    assert wrong.outcome == "rejected"
    assert "9×7" in wrong.reason
    assert "50×40" in wrong.reason


def test_an_engine_that_breaks_without_a_stand_in_fails_the_picture_alone(
    tmp_path: Path, cards: Path, picture: Path
) -> None:
    drop_card(cards, "toy-broken", "fill", "BrokenFill")
    result = run(tmp_path, RemoveObject(mask=BOX), engines={"generation": "toy-broken"})
    assert (result.outcome, result.stage) == ("failed", "generation")
    assert "toy-broken" in result.reason
    assert not (tmp_path / "out").exists()


def test_a_broken_engine_is_stood_in_for_and_says_so(tmp_path: Path, cards: Path, picture: Path) -> None:
    drop_card(cards, "toy-broken", "fill", "BrokenFill", 'fallback = ["telea"]')
    result = run(tmp_path, RemoveObject(mask=BOX), engines={"generation": "toy-broken"})
    assert result.outcome == "degraded"
    assert "telea stood in for toy-broken" in result.reason


def test_out_of_memory_is_left_to_be_tried_again(tmp_path: Path, cards: Path, picture: Path) -> None:
    drop_card(cards, "toy-greedy", "fill", "GreedyFill")
    with pytest.raises(OutOfMemory) as caught:
        run(tmp_path, RemoveObject(mask=BOX), engines={"generation": "toy-greedy"})
    assert (caught.value.picture, caught.value.stage) == ("a", "generation")


@pytest.mark.parametrize("intent", [Generate(prompt="a cup"), Replace(mask=BOX, prompt="a cup")])
def test_what_words_ask_for_is_made_by_the_embedded_generator_which_names_the_words_it_does_not_know(
    tmp_path: Path, picture: Path, intent: Intent
) -> None:
    result = run(tmp_path, intent)
    assert result.outcome == "degraded"
    assert "backdrop" in {s.engine for s in result.stages} | {
        s.engine.removesuffix("-fill") for s in result.stages
    }
    assert "backdrop" in result.reason
    assert result.output


def test_the_same_picture_again_is_found_done(tmp_path: Path, picture: Path) -> None:
    first = run(tmp_path, RemoveObject(mask=BOX))
    job = JobSpec(
        id="b", root=str(tmp_path / "pictures"), image="a.png", out=str(tmp_path / "out"),
        intent=RemoveObject(mask=BOX),
    )  # fmt: skip
    again = finish(shop_of(tmp_path, "run-2"), job)
    assert first.outcome == again.outcome == "done"
    assert all(stage.cached for stage in again.stages)
    assert not any(stage.cached for stage in first.stages)
    assert again.id == "b"
    assert Path(again.output).read_bytes() == Path(first.output).read_bytes()
    assert Path(again.output).name == "b.png"


def test_a_preview_is_small_whatever_is_asked(tmp_path: Path, cards: Path, pictures: Path) -> None:
    save(pictures / "a.png", ground(600, 900))
    box = MaskBoxes(boxes=((100, 100, 160, 140),))
    for intent in (RemoveObject(mask=box), Upscale(scale=2), Clean()):
        result = run(tmp_path, intent, tier="preview")
        assert result.outcome == "done", result.reason
        made = load(result.output)
        assert made.shape[:2] == (result.height, result.width)
        assert 200_000 < result.width * result.height <= 250_000
        assert abs(result.width / result.height - 1.5) < 0.01
