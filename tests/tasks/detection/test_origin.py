"""Overlay or print: the same words on the same photograph, drawn over it and seen by a camera."""

from __future__ import annotations

import math
from importlib.resources import files

import cv2
import numpy as np
import pytest
from matplotlib.font_manager import findfont
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from model_registry.engines.contract import TextLine
from tasks.detection.origin import Origin, origins
from tasks.detection.origin_company import agreed
from tasks.detection.origin_features import features
from tasks.detection.origin_ink import LARGEST, letters_in, piece_of
from tasks.detection.origin_model import Model, Node, packed, shipped, unpacked
from tasks.detection.origin_picture import surface_of

Bytes3 = NDArray[np.uint8]
PHOTOGRAPHS = ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg")
WORDS = ("BEST OFFER", "Free delivery", "www.shop.example", "СКИДКА 30%")


def photograph(name: str) -> Bytes3:
    with Image.open(str(files("skimage").joinpath("data", name))) as picture:
        return np.asarray(picture.convert("RGB").crop((0, 0, 450, 300)), np.uint8)


def coverage(text: str, size: int, turned: float = 0.0) -> NDArray[np.float32]:
    page = Image.new("L", (450, 300), 0)
    font = ImageFont.truetype(findfont("DejaVu Sans:bold"), size)
    ImageDraw.Draw(page).text((225, 150), text, fill=255, font=font, anchor="mm")
    return np.asarray(page.rotate(turned, Image.Resampling.BICUBIC), np.float32) / np.float32(255)


def line_on(cover: NDArray[np.float32], text: str, score: float = 0.99) -> TextLine:
    """Where a reader would find it: the smallest rectangle, a little grown."""
    points = np.argwhere(cover > 0.3)[:, ::-1].astype(np.float32)
    (x, y), (wide, tall), angle = cv2.minAreaRect(points)
    if wide < tall:
        wide, tall, angle = tall, wide, angle - 90
    corners = cv2.boxPoints(((x, y), (wide + 6, tall + 6), angle))
    first = int(np.argmin(corners.sum(axis=1)))
    turned = np.roll(corners, -first, axis=0)
    return TextLine(tuple((float(a), float(b)) for a, b in turned), text, score)


def overlaid(name: str, text: str, opacity: float = 1.0, size: int = 34) -> tuple[Bytes3, TextLine]:
    cover = coverage(text, size)
    base = photograph(name).astype(np.float32)
    made = base + (opacity * cover)[..., None] * (np.float32([250, 250, 245]) - base)
    return np.rint(made).astype(np.uint8), line_on(cover, text)


def printed(name: str, text: str, blur: float = 1.2) -> tuple[Bytes3, TextLine]:
    """On a label that lies askew, in the picture's light, blurred by the lens, with grain."""
    random = np.random.default_rng(len(text))
    base = photograph(name).astype(np.float32)
    light = cv2.GaussianBlur(base.mean(axis=2), (0, 0), 14)[..., None] / 255
    paper = np.zeros((300, 450), np.float32)
    paper[95:205, 40:410] = 1
    corners = np.float32([[0, 0], [450, 0], [450, 300], [0, 300]])
    askew = cv2.getPerspectiveTransform(corners, np.float32([[12, 18], [440, 0], [425, 290], [0, 268]]))
    turn = [
        cv2.GaussianBlur(cv2.warpPerspective(p, askew, (450, 300)), (0, 0), blur)
        for p in (paper, coverage(text, 34))
    ]
    shade = (0.45 + 0.6 * light) * np.linspace(0.85, 1.1, 450, dtype=np.float32)[None, :, None]
    made = base
    for cover, colour in zip(turn, (np.float32([225, 215, 190]), np.float32([40, 45, 60])), strict=True):
        made = made + cover[..., None] * (shade * colour - made)
    grain = random.normal(0, 2.0, (300, 450, 1)) * (turn[0] > 0.02)[..., None]
    return np.rint(np.clip(made + grain, 0, 255)).astype(np.uint8), line_on(turn[1], text)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
@pytest.mark.parametrize("text", WORDS)
def test_words_drawn_over_a_photograph_are_overlays(name: str, text: str) -> None:
    image, line = overlaid(name, text)
    (found,) = origins(image, [line])
    assert found.kind == "overlay", found


@pytest.mark.parametrize("name", PHOTOGRAPHS)
@pytest.mark.parametrize("text", WORDS)
def test_words_on_a_label_are_not(name: str, text: str) -> None:
    image, line = printed(name, text)
    (found,) = origins(image, [line])
    assert found.kind == "scene", found


def test_it_does_not_matter_what_was_read_but_it_may_be_no_text() -> None:
    image, line = overlaid("astronaut.png", "BEST OFFER")
    read, other, unread = (
        TextLine(line.polygon, text, score, 0.8)
        for text, score in (("BEST OFFER", 0.99), ("BELT", 0.6), ("", 0.0))
    )
    first, second, third = (origins(image, [one])[0] for one in (read, other, unread))
    assert first == second
    assert first.kind == third.kind == "overlay"
    image, line = printed("astronaut.png", "BEST OFFER")
    (found,) = origins(image, [TextLine(line.polygon, "", 0.0, 0.6)])
    assert found.kind == "none"
    assert "read" in found.why


def test_of_two_lines_each_gets_its_own_in_their_order() -> None:
    image, label = printed("coffee.png", "Vanilla")
    cover = np.roll(coverage("SALE", 30), (-115, 0), (0, 1))
    over = image + cover[..., None] * (np.float32([255, 230, 0]) - image)
    lines = [line_on(cover, "SALE"), label]
    made = np.rint(over).astype(np.uint8)
    before = made.copy()
    assert [found.kind for found in origins(made, lines)] == ["overlay", "scene"]
    assert [found.kind for found in origins(made, lines[::-1])] == ["scene", "overlay"]
    assert origins(made, lines) == origins(made, lines)
    assert (made == before).all()


@pytest.mark.parametrize("shape", [(1, 1), (3, 40), (9, 9), (64, 5)])
def test_small_and_flat_pictures_have_nothing_to_tell(shape: tuple[int, int]) -> None:
    image = np.full((*shape, 3), 128, np.uint8)
    height, width = float(shape[0]), float(shape[1])
    line = TextLine(((0.0, 0.0), (width, 0.0), (width, height), (0.0, height)), "x", 0.9)
    assert origins(image, []) == ()
    assert origins(image, [line]) == (Origin("none", 0.0, "nothing stands out there"),)


def test_a_long_line_costs_no_more_than_its_middle() -> None:
    image = np.random.default_rng(0).integers(0, 255, (700, 1500, 3)).astype(np.uint8)
    line = TextLine(((10.0, 50.0), (1490.0, 50.0), (1490.0, 650.0), (10.0, 650.0)), "x", 0.9)
    piece = piece_of(image, line, [line])
    assert piece is not None
    assert piece.inside.size <= LARGEST * 1.1
    assert piece.inside.any()


def test_the_shipped_model_asks_only_for_what_is_measured_and_never_for_what_was_read() -> None:
    image, line = overlaid("rocket.jpg", "SALE")
    piece = piece_of(image, line, [line])
    assert piece is not None
    letters = letters_in(piece)
    assert letters is not None
    row = features(line, piece, letters, surface_of(image, [line]))
    assert set(shipped().names) <= set(row)
    blank = features(TextLine(line.polygon, "", 0.0, 0.1), piece, letters, surface_of(image, [line]))
    assert {k: v for k, v in row.items() if not math.isnan(v)} == {
        k: v for k, v in blank.items() if not math.isnan(v)
    }


def measured(image: Bytes3, line: TextLine) -> dict[str, float]:
    piece = piece_of(image, line, [line])
    assert piece is not None
    letters = letters_in(piece)
    assert letters is not None
    return features(line, piece, letters, surface_of(image, [line]))


LOOK = {"ink_least": 20.0, "ink_most": 30.0, "ink_vivid": 10.0, "edge_high": 0.7}
OTHER = {"ink_least": 250.0, "ink_most": 255.0, "ink_vivid": 5.0, "edge_high": 0.9}


def test_one_doubtful_line_goes_with_those_like_it_and_not_with_others() -> None:
    chances = agreed([LOOK, LOOK, LOOK, LOOK, OTHER], [0.7, 0.1, 0.2, 0.1, 0.95])
    assert chances[0] < 0.3
    assert chances[4] == pytest.approx(0.95, abs=1e-3)
    assert agreed([LOOK, OTHER], [0.7, 0.05]) == pytest.approx((0.7, 0.05), abs=1e-3)
    assert agreed([LOOK], [0.7]) == (0.7,)
    assert agreed([], []) == ()
    unknown = LOOK | {"edge_high": math.nan}
    assert agreed([unknown, unknown], [0.9, 0.9]) == pytest.approx((0.9, 0.9))


def test_a_mark_alone_must_look_surely_drawn_but_not_one_among_its_like() -> None:
    mark = LOOK | {"length": 1.1}
    alone, word = agreed([mark, OTHER | {"length": 6.0}], [0.8, 0.8])
    assert alone < 0.4
    assert word == pytest.approx(0.8, abs=1e-3)
    assert agreed([mark, LOOK, LOOK], [0.8, 0.8, 0.8])[0] == pytest.approx(0.8)
    assert agreed([mark], [0.995])[0] > 0.9


def test_a_tight_box_leaves_none_of_its_letters_to_the_picture() -> None:
    image, line = overlaid("coffee.png", "BEST OFFER")
    (x0, y0), (x1, y1) = np.min(line.polygon, axis=0), np.max(line.polygon, axis=0)
    tight = TextLine(((x0, y0 + 7), (x1, y0 + 7), (x1, y1 - 7), (x0, y1 - 7)), line.text, line.score)
    clean = surface_of(photograph("coffee.png"), [])
    for one in (line, tight):
        assert surface_of(image, [one]).sharpest == pytest.approx(clean.sharpest, abs=0.02)


def test_the_order_of_the_lines_does_not_matter_to_what_they_agree_on() -> None:
    random = np.random.default_rng(1)
    rows = [{name: float(random.uniform(0, 255)) for name in LOOK} for _ in range(5)]
    chances = [float(v) for v in random.uniform(0, 1, 5)]
    assert agreed(rows[::-1], chances[::-1])[::-1] == pytest.approx(agreed(rows, chances))


def test_a_model_survives_its_file_and_says_what_counted() -> None:
    tree = Node(0.5, "edge", 0.4, False, Node(-1.0), Node(2.0, "angle", 3.0, True, Node(2.5), Node(1.0)))
    model = Model((Node(-0.25), tree), 0.6)
    assert unpacked(packed(model)) == model
    score, shares = model.judged({"edge": 0.9, "angle": 10.0})
    assert score == pytest.approx(1 / (1 + math.exp(-0.75)))
    assert shares == {"edge": pytest.approx(1.5), "angle": pytest.approx(-1.0)}
    assert model.judged({})[0] == pytest.approx(1 / (1 + math.exp(-2.25)))
    assert model.names == ("angle", "edge")
