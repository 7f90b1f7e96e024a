"""The log keeps everything, whoever writes at the same moment, and notices what was taken out or altered."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.store.contract import Backend
from infra.store.local import LocalBackend
from infra.store.store import Store
from tasks.errors import ArtifactDamaged, BadRequest
from tasks.review.events import Decision, Target, Verdicts
from tasks.review.log import append, read_earlier, read_log

RUN = "catalog-abc-1"
SHA = {"a": "a" * 64, "b": "b" * 64}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(LocalBackend(tmp_path))


def said(by: str, *targets: str, decision: Decision = "approve", why: str = "") -> Verdicts:
    parsed = [Target(t.partition(":")[0], int(t.partition(":")[2] or 0)) for t in targets]
    return Verdicts(dict.fromkeys(parsed, decision), by, "2026-01-01T00:00:00.000+00:00", why)


def test_each_event_is_an_object_of_its_own_and_none_is_touched_again(store: Store, tmp_path: Path) -> None:
    append(store, RUN, said("ann", "a"), SHA)
    first = {
        p: (p.read_bytes(), p.stat().st_mtime_ns) for p in (tmp_path / "runs" / RUN / "review").iterdir()
    }
    append(store, RUN, said("bo", "a", decision="reject", why="a ghost is left"), SHA)
    log = read_log(store, RUN)
    assert [(e.by, e.decision, e.why, e.candidate) for e in log] == [
        ("ann", "approve", "", SHA["a"]), ("bo", "reject", "a ghost is left", SHA["a"]),
    ]  # fmt: skip
    assert log[0].previous == ()
    assert log[1].previous == (log[0].digest,)
    assert log[0].seq < log[1].seq
    for path, (data, when) in first.items():
        assert (path.read_bytes(), path.stat().st_mtime_ns) == (data, when)


class Blind:
    """A backend whose listing is older than what is there: two writers that do not see each other."""

    def __init__(self, inner: Backend) -> None:
        self.inner = inner

    def keys(self, prefix: str) -> Iterator[str]:
        return iter(())

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)


def test_two_writers_that_do_not_see_each_other_both_survive_and_the_next_one_follows_both(
    store: Store,
) -> None:
    (mine,) = append(store, RUN, said("ann", "a"), SHA)
    (theirs,) = append(Store(Blind(store.backend)), RUN, said("bo", "a", decision="reject"), SHA)  # type: ignore[arg-type]
    assert mine.seq == theirs.seq
    assert [e.by for e in read_log(store, RUN)] == ["ann", "bo"], "of two at once the rejection counts"
    (last,) = append(store, RUN, said("cy", "b"), SHA)
    assert set(last.previous) == {mine.digest, theirs.digest}
    assert last.seq > mine.seq


def test_the_stricter_of_two_at_once_counts_whoever_is_written_first(store: Store) -> None:
    append(store, RUN, said("bo", "a", decision="reject"), SHA)
    append(Store(Blind(store.backend)), RUN, said("ann", "a"), SHA)  # type: ignore[arg-type]
    assert [e.decision for e in read_log(store, RUN)] == ["approve", "reject"]


def test_many_writers_at_once_lose_nothing(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(lambda n: append(store, RUN, said(f"w{n}", "a", "b:2"), SHA), range(24)):
            pass
    log = read_log(store, RUN)
    assert len(log) == 48
    assert {e.by for e in log} == {f"w{n}" for n in range(24)}
    assert read_log(store, RUN) == log


@pytest.mark.parametrize("harm", ["remove", "alter", "rename"])
def test_a_missing_or_altered_event_is_noticed(store: Store, tmp_path: Path, harm: str) -> None:
    append(store, RUN, said("ann", "a", decision="reject"), SHA)
    append(store, RUN, said("bo", "b"), SHA)
    first = min((tmp_path / "runs" / RUN / "review").iterdir())
    if harm == "remove":
        first.unlink()
    elif harm == "alter":
        first.write_bytes(first.read_bytes().replace(b'"reject"', b'"approve"'))
    else:
        first.rename(first.with_name(first.name.replace("00000001", "00000007")))
    with pytest.raises(ArtifactDamaged, match=RUN):
        read_log(store, RUN)


@pytest.mark.parametrize(
    ("by", "why"), [("  ", ""), ("ann\x1b[2J", ""), ("ann", "a\nb"), ("ann", "x" * 2001)]
)
def test_nobody_and_what_a_terminal_would_obey_are_refused(store: Store, by: str, why: str) -> None:
    with pytest.raises(BadRequest):
        append(store, RUN, said(by, "a", why=why), SHA)
    assert read_log(store, RUN) == ()


def test_earlier_numbers_of_the_same_run_are_read_and_no_others(store: Store) -> None:
    for run in ("catalog-abc-0", "catalog-abc-2", "catalog-abd-0", "catalog-abc-10", "catalog-abc-9"):
        append(store, run, said(run, "a"), SHA)
    found = read_earlier(store, "catalog-abc-10")
    assert [(run, e.by) for run, e in found] == [
        (run, run) for run in ("catalog-abc-0", "catalog-abc-2", "catalog-abc-9")
    ]
