"""Rows, summary, clock and page say what was measured."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from flows.bench.text.detector import boxes, detect, weights
from flows.bench.text.measured import Measured, measured
from flows.bench.text.tables import rows, summary
from flows.bench.text.timing import Turn, _TimedReader, figures
from flows.bench.text.worst import why, worst, write_page
from tests.flows.bench.text.conftest import edited, written

ONE = Measured(
    id="a-00", kind="a", outcome="done", reason="", engines=("telea",), masks=("strokes",), input_db=6.0, baseline_db=20.0,
    ours_db=26.0, unmixed_db=40.0, ghost=0.01, ghost_shape=0.1, baseline_ghost=0.02, lines=1, found=1, coverage=1.0,
    residual=0, read_again=0, baseline_residual=0, seen=1, scene=0, kept=0, outside=0, far=0,
)  # fmt: skip
PRINT = replace(ONE, id="p-00", kind="p", lines=0, found=0, seen=0, scene=4, kept=3, input_db=math.nan,
                baseline_db=math.nan, ours_db=math.nan, unmixed_db=math.nan)  # fmt: skip


def test_kinds_weigh_the_same_however_many_cases_they_have():
    many = [ONE] * 3 + [replace(ONE, kind="b", ours_db=40.0)]
    assert summary(many)["psnr_gain_db"] == pytest.approx((6 + 20) / 2)


def test_kinds_without_an_overlay_and_real_pictures_are_not_in_the_mix():
    real = replace(ONE, kind="poster (real)", ours_db=0.0, residual=1)
    made = summary([ONE, PRINT, real])
    assert made["psnr_gain_db"] == pytest.approx(6)
    assert made["residual_rate"] == 0
    assert made["cases"] == 2
    assert [row["kind"] for row in rows([ONE, PRINT, real])] == ["a", "p", "poster (real)"]


def test_shares_are_over_lines_and_boxes():
    two = replace(ONE, id="a-01", lines=3, found=1, residual=2, seen=3)
    made = summary([ONE, two, PRINT])
    assert made["overlay_found"] == pytest.approx(2 / 4)
    assert made["residual_rate"] == pytest.approx(2 / 4)
    assert made["scene_text_kept"] == pytest.approx(3 / 4)


def test_an_unknown_residue_is_none_and_not_nought():
    assert summary([ONE, replace(ONE, residual=None)])["residual_rate"] is None


def test_time_is_without_rereading_and_rereading_stands_beside_it():
    found = figures([Turn("a", 3.0, 1.0, 1.0, 0.5, 0.8), Turn("b", 2.6, 0.6, 1.0, 1.0, 0.4)])
    assert found["time_ratio"] == pytest.approx(2.0)
    assert found["reread_ratio"] == pytest.approx(0.8)
    assert found["time_ratio_all_threads"] == pytest.approx(3.0)
    assert found["time_ratio_own_reader"] == pytest.approx((2.5 + 5.0) / 2)
    assert found["reread_ratio_95"] == pytest.approx([0.6, 1.0])


def test_a_timed_reader_counts_seconds_even_when_reading_fails():
    class Broken:
        def read(self, image, *, params):
            raise ValueError

    total = [0.0]
    with pytest.raises(ValueError):
        _TimedReader(Broken(), total).read(np.zeros((2, 2, 3), np.uint8), params={})
    assert total[0] > 0


def test_the_worst_come_first():
    lost = replace(ONE, id="lost", ours_db=10.0)
    left = replace(ONE, id="left", residual=1, read_again=1)
    touched = replace(PRINT, id="touched", kept=0)
    assert [m.id for m in worst([ONE, left, PRINT, lost, touched], 3)] == ["lost", "touched", "p-00"]


def test_the_sentence_says_what_is_known():
    assert "not found at all" in why(replace(ONE, coverage=0.0, found=0))
    assert "4.0 dB worse than Telea" in why(replace(ONE, ours_db=16.0))
    assert "1 of 1 lines can still be seen" in why(replace(ONE, read_again=1, residual=1))
    assert why(PRINT) == "1 of 4 boxes of the picture's own print were touched."
    assert "needs-review" in why(replace(ONE, outcome="needs-review", reason="residual text 0.4"))


def test_the_page_is_one_file_with_its_text_escaped(tmp_path):
    case = written()
    shown = edited(case, case.truth)
    write_page(
        [replace(ONE, reason="<script>", outcome="failed")],
        lambda _: case,
        lambda _: shown.data,
        tmp_path / "p.html",
    )
    text = (tmp_path / "p.html").read_text()
    assert text.count('<img src="data:image/') == 4
    assert "<script>" not in text
    assert "http://" not in text.replace("http-equiv", "")


def test_a_patch_of_likely_text_becomes_one_grown_box():
    chance = np.zeros((64, 160), np.float32)
    chance[20:40, 30:130] = 0.9
    chance[50:60, 10:30] = 0.4
    (found,) = boxes(chance)
    grow = 99 * 19 * 1.5 / (2 * (99 + 19))
    assert found.min(axis=0) == pytest.approx([30 - grow, 20 - grow], abs=0.6)
    assert found.max(axis=0) == pytest.approx([129 + grow, 39 + grow], abs=0.6)


@pytest.mark.skipif(weights() is None, reason="PENTIMENTO_DATA does not hold the PP-OCRv3 detector")
def test_the_other_detector_sees_the_overlay_and_nothing_on_the_clean_picture():
    case = written(size=32, outline=2)
    (outline,) = detect(case.edited)
    assert np.abs(outline.mean(axis=0) - case.lines[0].polygon.mean(axis=0)).max() < 6
    assert detect(case.truth) == ()


@pytest.mark.skipif(weights() is None, reason="PENTIMENTO_DATA does not hold the PP-OCRv3 detector")
def test_a_word_left_over_counts_as_residue_though_the_rest_is_gone():
    case = written("SALE NOW", size=32, outline=2)
    half = np.where(np.arange(240)[None, :, None] < 120, case.edited, case.truth)
    good, bad = (
        measured(case, edited(case, pixels), edited(case, case.truth)) for pixels in (case.truth, half)
    )
    assert (good.seen, good.residual, bad.residual) == (1, 0, 1)
