"""Work is done once; what is missing or damaged is done again, and never trusted."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.store.store import Store, open_store
from tasks.memo import Memo, Produced, record_key

IDENTITY = {"version": "1", "inputs": {"source": "abc"}}


class Work:
    """Counts how often it is done."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> Produced:
        self.times += 1
        return Produced({"out": (b"bytes", "text/plain")}, {"n": 3})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path), create=True)


def test_the_second_time_nothing_is_computed(store: Store) -> None:
    work = Work()
    first = Memo(store, "run-1").do("fill", IDENTITY, work)
    second = Memo(store, "run-2").do("fill", IDENTITY, work)
    assert work.times == 1
    assert (first.cached, second.cached) == (False, True)
    assert second.load("out") == b"bytes"
    assert second.facts == {"n": 3}
    assert second.seconds == 0.0


def test_within_its_own_run_a_result_does_not_count_as_cached(store: Store) -> None:
    work, memo = Work(), Memo(store, "run-1")
    memo.do("fill", IDENTITY, work)
    again = memo.do("fill", IDENTITY, work)
    assert work.times == 1
    assert not again.cached


def test_another_identity_is_another_work(store: Store) -> None:
    work, memo = Work(), Memo(store, "run-1")
    memo.do("fill", IDENTITY, work)
    memo.do("fill", {**IDENTITY, "version": "2"}, work)
    memo.do("blend", IDENTITY, work)
    assert work.times == 3


def test_fresh_ignores_other_runs_but_not_its_own(store: Store) -> None:
    work = Work()
    Memo(store, "run-1").do("fill", IDENTITY, work)
    fresh = Memo(store, "run-2", fresh=True)
    fresh.do("fill", IDENTITY, work)
    fresh.do("fill", IDENTITY, work)
    assert work.times == 2


@pytest.mark.parametrize("damage", ["changed", "gone"])
def test_a_damaged_or_missing_artifact_is_recomputed(store: Store, damage: str) -> None:
    work, memo = Work(), Memo(store, "run-1")
    ref = memo.do("fill", IDENTITY, work).ref("out")
    path = Path(store.url(ref))
    if damage == "changed":
        path.chmod(0o644)
        path.write_bytes(b"byt3s")
    else:
        path.unlink()
    done = Memo(store, "run-2").do("fill", IDENTITY, work)
    assert done.load("out") == b"bytes"
    assert work.times == 2
    assert not done.cached
    assert store.get(ref) == b"bytes"


def test_a_torn_record_is_no_record(store: Store) -> None:
    work, memo = Work(), Memo(store, "run-1")
    memo.do("fill", IDENTITY, work)
    path = Path(store.backend.url(f"stages/fill/{record_key('fill', IDENTITY)}.json"))
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-20])
    memo.do("fill", IDENTITY, work)
    assert work.times == 2


def test_a_computation_that_fails_leaves_no_record(store: Store) -> None:
    def broken() -> Produced:
        raise RuntimeError("half way")

    memo = Memo(store, "run-1")
    with pytest.raises(RuntimeError):
        memo.do("fill", IDENTITY, broken)
    assert memo.find("fill", record_key("fill", IDENTITY)) is None
