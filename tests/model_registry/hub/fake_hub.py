"""A hub on this machine: the few answers that the hub's client needs, from files in memory, able to fail as networks do."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

REVISION = "0123456789abcdef0123456789abcdef01234567"
REPOSITORY = "someone/tiny"


@dataclass
class FakeHub:
    """What the hub serves, what it was asked, and how it fails."""

    files: dict[str, bytes]
    url: str = ""
    asked: list[str] = field(default_factory=list)
    """`METHOD path` of every request."""
    ranges: list[str] = field(default_factory=list)
    """Range headers of the requests for contents."""
    cut: dict[str, list[int]] = field(default_factory=dict)
    """File to the bytes after which the connection is dropped, one for each time that it is asked for."""
    lying: dict[str, bytes] = field(default_factory=dict)
    """File to what is sent in place of its contents."""
    down: bool = False

    def contents_of(self, name: str) -> int:
        """How often a file's contents were asked for."""
        return sum(line == f"GET {name}" for line in self.asked)


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[FakeHub]:
    """A hub with one repository, on a free port of the loopback address."""
    hub = FakeHub(dict(files))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def is_large(name: str) -> bool:
    """Whether the hub keeps a file outside git, under its sha256."""
    return name.endswith((".safetensors", ".bin"))


def _entry(name: str, data: bytes) -> dict[str, Any]:
    git = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    entry: dict[str, Any] = {"type": "file", "path": name, "size": len(data), "oid": git}
    if is_large(name):
        entry["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
    return entry


def _handler(hub: FakeHub) -> type[BaseHTTPRequestHandler]:  # noqa: C901
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._file(head=True)

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path.startswith("/api/"):
                hub.asked.append(f"GET {path}")
                self._listing(path)
            else:
                self._file(head=False)

        def _listing(self, path: str) -> None:
            if hub.down or path != f"/api/models/{REPOSITORY}/tree/{REVISION}":
                self._answer(503 if hub.down else 404, b"{}", {})
                return
            entries = [_entry(name, data) for name, data in sorted(hub.files.items())]
            self._answer(200, json.dumps(entries).encode(), {"Content-Type": "application/json"})

        def _file(self, *, head: bool) -> None:
            name = self.path.partition("?")[0].removeprefix(f"/{REPOSITORY}/resolve/{REVISION}/")
            hub.asked.append(f"{'HEAD' if head else 'GET'} {name}")
            if hub.down or name not in hub.files:
                self._answer(503 if hub.down else 404, b"", {"X-Repo-Commit": REVISION})
                return
            entry = _entry(name, hub.files[name])
            etag = entry["lfs"]["oid"] if "lfs" in entry else entry["oid"]
            told = {"ETag": f'"{etag}"', "X-Repo-Commit": REVISION, "Accept-Ranges": "bytes"}
            if head:
                self._answer(200, b"", told, length=len(hub.files[name]))
                return
            self._contents(name, told)

        def _contents(self, name: str, told: dict[str, str]) -> None:
            data = hub.lying.get(name, hub.files[name])
            start, status = 0, 200
            if given := self.headers.get("Range"):
                hub.ranges.append(given)
                start, status = int(given.removeprefix("bytes=").split("-")[0]), 206
                told = told | {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}
            most = hub.cut[name].pop(0) if hub.cut.get(name) else len(data)
            self._answer(status, data[start:most], told, length=len(data) - start)
            if most < len(data):
                self.close_connection = True

        def _answer(
            self, status: int, body: bytes, headers: dict[str, str], length: int | None = None
        ) -> None:
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
