"""Two readers named together: the second's agreement is the first one's confidence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tasks.errors import BadRequest, NoEngine
from tasks.intents import RemoveText
from tasks.job import JobSpec
from tasks.steps.detect import Detected, detect
from tasks.steps.source import read_source
from tests.tasks.steps.conftest import drop_card, ground, save, shop_of


def lettered(at: int) -> np.ndarray:
    """A red word, in pieces like letters, at this column."""
    picture = ground(120, 400, 0.5)
    for n in range(6):
        picture[50:70, at + 14 * n : at + 14 * n + 9] = (230, 30, 30)
    return picture


def found(tmp_path: Path, cards: Path, pictures: Path, at: int, readers: str) -> Detected:
    drop_card(cards, "toy-all", "text", "RedReader")
    drop_card(cards, "toy-left", "text", "LeftReader")
    save(pictures / "p.png", lettered(at))
    job = JobSpec.model_validate({
        "id": "p", "root": str(pictures), "image": "p.png", "out": str(tmp_path / "out"),
        "intent": RemoveText(text="all", rights="own"), "engines": {"detection": readers},
    })  # fmt: skip
    shop = shop_of(tmp_path)
    return detect(shop, read_source(shop, job))


@pytest.mark.parametrize(("at", "confidence"), [(40, 0.99), (260, 0.0)])
def test_what_the_second_does_not_see_is_not_sure(
    tmp_path: Path, cards: Path, pictures: Path, at: int, confidence: float
) -> None:
    made = found(tmp_path, cards, pictures, at, "toy-all+toy-left")
    assert made.engine == "toy-all"
    (region,) = made.regions
    assert region.confidence == pytest.approx(confidence, abs=0.01)


def test_alone_the_first_is_believed_and_its_record_is_another(
    tmp_path: Path, cards: Path, pictures: Path
) -> None:
    alone = found(tmp_path, cards, pictures, 260, "toy-all")
    assert alone.regions[0].confidence == pytest.approx(0.99)
    both = found(tmp_path, cards, pictures, 260, "toy-all+toy-left")
    assert both.done.key != alone.done.key


def test_three_are_refused(tmp_path: Path, cards: Path, pictures: Path) -> None:
    with pytest.raises(BadRequest, match="more than two"):
        found(tmp_path, cards, pictures, 40, "toy-all+toy-left+rapidocr")


def test_a_second_without_its_weights_is_an_error_that_names_the_cure(
    tmp_path: Path, cards: Path, pictures: Path
) -> None:
    more = '[weights]\npath = "${NOWHERE_AT_ALL}/x.onnx"\n[weights.sha256]\n"x.onnx" = "' + "0" * 64 + '"'
    drop_card(cards, "toy-absent", "text", "RedReader", more)
    with pytest.raises(NoEngine):
        found(tmp_path, cards, pictures, 40, "toy-all+toy-absent")
