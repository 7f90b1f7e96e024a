"""Writes of a block: artifacts before records, nothing named that did not arrive, on a folder and on a real S3 server."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from infra.store import local, together
from infra.store.contract import NotFound, Unavailable
from infra.store.local import LocalBackend
from infra.store.s3_soon import WAITING, PooledWrites
from infra.store.store import Store
from infra.store.together import Writes

RECORD: dict[str, Any] = {"a": 1}


class Told(LocalBackend):
    """Says in which order things happen; fails where it is told to."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.said: list[str] = []
        self.fails = ""

    def soon(self) -> Writes:
        return ToldWrites(self)


class ToldWrites:
    def __init__(self, backend: Told) -> None:
        self._backend = backend

    def put(self, key: str, data: bytes, media_type: str) -> None:
        self._backend.said.append(key.split("/")[0])
        LocalBackend.put(self._backend, key, data, media_type)

    def settle(self) -> None:
        self._backend.said.append("settle")
        if self._backend.fails:
            raise Unavailable(self._backend.fails)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow server is no reason to write a record early."""
    monkeypatch.setattr(together, "HOLD_S", 3600.0)


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path / "told")


def test_a_record_waits_for_the_block_and_is_known_within_it(store: Store) -> None:
    with store.together():
        ref = store.put(b"pixels", "image/png")
        store.write_record("export", "k", RECORD)
        assert store.read_record("export", "k") == RECORD
        assert store.get(ref) == b"pixels"
        assert "stages/export/k.json" not in list(store.backend.keys(""))
    assert store.read_record("export", "k") == RECORD
    other = Store(store.backend)
    assert (other.read_record("export", "k"), other.get(ref)) == (RECORD, b"pixels")


def test_the_bytes_are_those_of_a_write_at_once(store: Store) -> None:
    record = {"b": 'Größe "quoted" ,"stage":', "a": [1, 1.0, None]}
    store.write_record("export", "k", record)
    at_once = store.backend.get("stages/export/k.json")
    with store.together():
        store.write_record("export", "k", record)
    assert store.backend.get("stages/export/k.json") == at_once
    assert store.read_record("export", "k") == record


def test_artifacts_settle_before_their_records_are_written(told: Told) -> None:
    store = Store(told)
    with store.together():
        for n in range(3):
            store.put(bytes([n]), "image/png")
            store.write_record("export", f"k{n}", RECORD)
    assert told.said == ["cas", "cas", "cas", "settle", "stages", "stages", "stages", "settle"]


def test_records_do_not_wait_longer_than_they_may(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "HOLD_S", 0.0)
    store = Store(told)
    with store.together():
        store.put(b"1", "image/png")
        store.write_record("export", "k", RECORD)
        assert told.said == ["cas", "settle", "stages"]


def test_nothing_is_recorded_once_something_did_not_arrive(told: Told) -> None:
    store = Store(told)

    def work() -> None:
        with store.together():
            store.put(b"1", "image/png")
            store.write_record("export", "k", RECORD)
            told.fails = "the disk is full"

    with pytest.raises(Unavailable, match="disk is full"):
        work()
    told.fails = ""
    assert list(told.keys("stages/")) == []


def test_a_fault_stays_one_in_the_block(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes on after a failed flush must not record what is lost."""
    monkeypatch.setattr(together, "HOLD_S", 0.0)
    store = Store(told)

    def work() -> None:
        with store.together():
            told.fails = "lost"
            for n in range(2):
                store.put(bytes([n]), "image/png")
                with pytest.raises(Unavailable):
                    store.write_record("export", f"k{n}", RECORD)
                told.fails = ""

    with pytest.raises(Unavailable):
        work()
    assert list(told.keys("stages/")) == []


def test_what_was_finished_before_an_error_is_kept(store: Store) -> None:
    def work() -> None:
        with store.together():
            store.put(b"1", "image/png")
            store.write_record("export", "k", RECORD)
            raise ValueError("the next picture")

    with pytest.raises(ValueError, match="the next picture"):
        work()
    assert store.read_record("export", "k") == RECORD


def test_a_process_that_is_stopped_writes_no_more_records(told: Told) -> None:
    store = Store(told)

    def work() -> None:
        with store.together():
            store.write_record("export", "k", RECORD)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert told.said == []


def test_a_block_is_its_threads_own(store: Store) -> None:
    def other() -> None:
        store.write_record("export", "theirs", RECORD)

    with store.together():
        store.write_record("export", "mine", RECORD)
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert list(store.backend.keys("stages/")) == ["stages/export/theirs.json"]
        with store.together():
            store.write_record("export", "inner", RECORD)
        assert store.read_record("export", "inner") == RECORD
        assert len(list(store.backend.keys("stages/"))) == 1, "an inner block ends with the outer"
    assert len(list(store.backend.keys("stages/"))) == 3


def test_a_folder_is_flushed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda fd: flushed.append("file"))
    monkeypatch.setattr(local, "flush_filesystem", lambda folder: flushed.append("all"))
    store = Store(LocalBackend(tmp_path))
    with store.together():
        for n in range(5):
            store.put(bytes([n]), "image/png")
        assert flushed == []
        assert len(list(store.backend.keys("cas/"))) == 5, "they are there for everybody at once"
        store.write_record("export", "k", RECORD)
    assert flushed == ["all", "all"], "before the record, and after it"


def test_a_flush_that_fails_is_a_fault_of_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(folder: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(local, "flush_filesystem", full)
    store = Store(LocalBackend(tmp_path))

    def work() -> None:
        with store.together():
            store.put(b"1", "image/png")
            store.write_record("export", "k", RECORD)

    with pytest.raises(Unavailable):
        work()
    assert store.read_record("export", "k") is None


def test_a_whole_filesystem_is_flushed(tmp_path: Path) -> None:
    from infra.store.filesystem import flush_filesystem

    (tmp_path / "a").write_bytes(b"1")
    flush_filesystem(str(tmp_path))
    with pytest.raises(FileNotFoundError):
        flush_filesystem(str(tmp_path / "missing"))


def test_beside_the_store_goes_with_the_block(store: Store, tmp_path: Path) -> None:
    beside = LocalBackend(tmp_path / "out")
    with store.together():
        store.put_beside(beside, "a.jpg", b"1", "image/jpeg")
    assert beside.get("a.jpg") == b"1"
    with pytest.raises(NotFound):
        store.backend.get("a.jpg")


def test_pooled_writes_wait_for_all_and_tell_the_first_fault() -> None:
    done: list[str] = []

    def put(key: str, data: bytes, media_type: str) -> None:
        if key == "3":
            raise Unavailable("no answer")
        done.append(key)

    writes = PooledWrites(put)
    for n in range(3 * WAITING):
        writes.put(str(n), b"", "image/png")
    with pytest.raises(Unavailable, match="no answer"):
        writes.settle()
    assert sorted(done, key=int) == [str(n) for n in range(3 * WAITING) if n != 3]
    writes.put("again", b"", "image/png")
    writes.settle()
    assert done[-1] == "again"
