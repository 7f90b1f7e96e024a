"""The sample catalogue, written once for all tests of the demo, with every way to a network closed."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flows.demo.catalogue import Catalogue, write_catalogue


@contextmanager
def closed_network() -> Iterator[None]:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the demo's catalogue needs no network")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        yield


@pytest.fixture(autouse=True)
def no_network() -> Iterator[None]:
    with closed_network():
        yield


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    with closed_network():
        return write_catalogue(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="session")
def again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with closed_network():
        return write_catalogue(tmp_path_factory.mktemp("again")).folder
