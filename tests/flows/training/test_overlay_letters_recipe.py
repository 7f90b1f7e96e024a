"""The recipe of the overlay-letters network: the same crops and weights each time, interrupted or not; the file is the network."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from flows.training.overlay_letters.export import exported
from flows.training.overlay_letters.feeding import BATCH, Feed
from flows.training.overlay_letters.grounds import NEITHER, NOT_OVERLAY, OVERLAY, SCENE, UNSAID
from flows.training.overlay_letters.learning import Recipe, loss, pace
from flows.training.overlay_letters.lettering import any_way
from flows.training.overlay_letters.network import LetterNet
from flows.training.overlay_letters.overlaying import Style, _laid
from flows.training.overlay_letters.pictures import held_out, with_boxes
from flows.training.overlay_letters.samples import sample
from flows.training.overlay_letters.train import CHECKPOINT, run
from flows.training.text_origin.sources import Photograph, photographs, typefaces

SIDE = 64


@pytest.fixture(scope="module")
def pictures() -> list[Photograph]:
    return photographs(())[:2]


@pytest.fixture(scope="module")
def faces() -> tuple[str, ...]:
    return typefaces(())


def feed(pictures: list[Photograph], faces: tuple[str, ...]) -> Feed:
    return Feed(5, pictures, faces, SIDE)


def test_a_crop_is_drawn_from_its_seed_and_number_alone(
    pictures: list[Photograph], faces: tuple[str, ...]
) -> None:
    first, again, other = (sample(5, n, pictures, faces, SIDE) for n in (3, 3, 4))
    assert first.picture.tobytes() == again.picture.tobytes()
    assert first.labels.tobytes() == again.labels.tobytes()
    assert first.picture.tobytes() != other.picture.tobytes()


def test_crops_hold_overlays_print_and_grounds(pictures: list[Photograph], faces: tuple[str, ...]) -> None:
    seen = np.concatenate([sample(5, n, pictures, faces, SIDE).labels.ravel() for n in range(40)])
    assert {OVERLAY, SCENE, NEITHER} <= set(seen.tolist()) <= {OVERLAY, SCENE, NEITHER, NOT_OVERLAY, UNSAID}
    assert 0.02 < (seen == OVERLAY).mean() < 0.5


def test_every_pixel_that_words_change_is_labelled_or_left_unsaid(faces: tuple[str, ...]) -> None:
    plain = Style(opacity=0.8, outline=True, hollow=False, shadow=0.0, glow=0.0, plate=False)
    for n in range(12):
        random = np.random.default_rng(n)
        base, labels = np.full((96, 160, 3), 128, np.float32), np.full((96, 160), NEITHER, np.uint8)
        words = any_way(faces[n % len(faces)], 30, "Words 12", random)
        _laid(random, base, labels, words, (10, 20), plain, None)
        changed = np.abs(base - 128).max(axis=2) > 25
        assert changed.sum() > 20
        assert not (changed & (labels == NEITHER)).any()
        assert (labels == OVERLAY)[changed].mean() > 0.9


def test_a_batch_does_not_depend_on_those_before_it(
    pictures: list[Photograph], faces: tuple[str, ...]
) -> None:
    one, other = feed(pictures, faces), feed(pictures, faces)
    for step in range(3):
        one.batch(step)
    (a, b), (c, d) = one.batch(3), other.batch(3)
    assert a.shape == (BATCH, 3, SIDE, SIDE)
    assert b.shape == (BATCH, SIDE // 2, SIDE // 2)
    assert a.tobytes() == c.tobytes()
    assert b.tobytes() == d.tobytes()


def test_a_run_that_was_interrupted_ends_with_the_same_weights(
    tmp_path: Path, pictures: list[Photograph], faces: tuple[str, ...]
) -> None:
    torch.set_num_threads(1)
    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    recipe = Recipe(steps=4, seed=3)
    whole = run(feed(pictures, faces), recipe, tmp_path / "whole", every=2)
    _stopped_after(2, feed(pictures, faces), recipe, tmp_path / "parts")
    parts = run(feed(pictures, faces), recipe, tmp_path / "parts", every=2)
    assert exported(whole.mean) == exported(parts.mean)


def _stopped_after(steps: int, given: Feed, recipe: Recipe, folder: Path) -> None:
    class Stop(Exception):
        pass

    class Stopping(Feed):
        def batch(self, step: int) -> tuple[np.ndarray, np.ndarray]:
            if step >= steps:
                raise Stop
            return super().batch(step)

    with pytest.raises(Stop):
        run(Stopping(given.seed, given.photographs, given.faces, given.side), recipe, folder, every=steps)
    assert (folder / CHECKPOINT).exists()


def test_learning_lowers_the_loss(tmp_path: Path, pictures: list[Photograph], faces: tuple[str, ...]) -> None:
    torch.set_num_threads(1)
    pictures_, labels = (torch.from_numpy(part) for part in feed(pictures, faces).batch(1))
    learner = run(feed(pictures, faces), Recipe(steps=0), tmp_path)
    learner.recipe = Recipe(steps=10**6)
    first = learner.learn(pictures_, labels)
    for _ in range(25):
        last = learner.learn(pictures_, labels)
    assert last < first


def test_the_file_says_what_the_network_says() -> None:
    import onnxruntime

    torch.manual_seed(1)
    network = LetterNet()
    for _ in range(2):  # norms that are not trivial
        network(torch.rand(2, 3, SIDE, SIDE))
    network.eval()
    data = exported(network)
    assert data == exported(network)
    assert len(data) < 1_000_000
    picture = torch.rand(1, 3, 48, 80)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    made = session.run(None, {"picture": picture.numpy()})[0]
    with torch.no_grad():
        wanted = torch.softmax(network(picture), 1).numpy().repeat(2, 2).repeat(2, 3)
    assert made.shape == (1, 3, 48, 80)
    np.testing.assert_allclose(made, wanted, atol=1e-5)


def test_what_is_not_known_of_a_pixel_teaches_nothing() -> None:
    logits = torch.zeros(1, 3, 4, 4)
    logits[0, SCENE] = 8.0
    for label, low in (
        (SCENE, True),
        (NOT_OVERLAY, True),
        (UNSAID, True),
        (OVERLAY, False),
        (NEITHER, False),
    ):
        entropy = float(loss(logits, torch.full((1, 4, 4), label))) - 0.5
        assert (entropy < 0.01) == low, label


def test_the_rate_of_a_step_does_not_depend_on_the_end_until_it_is_near() -> None:
    assert pace(300, 1000) == pace(300, 8000) == 1.0
    assert pace(999, 1000) < 0.01
    assert 0 < pace(0, 1000) < 0.01


def test_pictures_a_reader_has_not_seen_may_hold_print_anywhere(
    tmp_path: Path, pictures: list[Photograph]
) -> None:
    known = tmp_path / "boxes.json"
    known.write_text(json.dumps({pictures[0].name: [[1, 2, 5, 2, 5, 4, 1, 4]]}), encoding="utf-8")
    first, second = with_boxes(pictures, known)
    assert [box.tolist() for box in first.boxes] == [[[1, 2], [5, 2], [5, 4], [1, 4]]]
    height, width = second.pixels.shape[:2]
    assert second.boxes[0].max(axis=0).tolist() == [width, height]


def test_photographs_are_held_out_by_name() -> None:
    share = np.mean([held_out(f"{n}.jpg") for n in range(2000)])
    assert 0.07 < share < 0.13
