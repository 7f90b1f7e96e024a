"""Figures, seams, faults and the page of bench `upscale`, against planted cases."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from flows.bench.page import Card
from flows.bench.upscale import curve, report, table
from flows.bench.upscale.against import Timed, figures
from flows.bench.upscale.faults import out_of_memory
from flows.bench.upscale.hardest import Hard, hardest, worst_places
from flows.bench.upscale.pictures import Pair, own, shrunk
from flows.bench.upscale.seams import seams
from flows.bench.upscale.speed import keys, seconds
from flows.bench.upscale.ways import Ladder, Way, Ways
from flows.cli.app import app
from flows.training.upscale_network.imresize import imresize
from tasks.enhancement.rungs import Routing, Rung, Target

CELL = 16


def pair(side: int = 256) -> Pair:
    return shrunk("coffee", own(4)[2].truth[:side, :side], 4)


def routing(rows: int, columns: int) -> Routing:
    choice = (np.indices((rows, columns)).sum(axis=0) % 2).astype(np.int8)
    return Routing(
        CELL, ("a@1", "b@1"), choice, np.zeros((rows, columns), np.float32), (1, 1), (0.0, 0.0), 0.5, 0.0
    )


def bicubic(small: np.ndarray) -> np.ndarray:
    return imresize(small, small.shape[0] * 4, small.shape[1] * 4)


def test_planted_seams_are_found_and_none_where_there_are_none() -> None:
    one = pair()
    clean = bicubic(one.small)
    none = seams(clean, one.small, one.truth, routing(4, 4), 4)
    assert none.borders > 10
    assert none.found == none.elsewhere == 0
    assert seams(one.truth, one.small, one.truth, routing(4, 4), 4).found == 0
    spoiled = clean.copy()
    spoiled[64:128, 64:128] = np.clip(clean[64:128, 64:128].astype(int) + 4, 0, 255)
    assert seams(spoiled, one.small, one.truth, routing(4, 4), 4).found == 4


def test_speedup_and_loss_of_known_times() -> None:
    found = [
        Timed(str(n), (1.0, 1.1, 0.9), (4.0, 4.4, 3.6), 30.0 - n, 30.1 - n, (2.0, 5.0)) for n in range(3)
    ]
    made = figures(found, "hard")
    assert made["hard_speedup"] == pytest.approx(4)
    assert made["hard_speedup_processor"] == pytest.approx(2.5)
    assert made["hard_loss_db"] == pytest.approx(0.1)
    low, high = made["hard_speedup_95"]
    assert low <= 4 <= high
    assert made["hard_pictures"] == made["hard_pictures_timed"] == 3
    more = figures([*found, Timed("once", (1.0,), (100.0,), 30.0, 30.5)], "hard")
    assert more["hard_speedup"] == pytest.approx(4)
    assert (more["hard_loss_db"], more["hard_pictures"], more["hard_pictures_timed"]) == (
        pytest.approx(0.2),
        4,
        3,
    )


def test_rows_and_keys() -> None:
    ways = [Way("bicubic", bicubic), Way("black", lambda small: bicubic(small) * 0)]
    rows = table.rows("set5", 4, ways, [pair(), pair(200)])
    assert [r["engine"] for r in rows] == ["bicubic", "black"]
    assert rows[0]["psnr_db"] > rows[1]["psnr_db"]
    assert rows[1]["colour_shift_worst"] > 20
    made = table.keys(rows, {"bicubic": "bicubic", "tiny": "sr-tiny"})
    assert made == {"bicubic_x4_set5_db": rows[0]["psnr_db"], "bicubic_x4_set5_ssim": rows[0]["ssim"]}


def test_speed_is_by_megapixel_and_every_way_takes_its_turns() -> None:
    order: list[str] = []

    def way(name: str) -> Way:
        return Way(name, lambda small: (order.append(name), bicubic(small))[1])

    rows = seconds([way("a"), way("b")], pair(), 4, 2)
    assert order == ["a", "b", "a", "b", "b", "a"]
    assert keys(rows) == {
        f"{kind}seconds_per_mp_x4": {r["engine"]: r[f"{kind}seconds_per_megapixel"] for r in rows}
        for kind in ("", "processor_")
    }
    assert all(0 < r["low_95"] <= r["seconds_per_megapixel"] <= r["high_95"] for r in rows)


def ladder(*rungs: Rung) -> Ladder:
    return Ladder(rungs, 4, Target())


def pixels(sharpen: float) -> Rung:
    def enlarge(small: np.ndarray) -> np.ndarray:
        return np.clip(np.repeat(np.repeat(small, 4, axis=0), 4, axis=1) * np.float32(1 + sharpen), 0, 1)

    return Rung(f"toy{sharpen}@1", enlarge, 0.1 + sharpen, reach=1)


def test_memory_that_runs_out_is_injected_at_every_call() -> None:
    made = out_of_memory(ladder(pixels(0.0), pixels(0.01)), pair(), 99)
    assert made["oom_places"] == made["oom_calls"] > 0
    assert made["oom_max_levels"] <= 1


def test_a_rung_that_gives_another_picture_in_pieces_is_found_out() -> None:
    def by_size(small: np.ndarray) -> np.ndarray:
        """A grid too fine to be seen in the picture scaled down again, stronger in larger pieces."""
        large = np.repeat(np.repeat(small, 4, axis=0), 4, axis=1)
        rows, columns = np.indices(large.shape[:2])
        strength = min(small.shape[0] * small.shape[1] / 50_000, 0.2)
        grid = np.where((rows + columns) % 2, strength, -strength)[..., None]
        return np.clip(large + grid, 0, 1).astype(np.float32)

    unsteady = replace(pixels(0.0), enlarge=by_size)
    assert out_of_memory(ladder(unsteady), pair(), 3)["oom_max_levels"] > 1


def test_the_worst_places_are_where_most_is_lost() -> None:
    one = pair()
    ours = one.truth.copy()
    ours[128:, :128] = 0
    places = worst_places(one, ours, one.truth, 2)
    assert (places[0].y, places[0].x) == (128, 0)
    assert places[0].lost > places[1].lost == 0
    many = [
        Hard(replace(one, name=name), 0, 0, lost) for name, lost in (("a", 9), ("a", 8), ("a", 7), ("b", 1))
    ]
    assert [(p.pair.name, p.lost) for p in hardest(many, 3)] == [("a", 9), ("a", 8), ("b", 1)]


def test_the_page_asks_the_network_for_nothing_and_shows_every_point(tmp_path: Path) -> None:
    points = [curve.Point("hard", 40.0, -0.02, 45.0, 0.02), curve.Point("hard", 60.0, -0.01, 66.0, 0.01)]
    memory = [{"megapixels": 4.0, "peak_mb": 300.0, "output_mb": 12.0, "over_output_mb": 80.0}]
    plots = [*report.cost_plots(points), *report.memory_plot(memory)]
    cards = [Card("<b>", ("said",), (("truth", "data:image/png;base64,"),))]
    report.write(tmp_path / "p.html", plots, [report.lines("T", [{"a": 1.0, "b": "x"}])], cards)
    text = (tmp_path / "p.html").read_text()
    assert "http" not in text.replace("http-equiv", "")
    assert "<b>" not in text
    shown = 2 * len(points) + len(curve.PUBLISHED) + 3 * len(memory)
    assert text.count("<title>") - 1 == shown
    assert curve.rows(points)[0]["work_percent"] == 40.0


def test_other_benches_refuse_the_folders() -> None:
    done = CliRunner().invoke(app, ["bench", "resume", "--hr", "x", "--scale", "2"])
    assert done.exit_code != 0
    assert "bench resume takes no --hr, --scale" in str(done.exception)


def test_a_folder_is_measured_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import cv2

    monkeypatch.delenv("PENTIMENTO_DATA", raising=False)
    monkeypatch.setattr(Ways, "kinds", lambda self, scale: ())  # the ladder has tests of its own
    cv2.imwrite(str(tmp_path / "a.png"), pair(96).truth)
    done = CliRunner().invoke(app, ["bench", "upscale", "--hr", str(tmp_path), "--scale", "2", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert {"bicubic", "lanczos"} <= {r["engine"] for r in told["rows"]}
    assert all(r["set"] == "folder" and r["scale"] == 2 for r in told["rows"])
    assert told["summary"]["lanczos_x2_folder_db"] > told["summary"]["bicubic_x2_folder_db"]
