"""What only a server can get wrong: credentials, addresses, silence, pages, parts."""

from __future__ import annotations

import base64
import hashlib
import http.server
import socket
import threading
import time
from collections.abc import Iterator
from typing import ClassVar

import pytest

from infra.stack.swift import SwiftServer
from infra.store.contract import Damaged, Forbidden, NotFound, StoreError, Unavailable
from infra.store.s3 import S3Backend
from infra.store.store import Store, open_store

SECRET = "a-secret-that-must-not-be-shown"
CALLS = ["get", "exists", "delete", "put", "keys"]


def call(backend: S3Backend, name: str) -> object:
    if name == "put":
        return backend.put("some/key", b"x")
    return list(backend.keys("some/key")) if name == "keys" else getattr(backend, name)("some/key")


@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_secret_is_forbidden(s3: S3Backend, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    wrong = S3Backend(s3.bucket, s3.prefix, s3.endpoint_url)
    with pytest.raises(Forbidden) as caught:
        call(wrong, name)
    assert "some/key" in str(caught.value)
    assert s3.endpoint_url in str(caught.value)
    assert SECRET not in str(caught.value)
    assert "test:tester" not in str(caught.value)


def test_an_unknown_user_and_no_credentials_are_forbidden(
    swift_environment: SwiftServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = S3Backend("pentimento-tests", "", swift_environment.endpoint_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody:here")
    with pytest.raises(Forbidden):
        backend.get("a")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(Forbidden, match="AWS_ACCESS_KEY_ID"):
        S3Backend("pentimento-tests", "", swift_environment.endpoint_url).get("a")


def closed_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@pytest.mark.parametrize("name", CALLS)
def test_no_server_is_unavailable_quickly(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "user")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    attempts = 4 if name == "get" else 2
    backend = S3Backend("bucket", "", f"http://127.0.0.1:{closed_port()}", attempts=attempts)
    start = time.monotonic()
    with pytest.raises(Unavailable, match="some/key") as caught:
        call(backend, name)
    assert time.monotonic() - start < 12
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("name", ["get", "put", "keys"])
def test_a_missing_bucket_is_forbidden_with_a_cure(s3: S3Backend, name: str) -> None:
    with pytest.raises(Forbidden, match="create=True"):
        call(S3Backend("no-such-bucket", "", s3.endpoint_url), name)


def test_open_store_creates_a_bucket_only_when_told(swift_environment: SwiftServer) -> None:
    url, endpoint = "s3://made-on-demand/in/here", swift_environment.endpoint_url
    with pytest.raises(Forbidden):
        open_store(url, endpoint).put(b"1", "text/plain")
    for _ in range(2):
        store = open_store(url, endpoint, create=True)
    ref = store.put(b"1", "text/plain")
    assert open_store(url, endpoint).get(ref) == b"1"
    assert store.url(ref).startswith("s3://made-on-demand/in/here/cas/sha256/")


def test_many_threads_create_one_bucket(swift_environment: SwiftServer) -> None:
    faults: list[StoreError] = []

    def create() -> None:
        try:
            S3Backend("raced-bucket", "", swift_environment.endpoint_url).create_bucket()
        except StoreError as error:
            faults.append(error)

    threads = [threading.Thread(target=create) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def test_a_listing_of_several_pages(s3: S3Backend) -> None:
    keys = [f"k/{n:02}" for n in range(23)]
    for key in keys:
        s3.put(key, b"")
    sizes: list[int] = []
    events = s3._client().meta.events
    events.register("provide-client-params.s3.ListObjectsV2", lambda params, **_: {**params, "MaxKeys": 7})
    events.register("after-call.s3.ListObjectsV2", lambda parsed, **_: sizes.append(len(parsed["Contents"])))
    assert list(s3.keys("k/")) == keys
    assert sizes == [7, 7, 7, 2]


def test_media_type_parts_and_neighbours_on_the_server(s3: S3Backend) -> None:
    client = s3._client()
    s3.put("small", b"1", "image/png")
    s3.put("large", bytes(9 * 2**20), "image/tiff")
    client.put_object(Bucket=s3.bucket, Key=f"{s3.prefix}/../escape", Body=b"")
    client.put_object(Bucket=s3.bucket, Key=f"{s3.prefix}-beside/x", Body=b"")
    small = client.head_object(Bucket=s3.bucket, Key=f"{s3.prefix}/small")
    large = client.head_object(Bucket=s3.bucket, Key=f"{s3.prefix}/large")
    assert (small["ContentType"], large["ContentType"]) == ("image/png", "image/tiff")
    assert "-2" in large["ETag"]
    assert "-" not in small["ETag"]
    assert list(s3.keys("")) == ["large", "small"]


def test_the_server_checks_the_sha256_of_what_arrives(s3: S3Backend) -> None:
    def other(params: dict[str, str], **_: object) -> dict[str, str]:
        assert params["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(b"sent").digest()).decode()
        return {**params, "ChecksumSHA256": base64.b64encode(hashlib.sha256(b"meant").digest()).decode()}

    backend = S3Backend(s3.bucket, s3.prefix, s3.endpoint_url, attempts=1)
    backend._client().meta.events.register("provide-client-params.s3.PutObject", other)
    with pytest.raises(Unavailable, match="BadDigest"):
        backend.put("changed", b"sent")
    assert not s3.exists("changed")


@pytest.mark.parametrize(
    ("bucket", "prefix", "endpoint"),
    [("", "", ""), ("UPPER", "", ""), ("a/b", "", ""), ("../x", "", ""), ("bucket", "../up", ""), ("bucket", "a//b", ""),
     ("bucket", "", "ftp://host"), ("bucket", "", "host:9000"), ("bucket", "", f"http://me:{SECRET}@host:9000")],
)  # fmt: skip
def test_addresses_that_cannot_be(bucket: str, prefix: str, endpoint: str) -> None:
    with pytest.raises(Forbidden) as caught:
        S3Backend(bucket, prefix, endpoint)
    assert SECRET not in str(caught.value)


class Sick(http.server.BaseHTTPRequestHandler):
    """Answers each request by the next of `script`: a status, or `cut` for half of an answer."""

    protocol_version = "HTTP/1.1"
    script: ClassVar[list[int | str]] = []

    def do_GET(self) -> None:
        step = self.script.pop(0) if self.script else 200
        status = step if isinstance(step, int) else 200
        code = "SlowDown" if status == 503 else "InternalError"
        body = b"whole" if status == 200 else f"<Error><Code>{code}</Code></Error>".encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) * (2 if step == "cut" else 1)))
        self.send_header("Connection", "close")
        if step == "checksum":
            self.send_header("x-amz-checksum-crc32", "AAAAAA==")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def sick(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Backend]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "user")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sick) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield S3Backend("bucket", "", f"http://127.0.0.1:{server.server_port}", attempts=2)
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_throttling_server_is_asked_again(
    sick: S3Backend, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(Sick, "script", [status])
    assert sick.get("a") == b"whole"
    monkeypatch.setattr(Sick, "script", [status] * 9)
    with pytest.raises(Unavailable, match=str(status)):
        sick.get("a")
    assert len(Sick.script) == 7


def test_half_an_answer_is_unavailable(sick: S3Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sick, "script", ["cut"])
    with pytest.raises(Unavailable):
        sick.get("a")
    assert sick.get("a") == b"whole"


def test_a_checksum_that_does_not_match_is_damage(sick: S3Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sick, "script", ["checksum"])
    with pytest.raises(Damaged):
        sick.get("a")


def test_a_record_is_not_missing_while_the_server_is_away(
    sick: S3Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Sick, "script", [503] * 9)
    with pytest.raises(Unavailable):
        Store(sick).read_record("export", "k")


def test_a_proxy_in_the_environment_does_not_hide_this_machine(
    s3: S3Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    with pytest.raises(NotFound):
        S3Backend(s3.bucket, s3.prefix, s3.endpoint_url, attempts=1).get("a")
