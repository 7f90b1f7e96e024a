"""Artifacts, records and runs, on a folder and on a real S3 server."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from infra.store.contract import ArtifactRef, Backend, Damaged, Forbidden, NotFound
from infra.store.store import Store

DATA = b"a patch" * 500
DIGEST = hashlib.sha256(DATA).hexdigest()
PLACE = f"cas/sha256/{DIGEST[:2]}/{DIGEST[2:4]}/{DIGEST}"
RECORD: dict[str, Any] = {
    "outputs": [{"sha256": DIGEST, "size": 3500}],
    "seconds": 0.125,
    "note": "Größe",
    "none": None,
}


def test_an_artifact_is_found_by_its_content(store: Store) -> None:
    ref = store.put(DATA, "image/png")
    assert ref == ArtifactRef(DIGEST, len(DATA), "image/png")
    assert store.has(ref)
    assert store.has(DIGEST)
    assert store.get(ref) == store.get(DIGEST) == DATA
    assert list(store.backend.keys("")) == [PLACE]
    assert store.url(ref).endswith(PLACE)


def test_a_second_put_writes_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put(DATA, "image/png")
    monkeypatch.setattr(store.backend, "put", lambda *_: pytest.fail("written twice"))
    store.put(DATA, "image/png")
    store.put(DATA, "image/png", verify=True)


def test_a_missing_artifact(store: Store) -> None:
    assert not store.has(DIGEST)
    with pytest.raises(NotFound):
        store.get(DIGEST)
    store.discard(DIGEST)


def test_damage_is_noticed_and_healed(store: Store) -> None:
    ref = store.put(DATA, "image/png")
    for damage in (b"", DATA[:-1], DATA[:-1] + b"!", b"<html>404</html>"):
        store.backend.put(PLACE, damage)
        with pytest.raises(Damaged, match=DIGEST):
            store.get(ref)
        assert store.put(DATA, "image/png", verify=True) == ref
        assert store.get(ref) == DATA


def test_a_discarded_artifact_is_written_again(store: Store) -> None:
    ref = store.put(DATA, "image/png")
    store.backend.put(PLACE, b"damaged")
    store.discard(ref)
    assert not store.has(ref)
    store.put(DATA, "image/png")
    assert store.get(ref) == DATA


def test_verify_writes_what_is_missing(store: Store) -> None:
    assert store.get(store.put(DATA, "image/png", verify=True)) == DATA


NO_DIGESTS = ["", "../../etc/passwd", DIGEST.upper(), DIGEST[:-1], f"{DIGEST}/..", f"{DIGEST}\n"]


def test_only_a_digest_is_an_address(store: Store) -> None:
    for digest in NO_DIGESTS:
        for use in (store.get, store.has, store.discard, store.url):
            for ref in (digest, ArtifactRef(digest, 1, "image/png")):
                with pytest.raises(Forbidden):
                    use(ref)


def test_a_record_comes_back(store: Store) -> None:
    assert store.read_record("detection", DIGEST) is None
    store.write_record("detection", DIGEST, RECORD)
    assert store.read_record("detection", DIGEST) == RECORD
    assert store.read_record("blending", DIGEST) is None
    store.write_record("detection", DIGEST, {})
    assert store.read_record("detection", DIGEST) == {}
    assert list(store.backend.keys("")) == [f"stages/detection/{DIGEST}.json"]


def test_equal_records_are_equal_bytes(store: Store) -> None:
    place = f"stages/export/{DIGEST}.json"
    store.write_record("export", DIGEST, RECORD)
    first = store.backend.get(place)
    store.write_record("export", DIGEST, dict(reversed(RECORD.items())))
    assert store.backend.get(place) == first


def test_a_cut_record_is_noticed(backend: Backend) -> None:
    store = Store(backend)
    store.write_record("export", DIGEST, RECORD)
    place = f"stages/export/{DIGEST}.json"
    whole = backend.get(place)
    for end in range(0, len(whole), 3 if backend.url("a").startswith("/") else 37):
        backend.put(place, whole[:end])
        assert store.read_record("export", DIGEST) is None, f"cut at {end}"
    backend.put(place, whole)
    assert store.read_record("export", DIGEST) == RECORD


FOREIGN = [
    b"null", b"[]", b"7", b'"text"', b"{}", b'{"record": {}}', b'{"record": {}, "sha256": "00"}', b"\xff\xfe",
    b'{"record": {"a": NaN}, "sha256": "00"}', b'{"record": [], "sha256": 1}', b"[" * 100_000, b"<html></html>",
    b'{"record": ' + b"9" * 5000 + b', "sha256": ""}', b'{"record": {"a": "\\ud800"}, "sha256": ""}',
]  # fmt: skip


def test_foreign_json_is_no_record(store: Store) -> None:
    for content in FOREIGN:
        store.backend.put("stages/export/k.json", content)
        assert store.read_record("export", "k") is None, content[:40]


def test_an_altered_or_moved_record_is_no_record(store: Store) -> None:
    store.write_record("export", "k", RECORD)
    whole = store.backend.get("stages/export/k.json")
    store.backend.put("stages/export/k.json", whole.replace(b"3500", b"3501"))
    store.backend.put("stages/export/other.json", whole)
    store.backend.put("stages/triage/k.json", whole)
    assert store.read_record("export", "k") is None
    assert store.read_record("export", "other") is None
    assert store.read_record("triage", "k") is None


def test_what_is_not_json_is_no_record(store: Store) -> None:
    for record in ({"a": float("nan")}, {"a": {1: 2}}, {"a": b"bytes"}, {"a": {1, 2}}):
        with pytest.raises((TypeError, ValueError)):
            store.write_record("export", "k", record)
    assert store.read_record("export", "k") is None
    assert list(store.backend.keys("")) == []


def test_records_stay_in_their_folder(store: Store) -> None:
    for stage, key in (("", "k"), ("..", "k"), ("a/b", "k"), ("a", "../k"), ("a", "b/k"), ("a", "\n")):
        with pytest.raises(Forbidden):
            store.write_record(stage, key, {})
        with pytest.raises(Forbidden):
            store.read_record(stage, key)


def test_runs(store: Store) -> None:
    assert store.run_ids() == []
    store.write_run("r2", "manifest/0001.jsonl", b"{}\n", "application/jsonl")
    url = store.write_run("r1", "outcomes.json", json.dumps([1]).encode(), "application/json")
    store.write_run("r1", "plan.json", b"1", "application/json")
    store.write_run("r1", "plan.json", b"2", "application/json")
    assert url.endswith("runs/r1/outcomes.json")
    assert store.run_ids() == ["r1", "r2"]
    assert store.run_names("r1") == ["outcomes.json", "plan.json"]
    assert store.run_names("r2") == ["manifest/0001.jsonl"]
    assert store.run_names("r") == []
    assert store.read_run("r1", "plan.json") == b"2"
    with pytest.raises(NotFound):
        store.read_run("r1", "none")
    for run_id, name in (("..", "a"), ("a/b", "c"), ("a", "../../x"), ("a", ""), ("", "a")):
        with pytest.raises(Forbidden):
            store.write_run(run_id, name, b"", "text/plain")


def test_racing_writers_of_one_artifact_and_record(store: Store) -> None:
    def work(n: int) -> bytes:
        ref = store.put(DATA, "image/png", verify=bool(n % 2))
        store.write_record("export", "k", RECORD)
        assert store.read_record("export", "k") == RECORD
        return store.get(ref)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(work, range(16))) == {DATA}
    assert list(store.backend.keys("")) == [PLACE, "stages/export/k.json"]
