"""A real Prefect server, MLflow server and S3 server, told to the same command by settings alone: the same pictures."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flows.catalog import run_catalog
from flows.demo.catalogue import Catalogue
from infra.stack.swift import SwiftServer
from infra.store.s3 import S3Backend
from infra.store.store import open_store
from tasks.results import ItemResult, RunResult
from tests.flows.end_to_end.conftest import part
from tests.servers import OTHER_CREDENTIALS, swift_server

__all__ = ["swift_server"]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

IDS = (
    "text-studio", "text-url", "text-p3", "object-badge", "object-coin", "up2-portrait", "clean-coffee", "bad-text",
)  # fmt: skip
ROOT = Path(__file__).parents[3]
TASKS = ("triage", "detection", "restoration", "export")
SHARDS = 2
SECRETS = re.compile(rb"test:tester|\btesting\b|X-Amz-Signature|X-Amz-Credential|AWS4-HMAC", re.IGNORECASE)
"""The S3 server's credentials, and what a presigned address holds."""


@dataclass(frozen=True)
class Servers:
    """Where they are, and the environment that says so."""

    prefect: str
    mlflow: str
    s3: str
    environment: Mapping[str, str]
    logs: Path

    def prefect_says(self, path: str, **question: object) -> list[dict[str, Any]]:
        """The answer of Prefect's own API."""
        request = urllib.request.Request(
            f"{self.prefect}/{path}", json.dumps(question).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as reply:
            answer: list[dict[str, Any]] = json.load(reply)
        return answer


@dataclass(frozen=True)
class Ended:
    """The command once it has ended."""

    code: int
    said: str
    result: RunResult
    home: Path
    out: str


@pytest.fixture(scope="module")
def servers(swift_server: SwiftServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp("servers")
    prefect, mlflow = _free_ports(2)
    credentials = {
        "AWS_ACCESS_KEY_ID": swift_server.access_key, "AWS_SECRET_ACCESS_KEY": swift_server.secret_key,
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }  # fmt: skip
    plain = {
        k: v for k, v in os.environ.items() if k not in OTHER_CREDENTIALS and not k.startswith("PREFECT_")
    }
    environment = {
        **plain, **credentials, "PREFECT_HOME": str(folder / "prefect"), "PREFECT_API_URL": f"http://127.0.0.1:{prefect}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "PENTIMENTO_TRACKING_URI": f"http://127.0.0.1:{mlflow}",
        "PENTIMENTO_S3_ENDPOINT_URL": swift_server.endpoint_url, "PENTIMENTO_STORE": "s3://pentimento/store",
        "PENTIMENTO_HOME": str(folder / "home"), "DO_NOT_TRACK": "1",
    }  # fmt: skip
    of_mlflow = {
        **environment, "MLFLOW_S3_ENDPOINT_URL": swift_server.endpoint_url, "MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE": "path"
    }  # fmt: skip
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name in OTHER_CREDENTIALS:
            patch.delenv(name, raising=False)
        for name, value in credentials.items():
            patch.setenv(name, value)
        S3Backend("mlflow", "", swift_server.endpoint_url).create_bucket()
        words: tuple[str, ...] = ("prefect", "server", "start", "--host", "127.0.0.1", "--port", str(prefect))
        stack.enter_context(_serving(words, f"http://127.0.0.1:{prefect}/api/health", environment, folder))
        words = (
            "mlflow", "server", "--host", "127.0.0.1", "--port", str(mlflow), "--workers", "1", "--backend-store-uri",
            f"sqlite:///{folder / 'mlflow.db'}", "--artifacts-destination", "s3://mlflow/artifacts",
        )  # fmt: skip
        stack.enter_context(_serving(words, f"http://127.0.0.1:{mlflow}/health", of_mlflow, folder))
        yield Servers(
            environment["PREFECT_API_URL"], environment["PENTIMENTO_TRACKING_URI"], swift_server.endpoint_url,
            environment, folder,
        )  # fmt: skip


@contextmanager
def _serving(
    words: tuple[str, ...], health: str, environment: Mapping[str, str], folder: Path
) -> Iterator[None]:
    """A server of this environment's own, until the block ends; it answers at `health` when the block begins."""
    log = folder / f"{words[0]}.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", *words], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=written,
            stderr=written, start_new_session=True,
        )  # fmt: skip
    try:
        end = time.monotonic() + 180
        while not _healthy(health):
            assert process.poll() is None, f"{words[0]} ended: {log.read_text()[-3000:]}"
            assert time.monotonic() < end, f"{words[0]} does not answer: {log.read_text()[-3000:]}"
            time.sleep(0.2)
        yield
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """The whole group: both servers have children of their own."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with suppress(subprocess.TimeoutExpired):
            process.wait(15)


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return int(reply.status) == 200
    except OSError:
        return False


def _free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    try:
        for each in held:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in held]
    finally:
        for each in held:
            each.close()


@pytest.fixture(scope="module")
def manifest(catalogue: Catalogue) -> Path:
    return part(catalogue, "served", *IDS)


@pytest.fixture(scope="module")
def ended(servers: Servers, manifest: Path) -> Ended:
    """`pentimento catalog` with no option that names a server."""
    out = "s3://pentimento/edited"
    command = [
        sys.executable,
        "-c",
        "from flows.cli import main; main()",
        "catalog",
        str(manifest),
        "--out",
        out,
    ]
    done = subprocess.run(
        [*command, "--shard-size", "4", "--json"], cwd=ROOT, env=servers.environment, capture_output=True, text=True,
        timeout=300,
    )  # fmt: skip
    assert done.stdout, done.stderr
    result = RunResult.model_validate(json.loads(done.stdout))
    return Ended(done.returncode, done.stdout + done.stderr, result, servers.logs / "home", out)


@pytest.fixture(scope="module")
def local(
    prefect_server: None, manifest: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[RunResult, Path]:
    """The same rows without any of the servers."""
    folder = tmp_path_factory.mktemp("local")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENTIMENTO_HOME", str(folder / "home"))
        result = run_catalog(str(manifest), str(folder / "out"), shard_size=4, track=False)
    return RunResult.model_validate(result), folder / "out"


def _pictured(items: Iterable[ItemResult]) -> list[tuple[object, ...]]:
    """What a row says of its picture, leaving out where things are and how long they took."""
    return [(i.id, i.outcome, i.reason, i.plan, i.regions, i.output_sha256, i.thumbnails) for i in items]


def test_outcomes_and_bytes_are_those_of_a_run_without_servers(
    servers: Servers, ended: Ended, local: tuple[RunResult, Path]
) -> None:
    result, out = local
    assert ended.code == 1, ended.said
    assert ended.result.counts == {"done": 7, "rejected": 1}
    assert _pictured(ended.result.items) == _pictured(result.items)
    backend = open_store(ended.out, servers.s3).backend
    served = {key: backend.get(key) for key in backend.keys("")}
    assert served == {path.name: path.read_bytes() for path in out.iterdir()}
    assert {i.output for i in ended.result.items if i.output} == {f"{ended.out}/{key}" for key in served}


def test_the_mlflow_server_holds_the_run_and_serves_its_artifacts(
    servers: Servers, ended: Ended, tmp_path: Path
) -> None:
    from mlflow import MlflowClient

    assert ended.result.mlflow_run_id, ended.said
    client = MlflowClient(tracking_uri=servers.mlflow)
    run = client.get_run(ended.result.mlflow_run_id)
    assert run.info.status == "FINISHED"
    assert run.data.metrics["outcome.done"] == 7
    assert run.data.tags["pentimento.store"] == "s3://pentimento/store"
    names = {a.path for a in client.list_artifacts(run.info.run_id)}
    assert {"outcomes.parquet", "review.html", "descriptors.npz", "images"} <= names
    sheet = Path(client.download_artifacts(run.info.run_id, "review.html", str(tmp_path))).read_bytes()
    assert sheet == _store(servers).read_run(ended.result.run_id, "review.html")
    for engine in {r.engine for i in ended.result.items for r in i.regions}:
        (version,) = client.search_model_versions(f"name = 'pentimento-{engine}'")
        assert version.tags["engine"] == engine
    stored = S3Backend("mlflow", "artifacts", servers.s3)
    assert any(key.endswith(f"{run.info.run_id}/artifacts/review.html") for key in stored.keys(""))
    assert not (ROOT / "mlruns").exists(), "what belongs on the server was written beside the code"


def test_the_prefect_server_knows_the_flow_run_its_task_runs_and_its_artifacts(
    servers: Servers, ended: Ended
) -> None:
    (flow_run,) = servers.prefect_says("flow_runs/filter")
    assert flow_run["name"].startswith("catalog ")
    names = ["overlays", *(f"{task} {shard}" for task in TASKS for shard in range(SHARDS))]
    wanted = dict.fromkeys(names, "COMPLETED")
    end = time.monotonic() + 30
    while time.monotonic() < end:
        (flow_run,) = servers.prefect_says("flow_runs/filter")
        found = {run["name"]: run["state_type"] for run in servers.prefect_says("task_runs/filter")}
        if (flow_run["state_type"], found) == ("COMPLETED", wanted):
            break
        time.sleep(0.5)
    assert (flow_run["state_type"], found) == ("COMPLETED", wanted)
    kinds = {artifact["type"] for artifact in servers.prefect_says("artifacts/filter")}
    assert kinds >= {"markdown", "table"}


def test_no_credential_is_in_anything_that_was_written(servers: Servers, ended: Ended) -> None:
    assert SECRETS.search(b"key test:tester"), "the search finds what it looks for"
    written = {f"command: {name}": text.encode() for name, text in [("output", ended.said)]}
    written |= {str(p): p.read_bytes() for p in ended.home.rglob("*") if p.is_file()}
    written |= {str(p): p.read_bytes() for p in servers.logs.glob("*.log")}
    for bucket in ("pentimento", "mlflow"):
        backend = S3Backend(bucket, "", servers.s3)
        written |= {f"s3://{bucket}/{key}": backend.get(key) for key in backend.keys("")}
    for kind in ("flow_runs", "task_runs", "artifacts", "logs"):
        written[f"Prefect's {kind}"] = json.dumps(servers.prefect_says(f"{kind}/filter")).encode()
    database = servers.logs / "mlflow.db"
    written[str(database)] = database.read_bytes()
    assert len(written) > 50
    assert [name for name, data in written.items() if SECRETS.search(data)] == []


def test_the_same_command_again_finds_everything_in_the_store(
    servers: Servers, ended: Ended, manifest: Path
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in servers.environment.items():
            if name.startswith("PENTIMENTO_"):
                patch.setenv(name, value)
        again = RunResult.model_validate(run_catalog(str(manifest), ended.out, shard_size=4, track=False))
    assert again.counts == ended.result.counts
    assert all(stage.cached for item in again.items for stage in item.stages)


def _store(servers: Servers) -> Any:
    return open_store("s3://pentimento/store", servers.s3)
