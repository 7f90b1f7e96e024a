"""Size and age of what is stored, a careful delete, and writes that never ended: the same in a folder and on a real S3 server."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import cast

import pytest

from infra.store.contract import Backend, Entry, Forbidden, Inventory
from infra.store.local import LocalBackend
from infra.store.s3 import S3Backend
from infra.store.store import REWRITE_S, Store

HALF = ".tmp-" + "0123456789ab" * 2


@pytest.fixture
def inventory(backend: Backend) -> Inventory:
    return cast(Inventory, backend)


def test_entries_are_the_keys_with_size_and_age(inventory: Inventory) -> None:
    begun = time.time()
    inventory.put("a/one", b"12345")
    inventory.put("a/two", b"")
    inventory.put("b", b"x")
    found = list(inventory.entries("a/"))
    assert [(e.key, e.size) for e in found] == [("a/one", 5), ("a/two", 0)]
    assert all(begun - 2 <= e.modified <= time.time() + 2 for e in found)
    assert [e.key for e in inventory.entries("")] == list(inventory.keys(""))


def test_one_entry_is_the_listed_one_or_none(inventory: Inventory) -> None:
    inventory.put("a/one", b"12345")
    found = inventory.entry("a/one")
    assert found is not None
    assert found.size == 5
    assert abs(found.modified - next(inventory.entries("a/one")).modified) < 1.5
    assert inventory.entry("a/two") is None
    assert inventory.entry("a") is None


def test_only_what_is_older_is_deleted(inventory: Inventory) -> None:
    inventory.put("a/one", b"12345")
    assert not inventory.delete_older("a/one", time.time() - 60)
    assert inventory.get("a/one") == b"12345"
    assert inventory.delete_older("a/one", time.time() + 60)
    assert not inventory.exists("a/one")
    assert not inventory.delete_older("a/one", time.time() + 60)
    assert [e.key for e in inventory.unfinished()] == []


def test_what_is_written_again_while_it_is_put_aside_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = LocalBackend(tmp_path)
    backend.put("a/one", b"1")
    path = tmp_path / "a" / "one"
    os.utime(path, (1.0, 1.0))
    rename = os.rename

    def written_first(old: Path, new: Path) -> None:
        backend.put("a/one", b"1")
        rename(old, new)

    monkeypatch.setattr(os, "rename", written_first)
    assert not backend.delete_older("a/one", time.time() - 60)
    assert backend.get("a/one") == b"1"
    assert list(backend.unfinished()) == []


def test_temporary_files_are_listed_and_dropped_and_nothing_else(tmp_path: Path) -> None:
    backend = LocalBackend(tmp_path)
    backend.put("a/b/one", b"1")
    (tmp_path / "a" / "b" / HALF).write_bytes(b"123")
    (tmp_path / HALF).write_bytes(b"1")
    (tmp_path / ".tmp-mine").write_bytes(b"not of the store")
    found = list(backend.unfinished())
    assert [(e.key, e.size) for e in found] == [(HALF, 1), (f"a/b/{HALF}", 3)]
    for entry in (*found, found[0]):
        backend.drop_unfinished(entry)
    assert list(backend.unfinished()) == []
    assert (tmp_path / ".tmp-mine").exists()
    assert backend.get("a/b/one") == b"1"
    for key in ("a/b/one", f"../{HALF}"):
        with pytest.raises(Forbidden):
            backend.drop_unfinished(Entry(key, 0, 0.0))


def test_uploads_that_never_ended_are_listed_and_given_up(s3: Backend) -> None:
    backend = cast(S3Backend, s3)
    client = backend._client()
    client.create_multipart_upload(Bucket=backend.bucket, Key=backend._full("big"))
    (found,) = backend.unfinished()
    assert found.key.startswith("big\n")
    assert abs(found.modified - time.time()) < 60
    backend.drop_unfinished(found)
    backend.drop_unfinished(found)
    assert list(backend.unfinished()) == []


def test_bytes_that_are_put_again_are_young_again(tmp_path: Path) -> None:
    """An old artifact that nothing names may be taken away at any moment: whoever is about to name it makes it young."""
    store = Store(LocalBackend(tmp_path))
    ref = store.put(b"pixels", "image/png")
    path = Path(store.url(ref))
    young = time.time() - REWRITE_S / 2
    os.utime(path, (young, young))
    store.put(b"pixels", "image/png")
    assert path.stat().st_mtime == pytest.approx(young)
    os.utime(path, (1.0, 1.0))
    store.put(b"pixels", "image/png")
    assert time.time() - path.stat().st_mtime < 60
