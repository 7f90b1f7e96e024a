"""The recipe of the text origin model: its trees learn what they should, its pictures carry their truth."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from flows.training.text_origin.boost import Recipe, binned, boosted
from flows.training.text_origin.boxes import box_about
from flows.training.text_origin.lettering import Lettering, arched
from flows.training.text_origin.measuring import boxed, keep
from flows.training.text_origin.samples import drawn, stored_again
from flows.training.text_origin.sources import Photograph, photographs, typefaces
from flows.training.text_origin.train import main
from tasks.detection.origin_model import Model, unpacked
from tasks.errors import BadRequest


def rows(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    table = random.normal(0, 1, (count, 3))
    truth = ((table[:, 0] > 0.3) ^ (table[:, 1] > 1)).astype(float)
    table[random.random(count) < 0.2, 2] = np.nan
    return table, truth


def test_trees_learn_a_rule_of_two_features_and_keep_it_on_other_rows() -> None:
    table, truth = rows(1, 1500)
    model = Model(boosted(binned(("a", "b", "c"), table), truth, np.ones(1500), Recipe(trees=60), {}), 0.5)
    fresh, right = rows(2, 400)
    called = np.array([model.judged(dict(zip("abc", row, strict=True)))[0] >= 0.5 for row in fresh])
    assert (called == (right > 0.5)).mean() > 0.95


def test_a_feature_that_may_only_raise_the_odds_never_lowers_them() -> None:
    random = np.random.default_rng(3)
    table = random.normal(0, 1, (800, 1))
    truth = (table[:, 0] < 0).astype(float)  # the other way round
    for sign, least in ((0, 0.4), (1, 0.0)):
        trees = boosted(binned(("a",), table), truth, np.ones(800), Recipe(trees=60), {"a": sign})
        low, high = (Model(trees, 0.5).judged({"a": value})[0] for value in (-1.0, 1.0))
        assert low - high >= least
        assert sign == 0 or high == low


@pytest.mark.parametrize("n", range(8))
def test_drawn_pictures_carry_their_boxes_and_are_the_same_again(n: int) -> None:
    pictures, faces = photographs([]), typefaces([])
    one, same = (drawn(np.random.default_rng([5, n]), pictures[n % len(pictures)], faces) for _ in range(2))
    assert (one.picture == same.picture).all()
    assert all(
        (a.corners == b.corners).all() and a.kind == b.kind
        for a, b in zip(one.lines, same.lines, strict=True)
    )
    again = stored_again(np.random.default_rng(n), one)
    assert [a.kind for a in again.lines] == [a.kind for a in one.lines]
    height, width = again.picture.shape[:2]
    for line in again.lines:
        middle = line.corners.mean(axis=0)
        assert 0 <= middle[0] <= width
        assert 0 <= middle[1] <= height


def test_words_lie_in_their_boxes_wherever_they_were_put() -> None:
    """On a blank photograph nothing but the words stands out, so what stands out lies in the boxes, nearly all of it."""
    blank = Photograph("blank", np.full((500, 700, 3), 127, np.uint8))
    faces = tuple(face for face in typefaces([]) if "DejaVuSans-Bold" in face)
    inside = total = 0
    for n in range(12):
        made = drawn(np.random.default_rng([9, n]), blank, faces)
        scene = np.abs(made.picture.astype(int) - np.median(made.picture.reshape(-1, 3), axis=0)).max(axis=2)
        spots = np.zeros(scene.shape, np.uint8)
        for line in made.lines:
            cv2.fillPoly(spots, [np.rint(line.corners).astype(np.int32)], 1)
            assert scene[spots > 0].max() > 10
        edges = cv2.Laplacian(made.picture[..., 1], cv2.CV_32F)
        strong = np.abs(edges) > 60
        inside, total = inside + int((strong & (spots > 0)).sum()), total + int(strong.sum())
    assert total > 2000
    assert inside / total > 0.6


def test_what_a_photograph_holds_keeps_its_box_through_cutting_and_shrinking() -> None:
    spot = np.zeros((600, 800, 3), np.uint8)
    spot[250:300, 350:450] = 255
    corners = np.array([(350, 250), (450, 250), (450, 300), (350, 300)], np.float64)
    own = Photograph("spot", spot, (corners,))
    seen = 0
    for n in range(20):
        made = drawn(np.random.default_rng([3, n]), own, typefaces([])[:1])
        for line in (one for one in made.lines if one.own):
            assert line.kind == "scene"
            (x0, y0), (x1, y1) = line.corners.min(axis=0) + 2, line.corners.max(axis=0) - 2
            assert made.picture[int(y0) : int(y1), int(x0) : int(x1)].mean() > 230
            seen += 1
    assert seen >= 4


def test_a_box_goes_round_turned_words() -> None:
    letters = np.zeros((80, 300), np.float32)
    letters[30:50, 40:260] = 1
    turn = cv2.getRotationMatrix2D((150, 40), 30, 1.0)
    turned = cv2.warpAffine(np.pad(letters, ((90, 90), (0, 0))), turn, (300, 260))
    for n in range(20):
        box = box_about(turned, np.random.default_rng(n))
        assert box is not None
        along = box[1] - box[0]
        assert np.hypot(*along) > 2 * np.hypot(*(box[3] - box[0]))
        assert abs(np.degrees(np.arctan2(-along[1], along[0])) - 30) < 3
    assert box_about(np.zeros((20, 20), np.float32), np.random.default_rng(0)) is None


def test_letters_on_an_arch_keep_their_form() -> None:
    letters = np.zeros((30, 200), np.float32)
    letters[5:25, 10:190] = 1
    words = arched(Lettering(letters, letters), 120.0)
    assert (
        abs(words.letters.sum() / letters.sum() - 1) < 0.08
    )  # the middle of the ring is as long as the line
    columns = np.flatnonzero(words.letters.max(axis=0) > 0.5)
    tops = [
        int(np.argmax(words.letters[:, x] > 0.5)) for x in (columns[0] + 4, (columns[0] + columns[-1]) // 2)
    ]
    assert tops[0] > tops[1] + 15  # its ends hang down


def test_a_folder_is_thinned_evenly_and_names_are_left_out(tmp_path: Path) -> None:
    for n in range(10):
        Image.new("RGB", (130, 130), (n, n, n)).save(tmp_path / f"p{n}.png")
    assert [p.name for p in photographs([tmp_path], most=5)] == [
        "p0.png",
        "p2.png",
        "p4.png",
        "p6.png",
        "p8.png",
    ]
    assert [p.name for p in photographs([tmp_path], ("p1", "p3"))][:3] == ["p0.png", "p2.png", "p4.png"]


def test_boxes_survive_their_file_and_a_photograph_without_is_told(tmp_path: Path) -> None:
    box = np.array([(0.1, 1 / 3), (20.7, 1.25), (20, 9), (0, 8.5)])
    first, second = (Photograph(name, np.zeros((9, 9, 3), np.uint8)) for name in ("a", "b"))
    keep([replace(first, boxes=(box, box + 1)), second], tmp_path / "boxes.json")
    again = boxed([second, first], tmp_path / "boxes.json")
    assert [len(one.boxes) for one in again] == [0, 2]
    assert (again[1].boxes[0] == box).all()
    with pytest.raises(BadRequest, match="nothing of c"):
        boxed([Photograph("c", second.pixels)], tmp_path / "boxes.json")


def test_training_writes_the_same_model_again(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for n in range(6):
        Image.fromarray(random.integers(0, 255, (160, 220, 3)).astype(np.uint8)).save(tmp_path / f"p{n}.png")
    keep(photographs([tmp_path]), tmp_path / "boxes.json")
    made = []
    for name, seed in (("one", "1"), ("two", "1"), ("three", "2")):
        out = tmp_path / f"{name}.json"
        main(["--out", str(out), "--photographs", str(tmp_path), "--boxes", str(tmp_path / "boxes.json"),
              "--count", "12", "--trees", "4", "--seed", seed])  # fmt: skip
        made.append(out.read_bytes())
    assert made[0] == made[1] != made[2]
    assert len(unpacked(json.loads(made[0])).trees) == 5 * 5  # bags of four trees and a start each
