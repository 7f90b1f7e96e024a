"""Both backends, the S3 one on a real server, behind one fixture."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from infra.store.contract import Backend
from infra.store.local import LocalBackend
from infra.store.store import Store
from tests.servers import swift_environment, swift_server

__all__ = ["swift_environment", "swift_server"]

BUCKET = "pentimento-tests"
_WITH_BUCKET: set[str] = set()


def bucket_backend(request: pytest.FixtureRequest) -> Backend:
    """A place of the test's own in the one bucket on the real server."""
    from infra.store.s3 import S3Backend

    server = request.getfixturevalue("swift_environment")
    name = re.sub(r"[^A-Za-z0-9]+", "-", request.node.name)[:80]
    backend = S3Backend(BUCKET, f"{request.node.path.stem}/{name}", server.endpoint_url)
    if server.endpoint_url not in _WITH_BUCKET:
        backend.create_bucket()
        _WITH_BUCKET.add(server.endpoint_url)
    return backend


@pytest.fixture(params=["folder", "s3"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    return LocalBackend(tmp_path / "store") if request.param == "folder" else bucket_backend(request)


@pytest.fixture
def store(backend: Backend) -> Store:
    return Store(backend)


@pytest.fixture
def s3(request: pytest.FixtureRequest) -> Backend:
    return bucket_backend(request)
