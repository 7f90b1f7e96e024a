"""The local S3 server starts, keeps its data, says why it cannot start, and never outlives its parent."""

from __future__ import annotations

import errno
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from infra.stack import swift
from infra.stack.swift import SwiftError, SwiftServer
from infra.store.store import open_store

HOLDER = """
import sys, time
from pathlib import Path
from infra.stack.swift import SwiftServer
server = SwiftServer(Path(sys.argv[1])).start()
print(server.endpoint_url, flush=True)
time.sleep(600)
"""


def processes_of(folder: Path) -> list[int]:
    """The processes whose command line names the folder: keeper and four servers."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            if any(word == str(folder) or word.startswith(f"{folder}/") for word in command):
                found.append(int(entry.name))
    return found


def gone(folder: Path, seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while processes_of(folder) and time.monotonic() < end:
        time.sleep(0.05)
    return not processes_of(folder)


def listening_hosts(ports: Iterable[int]) -> set[str]:
    """The addresses on which this machine listens at any of the ports."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    sockets = [row[1].split(":") for row in rows if row[3] == "0A"]
    return {socket.inet_ntoa(bytes.fromhex(host)[::-1]) for host, port in sockets if int(port, 16) in ports}


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", SwiftServer.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SwiftServer.secret_key)


@pytest.mark.usefixtures("credentials")
def test_data_survives_a_restart_and_only_this_machine_is_served(tmp_path: Path) -> None:
    with SwiftServer(tmp_path) as server:
        assert server.start() is server
        assert server.running
        assert len(processes_of(tmp_path)) == 5
        assert {path.name for path in (tmp_path / "logs").iterdir()} == {
            "account.log", "container.log", "keeper.log", "object.log", "proxy.log",
        }  # fmt: skip
        assert listening_hosts(server._ports.values()) == {"127.0.0.1"}
        ref = open_store("s3://kept", server.endpoint_url, create=True).put(b"1" * 9_000_000, "image/png")
    assert not server.running
    assert gone(tmp_path, 0)
    server.stop()
    server.start()
    assert server.endpoint_url.startswith("http://127.0.0.1:")
    assert len(open_store("s3://kept", server.endpoint_url).get(ref)) == 9_000_000
    server.stop()
    assert gone(tmp_path, 0)


@pytest.mark.parametrize("victim", ["parent", "keeper"])
def test_a_killed_parent_takes_the_servers_with_it(tmp_path: Path, victim: str) -> None:
    folder = tmp_path / "swift"
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().startswith(b"http://127.0.0.1:")
        family = processes_of(folder)
        assert len(family) == 6
        if victim == "keeper":
            keepers = [
                pid for pid in family if b"-P" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            ]
            os.kill(keepers[0], signal.SIGKILL)
            end = time.monotonic() + 10
            while len(processes_of(folder)) > 1 and time.monotonic() < end:
                time.sleep(0.05)
            assert processes_of(folder) == [holder.pid]
        holder.kill()
    assert gone(folder)


def test_a_server_that_cannot_start_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swift, "STORAGE_CONF", swift.STORAGE_CONF.replace("#{kind}", "#no_such_app"))
    with pytest.raises(SwiftError, match=r"(?s)ended at its start.*-- .*log.*no_such_app"):
        SwiftServer(tmp_path).start()
    assert gone(tmp_path, 0)


def test_a_server_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swift, "_answers", lambda kind, _: kind != "proxy")
    with pytest.raises(SwiftError, match=r"did not answer within 0\.5 s: proxy"):
        SwiftServer(tmp_path, timeout=0.5).start()
    assert gone(tmp_path, 0)


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        with pytest.raises(SwiftError, match=f"port {port} is taken"):
            SwiftServer(tmp_path, port=port).start()


def test_a_missing_package_is_named_with_its_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(SwiftError, match="pip install"):
        SwiftServer(tmp_path).start()
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_without_attributes_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(os, "setxattr", refuse)
    with pytest.raises(SwiftError, match="ext4"):
        SwiftServer(tmp_path).start()


def test_before_a_start_there_is_no_address(tmp_path: Path) -> None:
    with pytest.raises(SwiftError, match="not been started"):
        _ = SwiftServer(tmp_path).endpoint_url
    with pytest.raises(SwiftError, match="folder"):
        SwiftServer().start()
