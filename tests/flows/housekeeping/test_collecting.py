"""What gc takes away and what it leaves: on stores as runs leave them, with a stop after every single delete."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from flows.housekeeping.collecting import Garbage, find_garbage, take_away
from flows.housekeeping.keeping import Retention
from infra.settings import Settings
from infra.store.local import LocalBackend
from infra.store.store import Store
from tests.flows.housekeeping.conftest import OLD, Age, run_of

LAST_ONE = Retention(runs=1)


def found(store: Store, settings: Settings, retention: Retention | None = None) -> Garbage:
    return find_garbage(store, settings, retention, time.time())


def go(store: Store, settings: Settings, retention: Retention | None = None) -> int:
    return take_away(store, found(store, settings, retention), time.time())


def younger(store: Store, run: str, days: float = 30) -> None:
    then = time.time() - days * 86400
    for key in store.backend.keys(f"runs/{run}/"):
        os.utime(store.backend.url(key), (then, then))


def whole(store: Store) -> None:
    """Every record's artifacts are there."""
    for entry in store.backend.entries("stages/"):
        record = json.loads(store.backend.get(entry.key))["record"]
        for ref in record.get("artifacts", {}).values():
            assert store.has(ref["sha256"]), entry.key


def test_only_what_nothing_names_goes_and_only_when_it_is_old(
    store: Store, settings: Settings, age: Age
) -> None:
    run_of(store, "edit-a-0", b"one")
    lost = store.put(b"nobody names this", "image/png")
    assert found(store, settings).artifacts == ()
    age(OLD)
    young = store.put(b"about to be named", "image/png")
    garbage = found(store, settings)
    assert [e.key.rpartition("/")[2] for e in garbage.artifacts] == [lost.sha256]
    assert garbage.bytes == lost.size
    assert store.has(lost), "looking takes nothing away"
    assert go(store, settings) == lost.size
    assert not store.has(lost)
    assert store.has(young)
    assert found(store, settings).bytes == 0
    whole(store)


def test_old_runs_go_with_their_records_and_what_only_they_name(
    store: Store, settings: Settings, age: Age
) -> None:
    first, second = run_of(store, "edit-a-0", b"one"), run_of(store, "edit-b-0", b"two")
    age(OLD)
    younger(store, "edit-b-0")
    garbage = found(store, settings, LAST_ONE)
    assert garbage.runs == ("edit-a-0",)
    assert len(garbage.records) == 2
    assert {e.key.rpartition("/")[2] for e in garbage.artifacts} == {first["fill"], first["output"]}
    go(store, settings, LAST_ONE)
    assert store.run_ids() == ["edit-b-0"]
    assert all(store.has(digest) for digest in second.values())
    assert len(list(store.backend.keys("stages/run/"))) == 2, "no run's number is given twice"
    whole(store)


def test_a_stop_after_any_delete_leaves_every_record_whole_and_the_next_try_ends_it(
    store: Store, settings: Settings, age: Age, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        run_of(store, f"edit-{name}-0", name.encode())
    age(OLD)
    younger(store, "edit-c-0")
    copy = Path(settings.store_url).with_name("copy")
    shutil.copytree(settings.store_url, copy)
    real = LocalBackend.delete_older
    total = len(garbage_keys(found(store, settings, LAST_ONE)))
    assert total == 14
    for stop in range(total):
        done = 0

        def counted(backend: LocalBackend, key: str, than: float, stop: int = stop) -> bool:
            nonlocal done
            if done == stop:
                raise KeyboardInterrupt
            done += 1
            return real(backend, key, than)

        with monkeypatch.context() as patch:
            patch.setattr(LocalBackend, "delete_older", counted)
            with pytest.raises(KeyboardInterrupt):
                go(store, settings, LAST_ONE)
        whole(store)
        go(store, settings, LAST_ONE)
        whole(store)
        assert store.run_ids() == ["edit-c-0"]
        assert found(store, settings, LAST_ONE).bytes == 0
        shutil.rmtree(settings.store_url)
        shutil.copytree(copy, settings.store_url)


def garbage_keys(garbage: Garbage) -> list[str]:
    return [e.key for e in (*garbage.records, *garbage.documents, *garbage.artifacts)]


def test_what_is_named_or_put_between_mark_and_sweep_stays(
    store: Store, settings: Settings, age: Age
) -> None:
    named, put = store.put(b"named soon", "image/png"), store.put(b"put again", "image/png")
    age(OLD)
    garbage = found(store, settings)
    assert len(garbage.artifacts) == 2
    store.write_run("edit-x-0", "results/00000.json", json.dumps([named.sha256]).encode(), "application/json")
    store.put(b"put again", "image/png")
    assert take_away(store, garbage, time.time()) == 0
    assert store.has(named)
    assert store.has(put)


@pytest.mark.parametrize(
    ("name", "document"),
    [("review/00000001-x.json", {}), ("ballots/x.json", {}), ("comparison.json", {})],
)
def test_what_people_decided_on_stays(
    store: Store, settings: Settings, age: Age, name: str, document: object
) -> None:
    made = run_of(store, "edit-a-0", b"one")
    run_of(store, "edit-b-0", b"two")
    store.write_run("edit-a-0", name, json.dumps(document).encode(), "application/json")
    age(OLD)
    younger(store, "edit-b-0")
    assert found(store, settings, LAST_ONE).runs == ()
    go(store, settings, LAST_ONE)
    assert all(store.has(digest) for digest in made.values())


def test_what_a_run_that_stays_names_stays(store: Store, settings: Settings, age: Age) -> None:
    run_of(store, "edit-a-0", b"one")
    run_of(store, "rerun-b-0", b"two")
    link = {"parent": "edit-a-0", "origin": "edit-a-0", "picture": "a"}
    store.write_run("rerun-b-0", "note.json", json.dumps(link).encode(), "application/json")
    age(OLD)
    younger(store, "rerun-b-0")
    garbage = found(store, settings, LAST_ONE)
    assert garbage.runs == ()
    assert garbage.stay["edit-a-0"] == "rerun-b-0 names it"


def test_what_a_pointer_names_stays_wherever_the_pointer_is(
    store: Store, settings: Settings, age: Age, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    made = run_of(store, "edit-a-0", b"one", str(out))
    earlier = store.put(b"of an earlier run, visible still", "image/png")
    pictures = [{"sha256": made["output"]}, {"sha256": earlier.sha256}]
    manifest = store.put(json.dumps({"pictures": pictures}).encode(), "application/json")
    pointer = {"run": "edit-a-0", "manifest": manifest.sha256, "previous": None}
    (out / "published.json").write_text(json.dumps(pointer))
    run_of(store, "edit-b-0", b"two")
    age(OLD)
    younger(store, "edit-b-0")
    garbage = found(store, settings, LAST_ONE)
    assert (garbage.runs, garbage.artifacts) == ((), ())
    (out / "published.json").unlink()
    garbage = found(store, settings, LAST_ONE)
    assert garbage.runs == ("edit-a-0",)
    assert len(garbage.artifacts) == 4
    out.rmdir()
    garbage = found(store, settings, LAST_ONE)
    assert garbage.runs == (), "a disk that is not mounted may hold a pointer"


def test_a_run_under_way_holds_back_records_and_runs(store: Store, settings: Settings, age: Age) -> None:
    run_of(store, "edit-a-0", b"one")
    run_of(store, "edit-b-0", b"two")
    lost = store.put(b"nobody names this", "image/png")
    age(OLD)
    store.write_run("edit-c-0", "shards/00000.json", b"[]", "application/json")
    garbage = found(store, settings, Retention())
    assert garbage.waits_for == ("edit-c-0",)
    assert (garbage.records, garbage.documents) == ((), ())
    assert [e.size for e in garbage.artifacts] == [lost.size]


def test_half_written_files_go_when_they_are_old(store: Store, settings: Settings, age: Age) -> None:
    run_of(store, "edit-a-0", b"one")
    half = Path(settings.store_url) / "runs" / (".tmp-" + "0" * 24)
    half.write_bytes(b"123")
    assert found(store, settings).temporary == ()
    os.utime(half, (1.0, 1.0))
    assert go(store, settings) == 3
    assert not half.exists()
