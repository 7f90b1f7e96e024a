"""A small server for one voting page, on this machine alone: it shows the page, takes ballots, and has no other address."""

from __future__ import annotations

import hmac
import json
import logging
import secrets
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from flows.comparing.votes import MOST_BYTES, BadBallot
from infra.store.contract import StoreError

log = logging.getLogger("pentimento")
HOST = "127.0.0.1"
SECONDS = 15
"""Longest silence of a caller."""
Take = Callable[[bytes], str]
"""Keeps a ballot and says what became of it. Raises BadBallot, or the store's errors."""


class VoteServer:
    """Listens on 127.0.0.1 as soon as it is made; `serve` answers until `stop`.

    Who does not know the token in the address gets 404 for everything. A browser that was led here by another site is
    refused by its `Host` and `Origin`. No file is ever read for a request."""

    def __init__(self, take: Take, port: int = 0) -> None:
        self.token = secrets.token_urlsafe(24)
        self.page = ""
        """What is shown; set before `serve`."""
        self._server = _Listener((HOST, port), _Handler)
        self._server.owner = self
        self.take = take

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The page's address."""
        return f"http://{HOST}:{self.port}/{self.token}/"

    @property
    def post_to(self) -> str:
        """Where the page sends ballots, relative to itself."""
        return f"/{self.token}/ballot"

    def serve(self) -> None:
        """Answer until stopped."""
        self._server.serve_forever(poll_interval=0.1)

    def stop(self) -> None:
        """Stop answering, and let the port go."""
        self._server.shutdown()
        self._server.server_close()

    def close(self) -> None:
        """Let the port go, where `serve` has ended or never begun."""
        self._server.server_close()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    owner: VoteServer


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    server_version = "pentimento"
    sys_version = ""
    timeout = SECONDS

    def do_GET(self) -> None:
        if not self._welcome("/"):
            return
        self._reply(200, "text/html; charset=utf-8", self.server.owner.page.encode())

    def do_POST(self) -> None:
        if not self._welcome("/ballot"):
            return
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdecimal():
            self._say(411, "a ballot says how long it is")
        elif len(length) > 9 or int(length) > MOST_BYTES:
            self.close_connection = True
            self._say(413, f"a ballot has {MOST_BYTES} bytes at most")
        elif self.headers.get_content_type() != "application/json":
            self._say(415, "a ballot is JSON")
        else:
            self._take(self.rfile.read(int(length)))

    def _take(self, data: bytes) -> None:
        try:
            self._say(200, self.server.owner.take(data))
        except BadBallot as error:
            self._say(400, f"Refused: {error}")
        except StoreError as error:
            log.warning("a ballot could not be kept: %s", error)
            self._say(503, "The ballot could not be kept; try again in a while.")

    def _welcome(self, path: str) -> bool:
        owner = self.server.owner
        own = (f"{HOST}:{owner.port}", f"localhost:{owner.port}")
        origin = self.headers.get("Origin")
        if self.headers.get("Host", "") not in own or (origin and origin.removeprefix("http://") not in own):
            self._say(403, "this server answers its own page alone")
            return False
        if not hmac.compare_digest(self.path.encode(), f"/{owner.token}{path}".encode()):
            self._say(404, "there is nothing here")
            return False
        return True

    def _say(self, status: int, text: str) -> None:
        self._reply(status, "application/json", json.dumps({"said": text}).encode())

    def _reply(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Silent: an address in a log would hold the token."""
