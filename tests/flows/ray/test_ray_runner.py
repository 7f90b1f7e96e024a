"""Shards on a Ray cluster: the same bytes as on threads, on one node, and on two of which one is killed during the run."""

from __future__ import annotations

import builtins
import hashlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.bench.orchestration.pictures import Work, write
from flows.manifest import Defaults, read_manifest
from flows.ray_runner import on_ray, require_ray
from tasks import placing
from tasks.contracts import OUTCOMES
from tasks.errors import BadRequest, Transient
from tasks.job import JobSpec
from tasks.run_files import write_jobs
from tasks.workshop import WorkshopSpec, workshop

WORK = Work("small", 96, 64, "bicubic")


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")


@pytest.fixture
def jobs(tmp_path: Path) -> tuple[JobSpec, ...]:
    manifest = write(tmp_path / "in", WORK, 12)
    return read_manifest(str(manifest), Defaults("")).jobs


def shards_of(folder: Path, name: str, jobs: tuple[JobSpec, ...], size: int) -> tuple[WorkshopSpec, int]:
    """A store of its own with the jobs in it, and how many shards there are."""
    spec = WorkshopSpec(store=str(folder / f"store-{name}"), run=name)
    mine = [job.model_copy(update={"out": str(folder / f"out-{name}")}) for job in jobs]
    chunks = [mine[begin : begin + size] for begin in range(0, len(mine), size)]
    for number, chunk in enumerate(chunks):
        write_jobs(workshop(spec), name, number, chunk)
    return spec, len(chunks)


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


def exported(spec: WorkshopSpec, shards: int) -> dict[str, str]:
    """Every shard's last step, all at once; outcome by id."""
    outcomes: dict[str, str] = {}

    def one(number: int) -> None:
        outcomes.update(placing.shard_done("export", spec, number, last_try=True))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(shards)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def note_process(folder: str) -> int:
    """Runs on a worker: leaves its process id behind, once a call."""
    Path(folder, f"{os.getpid()}-{time.monotonic_ns()}").touch()
    return os.getpid()


def refuse() -> None:
    raise Transient("the store is away", picture="p1", cure="wait")


def test_one_node_makes_the_same_bytes_in_workers_that_stay(
    tmp_path: Path, jobs: tuple[JobSpec, ...]
) -> None:
    here, shards = shards_of(tmp_path, "here", jobs, 3)
    assert set(exported(here, shards).values()) <= set(OUTCOMES)
    there, shards = shards_of(tmp_path, "there", jobs, 3)
    with on_ray(1, address="") as slots:
        assert slots == placing.slots() == 1
        outcomes = exported(there, shards)
        pids = {placing._do(note_process, (str(tmp_path),)) for _ in range(3)}
        with pytest.raises(Transient, match=r"p1: the store is away\. Cure: wait"):
            placing._do(refuse, ())
    assert placing.slots() == 0
    assert set(outcomes) == {job.id for job in jobs}
    assert len(pids) == 1
    assert os.getpid() not in pids
    assert digests(tmp_path / "out-there") == digests(tmp_path / "out-here")
    assert len(digests(tmp_path / "out-there")) == len(jobs)


def test_without_ray_the_cure_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *given: Any, **more: Any) -> Any:
        if name == "ray":
            raise ImportError(name)
        return real(name, *given, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(BadRequest, match="--runner threads"):
        require_ray()


@pytest.fixture
def two_nodes() -> Iterator[tuple[Any, Any]]:
    """A cluster of two nodes of one CPU each, to which this process is connected; and the node that may be killed."""
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    mortal = cluster.add_node(num_cpus=1)
    ray.init(address=cluster.address, log_to_driver=False, configure_logging=False)
    yield cluster, mortal
    ray.shutdown()
    cluster.shutdown()


@pytest.mark.slow
def test_a_node_that_is_killed_during_the_run_changes_nothing(
    tmp_path: Path, jobs: tuple[JobSpec, ...], two_nodes: tuple[Any, Any]
) -> None:
    cluster, mortal = two_nodes
    here, shards = shards_of(tmp_path, "here", jobs, 1)
    exported(here, shards)
    there, shards = shards_of(tmp_path, "there", jobs, 1)
    out = tmp_path / "out-there"

    def kill() -> None:
        """Once the first picture lies there: by then both nodes are at work."""
        while not (out.is_dir() and any(out.iterdir())):
            time.sleep(0.01)
        cluster.remove_node(mortal, allow_graceful=False)
        left.append(len(jobs) - len(list(out.iterdir())))

    left: list[int] = []
    with on_ray(1) as slots:
        assert slots == 2
        killer = threading.Thread(target=kill)
        killer.start()
        outcomes = exported(there, shards)
        killer.join()
    assert left[0] > 0, "the node was killed when all was done"
    assert set(outcomes) == {job.id for job in jobs}
    assert digests(out) == digests(tmp_path / "out-here")
