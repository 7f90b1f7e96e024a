"""What only a folder can get wrong: links, half-written files, processes that are killed."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.store.contract import Forbidden, NotFound, Unavailable
from infra.store.local import LocalBackend

UNHURRIED = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
KILLED_WRITER = """
import sys
from pathlib import Path
from infra.store.local import LocalBackend
backend = LocalBackend(Path(sys.argv[1]))
print("ready", flush=True)
while True:
    for n in range(4):
        backend.put(f"k/{n}", bytes([n]) * 3_000_000)
"""


@pytest.fixture
def folder(tmp_path: Path) -> LocalBackend:
    return LocalBackend(tmp_path / "store")


def test_nothing_is_made_before_the_first_write(folder: LocalBackend) -> None:
    assert list(folder.keys("")) == []
    assert not folder.exists("a")
    assert not folder.root.exists()


def test_links_out_of_the_root_are_forbidden(folder: LocalBackend, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    folder.put("a", b"1")
    (folder.root / "folder").symlink_to(outside)
    (folder.root / "file").symlink_to(outside / "secret")
    (folder.root / "dangling").symlink_to(outside / "new")
    (folder.root / "up").symlink_to("..")
    for key in ("folder/secret", "folder/new", "file", "dangling", "up/outside/secret", "folder"):
        for use in (folder.get, folder.exists, folder.delete, folder.url, lambda k: folder.put(k, b"x")):
            with pytest.raises(Forbidden):
                use(key)
    assert list(folder.keys("")) == ["a"]
    with pytest.raises(Forbidden):
        list(folder.keys("folder/"))
    assert [path.name for path in outside.iterdir()] == ["secret"]
    assert (outside / "secret").read_text() == "secret"


def test_a_root_that_is_itself_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    folder = LocalBackend(tmp_path / "link")
    folder.put("a/b", b"1")
    assert folder.get("a/b") == b"1"


@UNHURRIED
@given(key=st.text(alphabet=st.sampled_from("ab./\\~:\x00\n*%2e·"), max_size=12) | st.text(max_size=30))
def test_no_key_leads_out_of_the_root(key: str) -> None:
    folder = LocalBackend(Path("/nowhere/store"))
    try:
        url = folder.url(key)
    except Forbidden:
        return
    assert os.path.normpath(url) == url
    assert url.startswith("/nowhere/store/")


def test_a_failed_write_leaves_the_old_value_and_no_trace(
    folder: LocalBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.put("a/b", b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match="No space left"):
        folder.put("a/b", b"new")
    assert folder.get("a/b") == b"old"
    assert os.listdir(folder.root / "a") == ["b"]


def test_data_is_flushed_before_it_is_visible(folder: LocalBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (steps.append(f"flush {os.fstat(fd).st_size}"), fsync(fd)))
    monkeypatch.setattr(os, "replace", lambda *names: (steps.append("rename"), replace(*names)))
    folder.put("a", b"12345")
    assert steps == ["flush 5", "rename"]


def test_a_killed_writer_leaves_whole_values_only(tmp_path: Path) -> None:
    for round_ in range(5):
        root = tmp_path / str(round_)
        command = [sys.executable, "-c", KILLED_WRITER, str(root)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(0.02 + 0.013 * round_)
            writer.kill()
        folder = LocalBackend(root)
        for key in folder.keys(""):
            assert folder.get(key) == bytes([int(key[-1])]) * 3_000_000
            assert key.startswith("k/")


def test_temporary_files_are_not_keys(folder: LocalBackend) -> None:
    folder.put("a/b", b"1")
    (folder.root / "a" / ".tmp-0123").write_bytes(b"half")
    (folder.root / "a" / "back\\slash").write_bytes(b"not ours")
    (folder.root / os.fsdecode(b"\xff")).write_bytes(b"not ours")
    assert list(folder.keys("")) == ["a/b"]


def test_three_thousand_keys_are_listed_in_order(tmp_path: Path) -> None:
    root = tmp_path / "store"
    keys = sorted(f"{n * 7919 % 3001:04}/{'-' if n % 3 else '!'}{n}" for n in range(3000))
    for key in keys:
        (root / key).parent.mkdir(parents=True, exist_ok=True)
        (root / key).touch()
    assert list(LocalBackend(root).keys("")) == keys


def test_a_key_cannot_begin_another(folder: LocalBackend) -> None:
    folder.put("a/b", b"1")
    for key in ("a", "a/b/c"):
        with pytest.raises(Forbidden):
            folder.put(key, b"2")
        with pytest.raises(NotFound):
            folder.get(key)
    assert list(folder.keys("")) == ["a/b"]
    assert not [name for name in os.listdir(folder.root) if name.startswith(".")]


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_folder_that_may_not_be_written(
    folder: LocalBackend, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    folder.put("a/b", b"1")

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "replace", refuse)  # file modes do not stop root, who may run the tests
    with pytest.raises(Forbidden, match=os.strerror(number)):
        folder.put("a/b", b"2")
    assert folder.get("a/b") == b"1"
    assert os.listdir(folder.root / "a") == ["b"]
