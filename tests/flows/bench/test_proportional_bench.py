"""Work follows the edit: what a region costs does not grow with its picture, and the picture is never copied."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from flows.bench import proportional


def test_a_region_stores_as_much_in_a_large_picture_as_in_a_small_one(tmp_path: Path) -> None:
    proportional.write_pictures(tmp_path, (2000, 1500))
    rows = proportional._turn(tmp_path, 0)
    small, large = sorted(rows, key=lambda r: str(r["picture"]), reverse=True)
    assert (small["picture"], large["picture"]) == ("small", "large")
    assert large["bytes"] == pytest.approx(small["bytes"], rel=0.05)
    assert small["bytes"] > 50_000


@pytest.mark.slow
def test_48_megapixels_take_no_more_memory_and_time_than_promised(tmp_path: Path) -> None:
    """The promise is 2.5 times the decoded bytes; with a margin below it, so that a lost half copy is noticed."""
    proportional.write_pictures(tmp_path)
    assert proportional.peak(tmp_path, "large.png")["ratio"] < 2.2
    turns = [row for turn in range(5) for row in proportional._turn(tmp_path, turn)]
    small, large = (
        statistics.median(r["seconds"] for r in turns if r["picture"] == which)
        for which in ("small", "large")
    )
    assert (
        large < 1.5 * small
    )  # of medians on a machine that does other things too; `bench proportional` measures
