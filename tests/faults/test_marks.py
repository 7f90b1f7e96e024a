"""A mark says what a killed process was at, on a folder and on S3, and costs a healthy run next to nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.stack.swift import SwiftServer
from infra.store.at_work import FOLDER, mark_of
from infra.store.store import Store, open_store
from tests.servers import swift_environment, swift_server

__all__ = ["swift_environment", "swift_server"]
RUN = "catalog-0-0"
Ended = Callable[..., int]


def die_at(url: str, endpoint: str, environment: dict[str, str], *pictures: str) -> None:
    os.environ.update(environment)
    store = open_store(url, endpoint, create=True)
    with mark_of(store, RUN, "00000", "triage") as mark:
        for picture in pictures:
            mark.at(picture)
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def bucket(swift_environment: SwiftServer) -> Store:
    return open_store("s3://pentimento-marks/store", swift_environment.endpoint_url, create=True)


def test_in_a_folder_the_first_death_names_the_picture(tmp_path: Path, ended: Ended) -> None:
    assert ended(die_at, str(tmp_path), "", {}, "a", "b") == -signal.SIGKILL
    store = open_store(str(tmp_path))
    with mark_of(store, RUN, "00000", "detection") as mark:
        assert mark.left
        assert (mark.left.stage, mark.left.work) == ("triage", "b")
        token = mark.left.token
    assert ended(die_at, str(tmp_path), "", {}, "a", "b") == -signal.SIGKILL
    with mark_of(store, RUN, "00000", "detection") as mark:
        assert mark.left
        assert mark.left.token != token, "another death"
    with mark_of(store, RUN, "00000", "detection") as mark:
        assert mark.left is None, "taken up already"


def test_in_s3_the_first_death_names_the_shard_and_the_next_the_picture(
    bucket: Store, swift_environment: SwiftServer, ended: Ended
) -> None:
    secrets = {name: os.environ[name] for name in os.environ if name.startswith("AWS_")}
    given = ("s3://pentimento-marks/store", swift_environment.endpoint_url, secrets)
    for work in ("", "b"):
        assert ended(die_at, *given, "a", "b") == -signal.SIGKILL
        store = open_store(given[0], given[1])
        found = store.read_run(RUN, f"{FOLDER}/00000").decode().rstrip("\n ").split("\n")
        assert found[1:] == ["triage", work][: 1 + bool(work)]
    with mark_of(bucket, RUN, "00000", "triage") as mark:
        assert mark.left
        assert mark.left.work == "b"
    assert bucket.run_names(RUN) == []


def test_in_s3_a_step_over_any_number_of_pictures_is_two_writes(
    bucket: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    for name in ("put", "delete"):
        inner = getattr(bucket.backend, name)
        monkeypatch.setattr(
            bucket.backend,
            name,
            lambda *given, inner=inner, name=name: (calls.append(name), inner(*given))[1],
        )
    with mark_of(bucket, RUN, "00000", "triage") as mark:
        for n in range(64):
            mark.at(f"p{n}")
        mark.at("")
    assert calls == ["put", "delete"]
