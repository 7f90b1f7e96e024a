"""Kill -9 in the middle, then the same command again: the same bytes, and nothing done twice."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from flows.catalog import run_catalog
from flows.demo.catalogue import Catalogue
from infra.store.keys import TEMPORARY
from infra.store.store import open_store
from tasks.results import RunResult
from tests.flows.end_to_end.conftest import part

IDS = (
    "text-studio", "text-two", "object-badge", "object-marker", "up2-portrait", "up3-retina", "clean-coffee", "bad-empty",
)  # fmt: skip
COMMAND = (sys.executable, "-c", "from flows.cli import main; main()", "catalog")
ROOT = Path(__file__).parents[3]
SHARD = 2
ACROSS_RUNS = ("run", "shown")
"""Records about runs: their keys hold the run's own folders, or they are written when it ends."""


@dataclass(frozen=True)
class Run:
    """One command line, in a home of its own."""

    manifest: Path
    home: Path
    out: Path
    environment: Mapping[str, str]

    @property
    def words(self) -> list[str]:
        return [*COMMAND, str(self.manifest), "--out", str(self.out), "--shard-size", str(SHARD), "--json"]

    @property
    def run_ids(self) -> list[str]:
        return open_store(str(self.home / "store")).run_ids()

    def again(self) -> tuple[int, RunResult]:
        """To the end: the exit code and the result."""
        ended = subprocess.run(
            self.words, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120
        )
        assert ended.stdout, ended.stderr
        return ended.returncode, RunResult.model_validate(json.loads(ended.stdout))

    def killed_after(self, finished: int) -> None:
        """Killed as soon as it says that so many pictures are finished."""
        with _started(self) as (process, stderr):
            said = []
            for line in stderr:
                said.append(line)
                if line.startswith(f"[{finished}/"):
                    os.kill(process.pid, signal.SIGKILL)
                    break
            assert process.wait(30) == -signal.SIGKILL, "".join(said)

    def records(self) -> dict[str, tuple[int, bytes]]:
        """Stage records by name: when they were written, and their bytes."""
        stages = self.home / "store" / "stages"
        found = (p for p in stages.rglob("*.json") if p.parent.name not in ACROSS_RUNS)
        return {f"{p.parent.name}/{p.name}": (p.stat().st_mtime_ns, p.read_bytes()) for p in found}

    def artifacts(self) -> dict[str, int]:
        """Stored bytes by digest: when they were written."""
        found = (p for p in (self.home / "store" / "cas").rglob("*") if p.is_file())
        return {p.name: p.stat().st_mtime_ns for p in found if not p.name.startswith(TEMPORARY)}

    def outputs(self) -> dict[str, str]:
        """Every file in the out folder, temporary ones too, by name: its digest."""
        files = (p for p in sorted(self.out.rglob("*")) if p.is_file())
        return {str(p.relative_to(self.out)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}

    def placed(self) -> dict[str, int]:
        """The finished outputs: when they were written."""
        found = (p for p in self.out.rglob("*") if p.is_file() and not p.name.startswith(TEMPORARY))
        return {str(p.relative_to(self.out)): p.stat().st_mtime_ns for p in found}


@contextmanager
def _started(run: Run) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """The command in a process group of its own, of which nothing is left afterwards."""
    process = subprocess.Popen(
        run.words, cwd=ROOT, env=run.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    assert process.stderr
    try:
        yield process, process.stderr
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)
        process.stderr.close()


@pytest.fixture(scope="module")
def manifest(catalogue: Catalogue) -> Path:
    return part(catalogue, "eight", *IDS)


@pytest.fixture(scope="module")
def whole(
    prefect_server: None, manifest: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Run, RunResult]:
    """A run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    run = Run(manifest, folder / "home", folder / "out", {})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENTIMENTO_HOME", str(run.home))
        result = run_catalog(str(manifest), str(run.out), shard_size=SHARD, track=False)
    return run, RunResult.model_validate(result)


@pytest.fixture
def run(prefect_server: None, manifest: Path, tmp_path: Path) -> Run:
    """The command, told of the tests' Prefect server, one shard at a time."""
    from prefect.settings import PREFECT_API_URL

    environment = {
        **os.environ, "PENTIMENTO_HOME": str(tmp_path / "home"), "PENTIMENTO_WORKERS": "1",
        "PREFECT_HOME": str(tmp_path / "prefect"), "PREFECT_API_URL": str(PREFECT_API_URL.value()),
    }  # fmt: skip
    return Run(manifest, tmp_path / "home", tmp_path / "out", environment)


@pytest.mark.parametrize("finished", [1, 5])
def test_the_same_command_after_kill_9_gives_the_same_bytes_and_does_nothing_twice(
    run: Run, whole: tuple[Run, RunResult], finished: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed, wanted = whole
    run.killed_after(finished)

    before, stored, placed, (run_id,) = run.records(), run.artifacts(), run.placed(), run.run_ids
    items = [name for name in before if name.startswith("item/")]
    unrecorded = (
        (SHARD - 1) if finished < SHARD else finished % SHARD
    )  # what a shard finished is recorded with its end
    assert finished - unrecorded <= len(items) < len(IDS) - 1, "the kill came too late to show anything"
    half_written = run.out / f"{TEMPORARY}{'0' * 24}"
    half_written.write_bytes(b"the process died while it wrote this")
    code, result = run.again()

    assert code == 1, "a bad file is among them"
    assert result.run_id == run_id
    assert run.run_ids == [run_id]
    assert [(i.id, i.outcome) for i in result.items] == [(i.id, i.outcome) for i in wanted.items]
    assert run.outputs() == undisturbed.outputs()
    after = run.records()
    assert {name: after[name] for name in before} == before
    recorded = b"".join(content for _, content in before.values())
    named = {digest: when for digest, when in stored.items() if digest.encode() in recorded}
    assert {digest: run.artifacts()[digest] for digest in named} == named
    assert {name: run.placed()[name] for name in placed} == placed
    assert after.keys() == undisturbed.records().keys()
    assert run.artifacts().keys() == undisturbed.artifacts().keys()

    monkeypatch.setenv("PENTIMENTO_HOME", str(run.home))
    later = RunResult.model_validate(
        run_catalog(str(run.manifest), str(run.out), shard_size=SHARD, track=False)
    )
    assert later.run_id != run_id, "once it has ended, the same command is a new run"
    assert all(stage.cached and stage.seconds == 0 for item in later.items for stage in item.stages)
    assert run.records() == after
