"""The bench of hostile input finds nothing, and would find it if there were something."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.bench.hostile.breeding import Tally, breed
from flows.bench.hostile.keys import escapes
from flows.bench.hostile.mutants import mutant
from flows.bench.hostile.rows import hostile_rows
from flows.bench.hostile.seeds import seeds
from flows.bench.hostile.weights import opened
from flows.manifest import Defaults, read_manifest


def _clean(tally: Tally) -> bool:
    return tally.typed_share == 1 and tally.slowest_s < 5 and tally.peak_mb < 1024 and not tally.finds


def test_a_mutant_is_the_same_every_time() -> None:
    assert [mutant(n) for n in range(200)] == [mutant(n) for n in range(200)]
    assert sum(mutant(n).data != dict(seeds())[mutant(n).parent] for n in range(200)) > 180


def test_some_mutants_end_typed() -> None:
    tally = breed(599, 799)
    assert tally.mutants == 200
    assert tally.ends["decoded"]
    assert tally.ends["rejected"]
    assert _clean(tally), tally


@pytest.mark.slow
def test_twenty_thousand_mutants_end_typed() -> None:
    tally = breed(200_000, 220_000)
    assert tally.mutants == 20_000
    assert _clean(tally), tally


def test_no_key_leaves_the_store(tmp_path: Path) -> None:
    tried, found = escapes(tmp_path)
    assert tried >= 1000
    assert found == []


def test_every_hostile_row_is_told_and_none_stops_the_manifest(tmp_path: Path) -> None:
    import json

    rows = hostile_rows(10**6)
    assert len(rows) >= 1000
    place = tmp_path / "m.jsonl"
    place.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    read = read_manifest(str(place), Defaults(out=""))
    assert len(read.rows) == len(rows)
    assert all(row.problem or row.job for row in read.rows)
    for row in read.rows:
        f"{row.image}{row.problem}".encode()


def test_no_pickle_is_run_or_let_in(tmp_path: Path) -> None:
    tried, executed, let_in = opened(tmp_path)
    assert tried > 500
    assert (executed, let_in) == ([], [])
