"""One case through the real pipeline and through the rival, and the clock on the same."""

from __future__ import annotations

import numpy as np
import pytest

from flows.bench.text.measured import measured
from flows.bench.text.ours import Bench, edit
from flows.bench.text.rival import plain_edit
from flows.bench.text.timing import turns
from tests.flows.bench.text.conftest import written


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return Bench(tmp_path_factory.mktemp("bench"))


def test_the_pipelines_holes_and_pixels_come_back(bench):
    case = written("BEST SELLER", size=26, outline=2)
    ours, plain = edit(bench, case), plain_edit(case)
    m = measured(case, ours, plain)
    assert m.found == 1
    assert ours.holes.any()
    assert (ours.zones & ours.holes).sum() == ours.holes.sum()
    assert m.outside == 0
    assert m.ours_db > m.input_db + 6
    assert m.baseline_db > m.input_db + 6
    assert not np.array_equal(ours.pixels, case.edited)


def test_the_clock_tells_rereading_apart(bench):
    (turn,) = turns(bench, [written("BEST SELLER", size=26, outline=2)], 1, lambda line: None)
    assert 0 < turn.reread < turn.whole
    assert turn.whole - turn.reread > 0.8 * turn.reader
    assert {"detection", "verification", "export"} <= set(turn.stages)
    assert turn.stages["detection"] > 0.8 * turn.reader
    assert sum(turn.stages.values()) <= turn.whole
