"""A way run in a process of its own, and the S3 server beside it with its CPU time apart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flows.bench.orchestration.leg import cpu_of_children
from flows.bench.orchestration.pictures import Work, write
from infra.stack.swift import SwiftError, SwiftServer

WARM = 8
"""Pictures done before the clock starts."""
PATIENCE = 3600


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds, by the wall and of CPU time; CPU time of the S3 server; and what of the CPU time went into what a run makes
    besides its pictures, by what that is (counted for shards on threads alone)."""

    wall: float
    cpu: float
    server: float
    products: Mapping[str, float] = field(default_factory=dict)

    @property
    def product(self) -> float:
        return sum(self.products.values())


@dataclass(frozen=True, slots=True)
class Course:
    """Pictures to be done by each way."""

    folder: Path
    work: Work
    pictures: int
    warm: Path
    manifest: Path


def course_of(folder: Path, work: Work, pictures: int) -> Course:
    """Written below `folder`."""
    warm = write(folder / "warm", work, WARM, first=90_000)
    return Course(folder, work, pictures, warm, write(folder / "in", work, pictures))


def run(course: Course, way: str, turn: int, settings: Mapping[str, str] | None = None) -> Taken:
    """One way over the pictures, with a home, a store and a folder of its own; what is to have one thread has one throughout."""
    home = course.folder / f"home-{way}-{turn}-{'s3' if settings else 'local'}"
    one = {"OMP_NUM_THREADS": "1", "PENTIMENTO_WORKERS": "1"} if way in ("loop1", "ours1", "fine") else {}
    command = [
        sys.executable, "-m", "flows.bench.orchestration.leg", way, course.work.engine, str(course.warm),
        str(course.manifest), str(home / "out"),
    ]  # fmt: skip
    environment = {**os.environ, "PENTIMENTO_HOME": str(home), **one, **_own_store(settings, turn)}
    home.mkdir(parents=True)
    before = cpu_of_children()
    done = subprocess.run(  # noqa: S603 - our own module
        command, check=False, capture_output=True, text=True, timeout=PATIENCE, env=environment
    )
    if done.returncode:
        raise RuntimeError(f"{way} failed: {done.stderr[-2000:]}")
    figures = json.loads(done.stdout.strip().splitlines()[-1])
    return Taken(figures["wall"], figures["cpu"], cpu_of_children() - before, figures["product"])


def _own_store(settings: Mapping[str, str] | None, turn: int) -> dict[str, str]:
    """A store that no run before has filled."""
    return (
        {} if settings is None else {**settings, "PENTIMENTO_STORE": f"{settings['PENTIMENTO_STORE']}-{turn}"}
    )


@contextmanager
def s3_server(folder: Path) -> Iterator[dict[str, str] | None]:
    """The settings that put the store on a real S3 server; None where that cannot be started."""
    server = SwiftServer(folder / "swift")
    try:
        server.start()
    except SwiftError:
        yield None
        return
    try:
        yield {
            "PENTIMENTO_STORE": "s3://pentimento-bench/store", "PENTIMENTO_S3_ENDPOINT_URL": server.endpoint_url,
            "AWS_ACCESS_KEY_ID": server.access_key, "AWS_SECRET_ACCESS_KEY": server.secret_key,
            "AWS_DEFAULT_REGION": "us-east-1",
        }  # fmt: skip
    finally:
        server.stop()
