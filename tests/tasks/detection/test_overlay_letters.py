"""What a map of overlay lettering becomes: lines along their own axes, longer lines, and a say in a line's origin."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from matplotlib.font_manager import findfont
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from model_registry.engines.contract import TextLine
from tasks.detection.origin import origins
from tasks.detection.origin_model import Model, Node
from tasks.detection.overlay_letters import LARGEST, Letters, area_of, letters_of, shown
from tasks.detection.overlay_letters_lines import more_lines
from tasks.detection.overlay_letters_origin import clearness, cut_off, weighed
from tasks.detection.overlay_letters_tighter import tightened
from tasks.detection.overlay_letters_wider import lengthened

SIZE = (300, 480)


def written(*texts: tuple[str, int, int, int], turned: float = 0.0) -> NDArray[np.float32]:
    """Letters and 2 px about them, as the network marks them: (text, x, y, size)."""
    page = Image.new("L", SIZE[::-1], 0)
    for text, x, y, size in texts:
        font = ImageFont.truetype(findfont("DejaVu Sans"), size)
        ImageDraw.Draw(page).text((x, y), text, fill=255, font=font)
    drawn = np.asarray(page.rotate(turned, Image.Resampling.BICUBIC), np.uint8)
    near = cv2.dilate((drawn > 90).astype(np.uint8), np.ones((5, 5), np.uint8))
    return near.astype(np.float32) * np.float32(0.95)


def letters(overlay: NDArray[np.float32]) -> Letters:
    return Letters(overlay, np.zeros(SIZE, np.float32))


def box(x0: float, y0: float, x1: float, y1: float) -> TextLine:
    return TextLine(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), "read", 0.9)


def test_letters_that_stand_together_are_one_line() -> None:
    overlay = written(("faint shop name", 40, 100, 36))
    (line,) = more_lines(letters(overlay), ())
    assert (line.text, line.score) == ("", 0.0)
    assert line.found == pytest.approx(0.95)
    assert overlay[area_of(line, SIZE, 1)].sum() > 0.98 * overlay.sum()


def test_rows_are_lines_of_their_own() -> None:
    overlay = written(("FIRST LINE HERE", 40, 60, 30), ("and a second", 60, 100, 30))
    found = more_lines(letters(overlay), ())
    assert len(found) == 2
    assert found[0].polygon[2][1] < found[1].polygon[2][1]


@pytest.mark.parametrize("turned", [25.0, -40.0, 90.0])
def test_a_turned_line_is_boxed_along_its_axis(turned: float) -> None:
    overlay = written(("turned words", 120, 130, 34), turned=turned)
    (line,) = more_lines(letters(overlay), ())
    corners = np.asarray(line.polygon)
    top = corners[1] - corners[0]
    assert np.hypot(*top) > 3 * np.hypot(*(corners[2] - corners[1])), "the first side runs along the words"
    assert abs(abs(np.degrees(np.arctan2(top[1], top[0]))) - abs(turned)) < 4
    assert overlay[area_of(line, SIZE, 1)].sum() > 0.97 * overlay.sum()


def test_what_a_reader_found_is_not_found_again() -> None:
    overlay = written(("read already", 40, 60, 30), ("overlooked", 60, 180, 30))
    (line,) = more_lines(letters(overlay), (box(38, 60, 240, 100),))
    assert line.polygon[0][1] > 150


def test_spots_blobs_and_doubtful_letters_are_no_lines() -> None:
    spots = np.zeros(SIZE, np.float32)
    spots[50:60, 50:60] = spots[200:280, 300:390] = 0.95
    assert more_lines(letters(spots), ()) == ()
    doubtful = written(("doubtful words", 40, 100, 36)) * np.float32(0.7)
    assert more_lines(letters(doubtful), ()) == ()
    assert more_lines(letters(np.zeros(SIZE, np.float32)), ()) == ()


def test_a_line_cut_short_is_lengthened_to_its_words_and_no_further() -> None:
    overlay = written(("www.shop-name.com", 40, 100, 30), ("far away", 395, 100, 24))
    short = box(100, 100, 250, 138)
    grown = lengthened(letters(overlay), short)
    low, high = grown.polygon[0][0], grown.polygon[1][0]
    xs = np.flatnonzero(overlay[:, :370].any(axis=0))
    assert abs(low - xs.min()) < 6
    assert abs(high - (xs.max() + 1)) < 6
    assert (grown.text, grown.score) == (short.text, short.score)
    whole = box(36, 100, 352, 138)
    assert lengthened(letters(overlay), whole) is whole


def test_a_line_written_downwards_is_lengthened_downwards() -> None:
    overlay = written(("downwards words", 80, 130, 34), turned=-90.0)
    ys, xs = np.nonzero(overlay)
    cut = box(xs.min(), ys.min() + 60, xs.max(), ys.max() - 60)
    grown = lengthened(letters(overlay), cut)
    assert grown.polygon[0][1] < ys.min() + 4
    assert grown.polygon[2][1] > ys.max() - 4
    assert [x for x, _ in grown.polygon] == [x for x, _ in cut.polygon]


def test_a_line_that_the_network_hardly_sees_is_less_likely_an_overlay() -> None:
    overlay = written(("words laid over", 40, 100, 36))
    over, beside, outside = clearness(
        letters(overlay), (box(38, 100, 330, 145), box(38, 200, 330, 245), box(600, 20, 700, 40))
    )
    assert over == pytest.approx(0.95)
    assert (beside, outside) == (0.0, 0.0)
    for score in (0.2, 0.65, 0.8):
        assert weighed(score, beside) < score < weighed(score, over)
        assert weighed(score, 0.6) == pytest.approx(score)
    assert weighed(0.65, beside) < 0.62, "in doubt it stays"
    assert weighed(0.95, beside) > 0.62, "the looks still count"


def test_what_was_hardly_read_needs_no_more_than_its_looks_where_the_network_sees_lettering() -> None:
    rng = np.random.default_rng(2)
    image = np.clip(
        cv2.GaussianBlur(rng.normal(120, 40, (*SIZE, 3)), (0, 0), 2) + rng.normal(0, 2, (*SIZE, 3)), 0, 255
    )
    image = image.astype(np.uint8)
    overlay = written(("words laid over", 40, 100, 36))
    image[cv2.erode(overlay, np.ones((5, 5), np.uint8)) > 0.5] = 250
    line = TextLine(((38, 100), (330, 100), (330, 145), (38, 145)), "", 0.0)
    model = Model(
        (Node(1.0),), 0.62
    )  # 0.73 for every line: over the bar of what was read, under that of what was not
    assert origins(image, (line,), model=model)[0].kind == "none"
    assert origins(image, (line,), model=model, letters=letters(overlay))[0].kind == "overlay"
    unseen = letters(np.zeros(SIZE, np.float32))
    assert origins(image, (line,), model=model, letters=unseen)[0].kind == "none"


def test_a_huge_picture_is_looked_at_scaled_down_and_answered_at_its_own_size() -> None:
    image = np.zeros((2400, 3200, 3), np.uint8)
    small = shown(image)
    assert small.shape[0] * small.shape[1] <= LARGEST
    answer = letters_of(np.full((*small.shape[:2], 3), 0.25, np.float32), (2400, 3200))
    assert answer.overlay.shape == answer.scene.shape == (2400, 3200)
    assert float(answer.overlay.max()) == pytest.approx(0.25)


def test_what_the_border_cuts_was_there_before_the_picture_was_framed() -> None:
    inside = box(100, 100, 220, 130)
    cut, whole = box(0, 100, 120, 130), box(0, 200, 220, 230)
    overlay = written(("STUDIO", 102, 100, 26), ("STUDIO", -9, 100, 26), ("STUDIO", 102, 200, 26))
    assert cut_off(letters(overlay), (inside, cut, whole)) == (False, True, False)
    assert weighed(0.88, 0.9, True) < 0.62 < weighed(0.97, 0.9, True)


def test_a_loose_box_is_trimmed_to_the_lettering_in_it() -> None:
    overlay = written(("www.shop-name.com", 80, 100, 30))
    ys, xs = np.nonzero(overlay)
    loose = box(20, 94, 460, 146)
    trimmed = tightened(letters(overlay), loose)
    (x0, y0), _, (x1, y1), _ = trimmed.polygon
    assert 0 < xs.min() - x0 < 12
    assert 0 < x1 - xs.max() < 12
    assert (y0, y1) == (94, 146), "a margin such as readers leave stays"
    assert (trimmed.text, trimmed.score) == (loose.text, loose.score)
    high = tightened(letters(overlay), box(76, 72, xs.max() + 4, 166))
    assert ys.min() - high.polygon[0][1] < 12
    assert high.polygon[2][1] - ys.max() < 12


@pytest.mark.parametrize("turned", [20.0, -90.0])
def test_a_turned_loose_box_is_trimmed_along_its_own_axis(turned: float) -> None:
    overlay = written(("turned words", 140, 130, 34), turned=turned)
    (line,) = more_lines(letters(overlay), ())
    corners = np.asarray(line.polygon)
    along = (corners[1] - corners[0]) / np.linalg.norm(corners[1] - corners[0])
    longer = corners + np.array([-40, 0, 0, -40])[:, None] * along
    loose = TextLine(tuple((float(x), float(y)) for x, y in longer), "read", 0.9)
    trimmed = tightened(letters(overlay), loose)
    assert np.linalg.norm(np.asarray(trimmed.polygon) - corners, axis=1).max() < 12
    assert overlay[area_of(trimmed, SIZE, 2)].sum() > 0.97 * overlay.sum()


def test_where_lettering_fades_or_is_hardly_seen_no_box_is_trimmed() -> None:
    overlay = written(("fading to the right", 40, 100, 34))
    loose = box(36, 100, 440, 142)
    assert tightened(letters(overlay), loose) is not loose
    fading = overlay * np.clip((430 - np.arange(SIZE[1])) / 250, 0, 1).astype(np.float32)
    assert tightened(letters(fading), loose) is loose
    assert tightened(letters(overlay * np.float32(0.6)), loose) is loose
    half = overlay.copy()
    half[:, 200:] = 0
    assert tightened(letters(half), loose) is loose, "less than half of its length is seen"
