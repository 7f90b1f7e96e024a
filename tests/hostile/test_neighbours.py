"""Hostile pictures and rows among good ones: the good ones come out byte for byte as without them, and nobody else is called."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from flows.bench.hostile.auditing import called, called_beyond
from flows.bench.hostile.catalogue import GOOD_PICTURES, Watched, refused_wrongly, run, write
from infra.stack.swift import SwiftServer
from infra.store.s3 import S3Backend
from tests.servers import swift_environment, swift_server

__all__ = ["swift_environment", "swift_server"]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
HOSTILE = 440


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Watched, Watched]:
    folders = [tmp_path_factory.mktemp(name) for name in ("alone", "among")]
    made = [
        run(folder, write(folder, n), tracked=True) for folder, n in zip(folders, (0, HOSTILE), strict=True)
    ]
    return made[0], made[1]


@pytest.fixture
def prefect_address(prefect_server: None) -> str:
    from prefect.settings import PREFECT_API_URL

    return str(PREFECT_API_URL.value())


def test_neighbours_of_hostile_pictures_are_byte_identical(runs: tuple[Watched, Watched]) -> None:
    alone, among = runs
    assert sorted(alone.outputs) == [f"good-{n}.png" for n in range(GOOD_PICTURES)]
    assert among.outputs == alone.outputs
    outcomes = [{i.id: i.outcome for i in one.result.items if i.id.startswith("good-")} for one in runs]
    assert outcomes[0] == outcomes[1]


def test_every_hostile_row_is_rejected_with_reason_and_cure(runs: tuple[Watched, Watched]) -> None:
    items = runs[1].result.items
    assert len(items) == HOSTILE + GOOD_PICTURES
    assert sum(item.id.startswith("bent-") and item.stage == "triage" for item in items) >= 20
    assert refused_wrongly(runs[1].result) == []


def test_nothing_is_written_beside_the_run_and_nobody_called_unasked(runs: tuple[Watched, Watched]) -> None:
    for one in runs:
        assert one.outside == []
        assert one.foreign == []
        assert one.result.mlflow_run_id
        assert any(event[0] == "socket.connect" for event in one.noted), "the audit sees calls"


def test_a_run_calls_the_servers_of_its_settings_and_no_other(
    tmp_path: Path, swift_environment: SwiftServer, prefect_address: str
) -> None:
    S3Backend("audited", "", swift_environment.endpoint_url).create_bucket()
    done = run(
        tmp_path, write(tmp_path, 0), tracked=True, PREFECT_API_URL=prefect_address, PENTIMENTO_STORE="s3://audited/store",
        PENTIMENTO_S3_ENDPOINT_URL=swift_environment.endpoint_url,
    )  # fmt: skip
    ends = [_end(swift_environment.endpoint_url), _end(prefect_address)]
    assert len(done.outputs) == GOOD_PICTURES
    assert called_beyond(done.noted, *ends) == []
    for end in ends:
        assert called_beyond(done.noted, *(other for other in ends if other != end)), f"{end} was called"


def test_the_audit_tells_whoever_is_called() -> None:
    noted = [
        ["socket.getaddrinfo", "/", "b'away.example'"],
        ["socket.connect", "/", "('10.0.0.1', 80)"],
        ["socket.connect", "/", "('127.0.0.1', 81)"],
    ]
    assert called(noted) == ["('10.0.0.1', 80)", "b'away.example'"]
    assert called_beyond(noted, ("127.0.0.1", 80)) == [
        "('10.0.0.1', 80)",
        "('127.0.0.1', 81)",
        "b'away.example'",
    ]


def _end(address: str) -> tuple[str, int]:
    parts = urlsplit(address)
    return str(parts.hostname), int(parts.port or 0)
