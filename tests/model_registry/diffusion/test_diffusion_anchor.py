"""A hole's first guess anchored on the structure around it: parameter `anchor_strength`, off unless asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from model_registry.engines.contract import Filler
from model_registry.engines.diffusion import DiffusionFiller, load
from model_registry.errors import EngineFault
from tests.model_registry.diffusion.conftest import read_card
from tests.model_registry.diffusion.tiny_pipeline import write_card

DEFAULTS = (
    '{ steps = 4, guidance = 5.0, scheduler = "ddim", strength = 1.0, anchor_strength = 0.0, negative = "" }'
)


@pytest.fixture(scope="module")
def anchored(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Filler:
    folder = tmp_path_factory.mktemp("anchored")
    (folder / "tiny-sd-inpaint").symlink_to(built / "tiny-sd-inpaint")
    return cast(Filler, load(read_card(write_card(folder, "fill", defaults=DEFAULTS)), folder))


def striped() -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    page = np.full((64, 80, 3), 0.7, np.float32)
    cv2.line(page, (0, 26), (79, 38), (0.1, 0.2, 0.1), 6, cv2.LINE_AA)
    hole = np.zeros((64, 80), bool)
    hole[18:46, 28:54] = True
    return page, hole


def run(engine: Filler, image: NDArray[np.float32], hole: NDArray[np.bool_], **params: Any) -> Any:
    return engine.fill(image, hole, seed=3, prompt="a wall", params=params)


def test_the_first_guess_holds_the_line_and_a_weak_noise_keeps_more_of_it(anchored: Filler) -> None:
    image, hole = striped()
    plain = run(anchored, image, hole, strength=0.3)
    held = run(anchored, image, hole, anchor_strength=0.3)
    assert not np.array_equal(held[hole], plain[hole])
    assert np.array_equal(held[~hole], image[~hole])
    start = DiffusionFiller._start(
        image, hole, cast(DiffusionFiller, anchored)._model.read({"anchor_strength": 0.3}), 3
    )
    assert np.abs(start[hole] - image[hole]).mean() < 0.05


def test_the_old_content_has_no_say_in_it(anchored: Filler) -> None:
    image, hole = striped()
    other = image.copy()
    other[hole] = 1 - other[hole]
    first, second = (run(anchored, p, hole, anchor_strength=0.5)[hole] for p in (image, other))
    assert np.array_equal(first, second)


def test_what_it_was_held_to_is_told_only_when_it_was(anchored: Filler) -> None:
    image, hole = striped()
    engine = cast(DiffusionFiller, anchored)
    assert engine.anchors(image, hole, params={}) is None
    held = engine.anchors(image, hole, params={"anchor_strength": 0.5})
    assert held is not None
    assert held.scores()["anchor_lines"] >= 1


@pytest.mark.parametrize("size", [(1, 9), (7, 20), (15, 40)])
def test_small_pieces_start_smoothly(anchored: Filler, size: tuple[int, int]) -> None:
    image = np.random.default_rng(1).random((*size, 3), np.float32)
    hole = np.zeros(size, bool)
    hole[:, 3:6] = True
    made = run(anchored, image, hole, anchor_strength=0.5)
    assert np.array_equal(made[~hole], image[~hole])


def test_a_strength_out_of_range_is_refused(anchored: Filler) -> None:
    image, hole = striped()
    with pytest.raises(EngineFault, match="anchor_strength"):
        run(anchored, image, hole, anchor_strength=1.5)
