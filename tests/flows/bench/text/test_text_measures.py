"""Each measure on edits whose figures are known beforehand."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from flows.bench.text.fidelity import CAP, ghost, psnr
from flows.bench.text.measured import measured
from flows.bench.text.traces import changed, found, kept, still_there
from flows.demo.measures import near
from tests.flows.bench.text.conftest import edited, written

SHAPE = (120, 240)


def box(x0, y0, x1, y1):
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], float)


def test_psnr_counts_the_zone_alone_and_is_capped(case):
    off = case.truth.copy()
    off[0, 0] = 255 - off[0, 0]
    assert psnr(off, case.truth, case.strokes) == CAP
    off = np.where(case.strokes[..., None], case.truth.astype(int) + 10, case.truth).astype(np.uint8)
    assert psnr(off, case.truth, case.strokes) == pytest.approx(20 * math.log10(25.5), abs=1e-6)
    assert math.isnan(psnr(off, case.truth, np.zeros(SHAPE, bool)))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_a_ghost_is_the_share_of_the_overlay_that_is_left(case, share):
    mixed = case.truth + share * (case.edited.astype(float) - case.truth)
    assert ghost(np.rint(mixed).astype(np.uint8), case)[0] == pytest.approx(share, abs=0.02)


def test_lost_texture_is_no_ghost_but_a_faint_outline_is(case):
    filled = cv2.inpaint(case.edited, near(case.strokes, 2).astype(np.uint8), 3, cv2.INPAINT_TELEA)
    assert ghost(filled, case)[0] < 0.03
    traced = filled + 0.15 * 255 * case.alpha[..., None]
    assert ghost(np.clip(traced, 0, 255).astype(np.uint8), case)[0] > 0.1


def test_a_line_is_found_when_four_fifths_of_it_lie_in_holes(case):
    (line,) = case.lines
    for share, expected in ((0.7, False), (0.9, True)):
        holes = np.zeros(SHAPE, bool)
        columns = np.cumsum(line.alpha.sum(axis=0)) <= share * line.alpha.sum()
        holes[:, columns] = True
        assert found(line, edited(case, case.truth, holes)) is expected


def test_text_still_there_is_text_at_the_place_that_the_clean_picture_lacks(case):
    (line,) = case.lines
    here, elsewhere = line.polygon, box(2, 2, 40, 20)
    assert still_there(line, [here], [], SHAPE)
    assert still_there(line, [box(*here[0], *(here[0] + 12))], [], SHAPE), "one glyph left counts"
    assert not still_there(line, [elsewhere], [], SHAPE)
    assert not still_there(line, [], [], SHAPE)
    assert not still_there(line, [here], [here], SHAPE), (
        "the picture's own print at the same place is no residue"
    )


@pytest.mark.parametrize("quality", [0, 90])
def test_print_is_kept_when_no_pixel_in_it_changed(quality):
    case = written(quality=quality, scene=(box(4, 4, 60, 24), box(180, 96, 236, 116)))
    pixels = case.edited.copy()
    assert kept(case, edited(case, pixels)) == [True, True]
    pixels[10:16, 30:40] = 0
    assert kept(case, edited(case, pixels)) == [False, True]


@pytest.mark.parametrize("quality", [0, 90])
def test_changes_are_counted_outside_zones_and_far_from_the_overlay(quality):
    case = written(quality=quality)
    zones = near(case.strokes, 3)
    pixels = np.where(zones[..., None], case.truth, case.edited)
    assert changed(case, edited(case, pixels, zones)) == (0, 0)
    pixels[100:104, 8:12] = 0
    outside, far = changed(case, edited(case, pixels, zones))
    assert outside >= 16
    assert far >= 16


def test_a_picture_left_to_a_person_counts_as_residue(case, monkeypatch):
    monkeypatch.setattr("flows.bench.text.measured.detect", lambda picture, enlarge=1.0: ())
    done, review = (edited(case, case.truth, outcome=outcome) for outcome in ("done", "needs-review"))
    assert measured(case, done, done).residual == 0
    assert measured(case, review, done).residual == 1
    assert measured(case, review, done).read_again == 0


def test_without_the_detector_the_residue_is_unknown(case, monkeypatch):
    monkeypatch.setattr("flows.bench.text.measured.detect", lambda picture, enlarge=1.0: None)
    good = edited(case, case.truth)
    assert measured(case, good, good).residual is None
