"""A real S3 server without root: OpenStack Swift with its s3api, four processes on 127.0.0.1 that die with their parent."""

from __future__ import annotations

import ctypes
import errno
import http.client
import importlib.util
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"
STORAGE = ("object", "container", "account")
SERVERS = (*STORAGE, "proxy")
CURE = "install the `swift` package beside pentimento: pip install 'pentimento[stack]', or: pip install 'swift>=2.38'"
# The hash suffix places every object: it must never change for a folder that holds data.
SWIFT_CONF = """[swift-hash]
swift_hash_path_suffix = pentimento
swift_hash_path_prefix = stack
[storage-policy:0]
name = default
default = yes
"""
COMMON = """[DEFAULT]
bind_ip = {host}
bind_port = {port}
bind_timeout = 5
workers = 0
swift_dir = {folder}/conf
devices = {folder}/devices
mount_check = false
disable_fallocate = true
log_level = WARNING
"""
STORAGE_CONF = """[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""
PROXY_CONF = """[pipeline:main]
pipeline = {filters} proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
"""
FILTERS = {
    "catch_errors": "",
    "gatekeeper": "",
    "listing_formats": "",
    "s3api": "location = us-east-1\ns3_acl = false\n",
    "tempauth": "user_test_tester = testing .admin\n",
    "bulk": "",
    "slo": "",
    "symlink": "",
    "versioned_writes": "allow_object_versioning = true\n",
    "copy": "",
}
"""The proxy's middleware, outermost first, with what each is told."""
# Run in a process of its own: importing Swift pulls in eventlet, which must not reach the caller.
RINGS = """
import json, sys
from swift.common.ring import RingBuilder
folder, ports = sys.argv[1], json.loads(sys.argv[2])
for kind, port in ports.items():
    builder = RingBuilder(6, 1, 1)
    builder.add_dev(dict(id=0, region=1, zone=1, weight=1.0, ip="127.0.0.1", port=port, device="d1", meta=""))
    builder.rebalance(seed="0")
    builder.get_ring().save(f"{folder}/conf/{kind}.ring.gz")
"""


class SwiftError(RuntimeError):
    """The server could not be started; the text says why, what to do, and ends with the log."""


class SwiftServer:
    """Swift with its S3 interface in one folder. Data stays there: a later start on the folder finds it again.

    `with SwiftServer(folder) as server: …` or `start(folder)` … `stop()`. Loopback only, one fixed account:
    for one machine's tests and trials, not for a network.
    """

    access_key = "test:tester"
    secret_key = "testing"  # noqa: S105 - public, for a server on the loopback

    def __init__(self, folder: Path | None = None, *, port: int = 0, timeout: float = 90.0) -> None:
        """`port` of the S3 interface, 0 = any free one; `timeout` in seconds for all four servers to answer."""
        self._folder = folder
        self._wanted = port
        self._timeout = timeout
        self._ports: dict[str, int] = {}
        self._keeper: subprocess.Popen[bytes] | None = None

    @property
    def endpoint_url(self) -> str:
        """`http://127.0.0.1:PORT`. Raises SwiftError before a start."""
        if not self._ports:
            raise SwiftError("the Swift server has not been started")
        return f"http://{HOST}:{self._ports['proxy']}"

    @property
    def running(self) -> bool:
        """Whether the four servers run."""
        return self._keeper is not None and self._keeper.poll() is None

    def start(self, folder: Path | None = None) -> Self:
        """Start and wait until every part answers. Does nothing when running. Raises SwiftError."""
        if self.running:
            return self
        self._folder = folder or self._folder
        if self._folder is None:
            raise SwiftError("say in which folder the Swift server keeps its data")
        root = self._folder.absolute()
        _require_package()
        _require_xattr(root)
        self._ports = _free_ports(self._wanted)
        _write_configuration(root, self._ports)
        self._keeper = _launch(root)
        try:
            self._wait(root)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop all four servers and wait for their end. Harmless when not running."""
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        assert keeper.stdin is not None
        keeper.stdin.close()
        try:
            keeper.wait(timeout=15)
        except subprocess.TimeoutExpired:
            keeper.kill()
            keeper.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _wait(self, root: Path) -> None:
        end = time.monotonic() + self._timeout
        waiting = dict(self._ports)
        while waiting:
            if not self.running:
                raise SwiftError(f"a Swift server ended at its start\n{_log_tails(root)}")
            if time.monotonic() > end:
                names = ", ".join(sorted(waiting))
                raise SwiftError(
                    f"Swift did not answer within {self._timeout:g} s: {names}\n{_log_tails(root)}"
                )
            waiting = {kind: port for kind, port in waiting.items() if not _answers(kind, port)}
            time.sleep(0.1 if waiting else 0)


def _require_package() -> None:
    if importlib.util.find_spec("swift") is None:
        raise SwiftError(f"the local S3 server needs OpenStack Swift, which is not installed. Cure: {CURE}")


def _require_xattr(root: Path) -> None:
    (root / "conf").mkdir(parents=True, exist_ok=True)
    (root / "logs").mkdir(exist_ok=True)
    (root / "devices" / "d1").mkdir(parents=True, exist_ok=True)
    probe = root / "devices" / "xattr-probe"
    probe.touch()
    try:
        os.setxattr(probe, "user.swift.probe", b"1")
    except (OSError, AttributeError) as error:
        raise SwiftError(
            f"{root} is on a file system without user extended attributes, which Swift needs ({error})."
            " Cure: choose a folder on ext4, xfs or btrfs"
        ) from error
    finally:
        probe.unlink()


def _free_ports(proxy: int) -> dict[str, int]:
    held = [socket.socket() for _ in SERVERS]
    try:
        for kind, each in zip(SERVERS, held, strict=True):
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            each.bind((HOST, proxy if kind == "proxy" else 0))
        return {kind: int(each.getsockname()[1]) for kind, each in zip(SERVERS, held, strict=True)}
    except OSError as error:
        taken = "is taken" if error.errno == errno.EADDRINUSE else "cannot be used"
        raise SwiftError(f"port {proxy} {taken}: {error.strerror}. Cure: choose another port") from error
    finally:
        for each in held:
            each.close()


def _write_configuration(root: Path, ports: Mapping[str, int]) -> None:
    (root / "conf" / "swift.conf").write_text(SWIFT_CONF)
    for kind in SERVERS:
        part = _proxy_conf() if kind == "proxy" else STORAGE_CONF.format(kind=kind)
        text = COMMON.format(host=HOST, port=ports[kind], folder=root) + part
        (root / "conf" / f"{kind}-server.conf").write_text(text)
    storage = json.dumps({kind: ports[kind] for kind in STORAGE})
    command = [sys.executable, "-c", RINGS, str(root), storage]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - fixed words
    if done.returncode:
        raise SwiftError(f"Swift's rings could not be built: {done.stderr[-2000:]}")


def _proxy_conf() -> str:
    parts = [f"[filter:{name}]\nuse = egg:swift#{name}\n{options}" for name, options in FILTERS.items()]
    return PROXY_CONF.format(filters=" ".join(FILTERS)) + "".join(parts)


def _launch(root: Path) -> subprocess.Popen[bytes]:
    """Start the keeper: this file as a script, in a session of its own so that Ctrl-C reaches only the caller."""
    for kind in SERVERS:
        (root / "logs" / f"{kind}.log").write_bytes(b"")
    with (root / "logs" / "keeper.log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603 - fixed words
            [sys.executable, "-P", __file__, str(root)],
            stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip


def _answers(kind: str, port: int) -> bool:
    """Any HTTP answer will do from a storage server; the proxy must describe itself."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/info")
        status = connection.getresponse().status
        return kind != "proxy" or status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _log_tails(root: Path, lines: int = 15) -> str:
    tails = []
    for log in sorted((root / "logs").glob("*.log")):
        tail = log.read_text(errors="replace").splitlines()[-lines:]
        if tail:
            tails.append("\n".join([f"-- {log}", *tail]))
    return "\n".join(tails) or f"-- nothing was logged in {root / 'logs'}"


def _keep(root: Path) -> int:
    """Run the four servers until stdin closes, which also happens when the caller is killed, or one of them ends."""
    servers = [_spawn(root, kind) for kind in SERVERS]
    asked = False
    while not asked and all(server.poll() is None for server in servers):
        asked = bool(select.select([sys.stdin], [], [], 0.2)[0])
    for server in servers:
        server.terminate()
    for server in servers:
        try:
            server.wait(timeout=5)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
    return 0 if asked else 1


def _spawn(root: Path, kind: str) -> subprocess.Popen[bytes]:
    name = f"swift-{kind}-server"
    script = shutil.which(name, path=sysconfig.get_path("scripts")) or name
    command = [script, str(root / "conf" / f"{kind}-server.conf"), "-v"]
    with (root / "logs" / f"{kind}.log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - fixed words; preexec_fn: the keeper has one thread
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            preexec_fn=_die_with_parent,
        )  # fmt: skip


def _die_with_parent() -> None:
    """In the child: be killed when the keeper ends (Linux's PR_SET_PDEATHSIG; elsewhere the keeper must do it)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(_keep(Path(sys.argv[1])))
