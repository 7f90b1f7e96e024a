"""On S3, too, a picture that kills its worker ends as failed, and its neighbours are finished."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from infra.stack.swift import SwiftServer
from infra.store.at_work import FOLDER
from infra.store.store import open_store
from tasks.workshop import WorkshopSpec
from tests.faults import shard_process
from tests.faults.test_quarantine import IDS, begun, fill, job, results
from tests.servers import swift_environment, swift_server

__all__ = ["swift_environment", "swift_server"]
Ended = Callable[..., int]


def through(spec: WorkshopSpec, environment: dict[str, str]) -> None:
    os.environ.update(environment)
    shard_process.through(spec, 0)


def test_the_picture_that_kills_is_found_out(
    tmp_path: Path, swift_environment: SwiftServer, ended: Ended
) -> None:
    fill(tmp_path)
    url, endpoint = "s3://pentimento-quarantine/store", swift_environment.endpoint_url
    open_store(url, endpoint, create=True)
    spec = WorkshopSpec(
        store=url, s3_endpoint_url=endpoint, cards=str(tmp_path / "cards"), run="catalog-0-0", tries=2
    )
    begun(spec, *(job(tmp_path, name) for name in IDS))
    secrets = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    deaths: list[int] = []
    while (end := ended(through, spec, secrets)) != 0:
        deaths.append(end)
        assert len(deaths) < 5, "it is never found out"
    # The first death names the shard, which is why there may be one more than of a folder.
    assert deaths == [-signal.SIGKILL] * 2
    found = results(spec)
    assert [found[name].outcome for name in IDS] == ["done", "failed", "done"]
    assert found["poison"].reason == "killed its worker 2 times"
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["after.png", "before.png"]
    assert not any(FOLDER in name for name in open_store(url, endpoint).run_names(spec.run))
