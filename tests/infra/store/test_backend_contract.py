"""What every backend promises, on a folder and on a real S3 server."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest

from infra.store.contract import Backend, Forbidden, NotFound

HOSTILE = [
    "", "/", "/etc/passwd", "//a", "a//b", "a/", ".", "..", "../a", "a/../b", "a/..", "./a", "a/./b",
    "..\\a", "a\\..\\b", "C:\\a", "a\x00b", "a\nb", "a\x1b[2Jb", "a\x7f", "a\u2028b", "a\ud800",
    "a/.tmp-1", ".tmp-1/a", "a/" + "b" * 256, "/".join(["é" * 100] * 5),
]  # fmt: skip


def forbidden(call: Callable[[str], object], key: str) -> bool:
    try:
        call(key)
    except Forbidden:
        return True
    except NotFound:
        return False
    return False


def test_bytes_come_back_and_are_replaced(backend: Backend) -> None:
    data = bytes(range(256)) * 3
    backend.put("a/b.bin", data, "image/png")
    assert backend.get("a/b.bin") == data
    backend.put("a/b.bin", b"shorter")
    assert backend.get("a/b.bin") == b"shorter"
    backend.put("a/b.bin", b"")
    assert backend.get("a/b.bin") == b""


def test_missing_key(backend: Backend) -> None:
    backend.put("a/b", b"1")
    assert not backend.exists("a/none")
    assert backend.exists("a/b")
    for absent in ("a/none", "none", "a", "a/b/c"):
        assert not backend.exists(absent)
        with pytest.raises(NotFound):
            backend.get(absent)
        backend.delete(absent)
    backend.delete("a/b")
    assert not backend.exists("a/b")
    backend.delete("a/b")


def test_hostile_keys_are_forbidden_everywhere(backend: Backend) -> None:
    calls = (backend.get, backend.exists, backend.delete, backend.url, lambda key: backend.put(key, b"x"))
    allowed = [(key, n) for key in HOSTILE for n, call in enumerate(calls) if not forbidden(call, key)]
    assert allowed == []
    prefixes = [key for key in HOSTILE if not forbidden(lambda prefix: list(backend.keys(prefix)), key)]
    assert prefixes == ["", "a/"]
    assert list(backend.keys("")) == []


def test_unusual_but_honest_keys(backend: Backend) -> None:
    keys = sorted(["été/Größe 7.png", "a b+c%2F?&=#.txt", "写真/猫.jpg", "..a/b..", "%2e%2e/x", "😀"])
    for key in keys:
        backend.put(key, key.encode())
    assert list(backend.keys("")) == keys
    assert [backend.get(key).decode() for key in keys] == keys


def test_listing_is_sorted_by_bytes_and_filtered_by_prefix(backend: Backend) -> None:
    keys = ["a!", "a-b/x", "a/b", "a/c/d", "a/c.d", "a0", "aa/1", "b", "é", "z/z/z"]
    for key in reversed(keys):
        backend.put(key, b"")
    assert list(backend.keys("")) == sorted(keys, key=str.encode)
    assert list(backend.keys("a/")) == ["a/b", "a/c.d", "a/c/d"]
    assert list(backend.keys("a/c")) == ["a/c.d", "a/c/d"]
    assert list(backend.keys("a")) == [key for key in sorted(keys, key=str.encode) if key.startswith("a")]
    assert list(backend.keys("b/")) == list(backend.keys("none/")) == []


def test_twenty_megabytes(backend: Backend) -> None:
    data = np.random.default_rng(5).bytes(20 * 2**20 + 17)
    backend.put("big", data, "image/tiff")
    assert hashlib.sha256(backend.get("big")).digest() == hashlib.sha256(data).digest()
    assert list(backend.keys("")) == ["big"]
    backend.delete("big")
    assert not backend.exists("big")


def test_racing_writers_and_readers_see_whole_values_only(backend: Backend) -> None:
    values = {bytes([n]) * (50_000 + n) for n in range(8)}
    backend.put("raced", next(iter(values)))
    with ThreadPoolExecutor(12) as pool:
        writes = [pool.submit(backend.put, "raced", value) for value in [*values, *values]]
        reads = [pool.submit(backend.get, "raced") for _ in range(24)]
    assert [write.result() for write in writes] == [None] * 16
    assert all(read.result() in values for read in reads)
    assert backend.get("raced") in values
    assert list(backend.keys("")) == ["raced"]


def test_a_pickled_backend_works_where_it_arrives(backend: Backend) -> None:
    backend.put("a", b"1")
    assert pickle.loads(pickle.dumps(backend)).get("a") == b"1"


def test_url_names_the_place_without_secrets(backend: Backend) -> None:
    url = backend.url("a/b")
    assert url.endswith("/a/b")
    assert url.startswith(("/", "s3://pentimento-tests/"))
    assert "testing" not in url


def test_listing_order_holds_while_keys_come_and_go(backend: Backend) -> None:
    for n in range(20):
        backend.put(f"n/{n:02}", b"")
    seen = []
    for key in backend.keys("n/"):
        seen.append(key)
        backend.delete(key)
    assert all(one < two for one, two in pairwise(seen))
    assert list(backend.keys("n/")) == []
