"""The Prefect tasks try again what may mend itself, and nothing else; a store that stays down costs its shard alone."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import TaskRun
from prefect.states import Completed, Failed

from flows.catalog import process_catalog, run_catalog
from flows.demo.catalogue import Catalogue
from infra.store.contract import Forbidden, Unavailable
from infra.store.local import LocalBackend
from tasks import prefect_tasks
from tasks.errors import EngineFailed, OutOfMemory, StoreUnavailable
from tasks.results import RunResult
from tests.flows.end_to_end.conftest import part

IDS = ("object-badge", "object-marker", "up2-portrait", "up3-retina")
TASKS = (prefect_tasks.triage, prefect_tasks.detection, prefect_tasks.restoration, prefect_tasks.export)
Put = Callable[..., None]


@pytest.fixture(scope="module")
def manifest(catalogue: Catalogue) -> Path:
    return part(catalogue, "four", *IDS)


@pytest.fixture(scope="module")
def wanted(prefect_server: None, manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The outputs of a run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENTIMENTO_HOME", str(folder / "home"))
        run_catalog(str(manifest), str(folder / "out"), shard_size=2, track=False)
    return outputs(folder / "out")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The waits between tries, which are Prefect's own, left out; and one thread, so that faults fall in order."""
    monkeypatch.setenv("PENTIMENTO_WORKERS", "1")
    for task in TASKS:
        monkeypatch.setattr(task, "retry_delay_seconds", [0, 0, 0])


def outputs(folder: Path) -> dict[str, str]:
    return {
        p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*")) if p.is_file()
    }


def flow_run_and_tasks(manifest: Path, out: Path) -> tuple[RunResult, dict[str, TaskRun]]:
    """The flow's result, and its task runs by name as Prefect's API tells them, once all have been noted as ended.

    The first shard's pictures are edited by region, in four tasks; the second's are enlarged, in one."""
    ids: list[UUID] = []
    flow = process_catalog.with_options(on_completion=[lambda _flow, run, _state: ids.append(run.id)])
    result = RunResult.model_validate(flow(str(manifest), str(out), shard_size=2, track=False))
    chosen = FlowRunFilter(id=FlowRunFilterId(any_=ids))
    end = time.monotonic() + 30
    with get_client(sync_client=True) as client:
        while True:
            found = client.read_task_runs(flow_run_filter=chosen)
            if len(found) == len(TASKS) + 1 and all(run.state and run.state.is_final() for run in found):
                return result, {run.name: run for run in found}
            assert time.monotonic() < end, f"Prefect knows of {[(run.name, run.state_name) for run in found]}"
            time.sleep(0.2)


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception, where: str, times: int) -> list[str]:
    """Writes of keys that begin with `where` fail so many times; the keys that met it."""
    write = LocalBackend._write
    met: list[str] = []

    def broken(self: LocalBackend, key: str, data: bytes, *, flushed: bool) -> None:
        if key.startswith(where) and len(met) < times:
            met.append(key)
            raise error
        write(self, key, data, flushed=flushed)

    monkeypatch.setattr(LocalBackend, "_write", broken)
    return met


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (StoreUnavailable("throttled"), True), (OutOfMemory("full"), True), (Unavailable("no answer"), True),
        (Forbidden("wrong key"), False), (EngineFailed("broke"), False), (ValueError("a fault of ours"), False),
    ],
)  # fmt: skip
def test_only_faults_that_may_mend_themselves_are_worth_another_try(error: Exception, again: bool) -> None:
    assert prefect_tasks.is_transient(prefect_tasks.triage, None, Failed(data=error)) is again  # type: ignore[arg-type]


def test_success_is_not_tried_again() -> None:
    assert prefect_tasks.is_transient(prefect_tasks.triage, None, Completed(data=1)) is False  # type: ignore[arg-type]


def test_a_store_that_fails_twice_is_asked_again_and_the_bytes_are_the_same(
    manifest: Path, wanted: dict[str, str], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    met = failing(monkeypatch, Unavailable("no answer"), "cas/", 2)
    result, runs = flow_run_and_tasks(manifest, tmp_path / "out")
    assert len(met) == 2
    assert result.counts == {"done": 4}
    assert outputs(tmp_path / "out") == wanted
    assert {name: run.run_count for name, run in runs.items()} == {
        "triage 0": 1, "detection 0": 3, "restoration 0": 1, "export 0": 1, "export 1": 1,
    }  # fmt: skip


def test_the_last_write_of_a_shard_is_tried_again_too(
    manifest: Path, wanted: dict[str, str], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put: Put = LocalBackend.put
    met: list[str] = []

    def broken(self: LocalBackend, key: str, data: bytes, media_type: str = "") -> None:
        if key.endswith("results/00000.json") and not met:
            met.append(key)
            raise Unavailable("no answer")
        put(self, key, data, media_type)

    monkeypatch.setattr(LocalBackend, "put", broken)
    result, runs = flow_run_and_tasks(manifest, tmp_path / "out")
    assert result.counts == {"done": 4}
    assert outputs(tmp_path / "out") == wanted
    assert runs["export 0"].run_count == 2


def test_a_permanent_fault_is_the_pictures_outcome_and_never_tried_again(
    manifest: Path, wanted: dict[str, str], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    get = LocalBackend.get
    read: list[str] = []

    def broken(self: LocalBackend, key: str) -> bytes:
        if key == "images/up3-retina.png":
            read.append(key)
            raise Forbidden("access denied")
        return get(self, key)

    monkeypatch.setattr(LocalBackend, "get", broken)
    result, runs = flow_run_and_tasks(manifest, tmp_path / "out")
    assert {i.id: i.outcome for i in result.items} == {
        "object-badge": "done", "object-marker": "done", "up2-portrait": "done", "up3-retina": "rejected",
    }  # fmt: skip
    assert "access denied" in result.items[3].reason
    assert result.items[3].cure
    assert {run.run_count for run in runs.values()} == {1}
    assert outputs(tmp_path / "out") == {n: d for n, d in wanted.items() if n != "up3-retina.png"}


def test_a_store_that_stays_down_costs_its_shard_alone_and_the_same_command_mends_it(
    manifest: Path, wanted: dict[str, str], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    get = LocalBackend.get
    asked: list[str] = []

    def down(self: LocalBackend, key: str) -> bytes:
        if key == "images/object-marker.png":
            asked.append(key)
            raise Unavailable("no answer")
        return get(self, key)

    with monkeypatch.context() as patch:
        patch.setattr(LocalBackend, "get", down)
        first = RunResult.model_validate(
            run_catalog(str(manifest), str(tmp_path / "out"), shard_size=2, track=False)
        )
    assert len(asked) == 1 + prefect_tasks.RETRIES
    assert [i.outcome for i in first.items] == ["failed", "failed", "done", "done"]
    assert all("no answer" in i.reason and "same command again" in i.cure for i in first.items[:2])
    assert first.failed

    mended = RunResult.model_validate(
        run_catalog(str(manifest), str(tmp_path / "out"), shard_size=2, track=False)
    )
    assert mended.run_id == first.run_id, "a run that is not whole is continued"
    assert mended.counts == {"done": 4}
    assert outputs(tmp_path / "out") == wanted


def test_a_record_of_the_run_that_cannot_be_kept_loses_no_result(
    manifest: Path, wanted: dict[str, str], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put: Put = LocalBackend.put

    def broken(self: LocalBackend, key: str, data: bytes, media_type: str = "") -> None:
        if key.endswith("/result.json"):
            raise Unavailable("no answer")
        put(self, key, data, media_type)

    with monkeypatch.context() as patch:
        patch.setattr(LocalBackend, "put", broken)
        first = RunResult.model_validate(
            run_catalog(str(manifest), str(tmp_path / "out"), shard_size=2, track=False)
        )
    assert first.counts == {"done": 4}
    assert outputs(tmp_path / "out") == wanted
    again = RunResult.model_validate(
        run_catalog(str(manifest), str(tmp_path / "out"), shard_size=2, track=False)
    )
    assert again.run_id == first.run_id
