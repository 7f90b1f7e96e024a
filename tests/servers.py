"""Real servers for tests, as fixtures: `from tests.servers import swift_environment, swift_server` in a conftest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.stack.swift import SwiftServer

OTHER_CREDENTIALS = (
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
)


@dataclass
class _Shared:
    """One server for all conftests that import the fixture: each import is a fixture of its own to pytest."""

    server: SwiftServer | None = None
    users: int = 0

    def join(self, folder: Path) -> SwiftServer:
        if self.server is None:
            self.server = SwiftServer(folder).start()
        self.users += 1
        return self.server

    def leave(self) -> None:
        self.users -= 1
        if self.users == 0 and self.server is not None:
            self.server.stop()
            self.server = None


_SHARED = _Shared()


@pytest.fixture(scope="session")
def swift_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwiftServer]:
    """A running S3 server: `.endpoint_url`, `.access_key`, `.secret_key`."""
    server = _SHARED.join(tmp_path_factory.getbasetemp() / "swift")
    yield server
    _SHARED.leave()


@pytest.fixture
def swift_environment(swift_server: SwiftServer, monkeypatch: pytest.MonkeyPatch) -> SwiftServer:
    """The same server, with its credentials in the environment where boto3 looks, and nobody else's."""
    for name in OTHER_CREDENTIALS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", swift_server.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", swift_server.secret_key)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return swift_server
