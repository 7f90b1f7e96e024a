"""The whole stack on this machine: a scheduled and a triggered run by the worker, then nothing is left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from infra.stack import processes
from infra.stack.environment import borrowed
from infra.stack.layout import Layout
from infra.store.store import open_store

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
ROOT = Path(__file__).parents[3]
MANIFEST = """id,image,intent,mask,rights,scale
sale,sale.png,remove_text,,own,
half,half.png,remove_text,,own,
spot,spot.png,remove_object,"box:25,40,90,80",own,
large,large.png,upscale,,,2
"""
WORDS = {"sale": "SALE", "half": "-50%", "spot": "", "large": ""}


@dataclass(frozen=True)
class Running:
    """A stack that is up."""

    layout: Layout
    settings: dict[str, str]

    def asks(self, path: str, body: object = None, method: str | None = None) -> Any:
        """Prefect's own API."""
        data = None if body is None else json.dumps(body).encode()
        url = f"{self.settings['PREFECT_API_URL']}/{path}"
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.loads(reply.read() or b"null")

    def objects(self, url: str) -> dict[str, bytes]:
        """Everything in the stack's S3 below `url`."""
        with borrowed(self.settings):
            backend = open_store(url, self.settings["PENTIMENTO_S3_ENDPOINT_URL"], create=True).backend
            return {key: backend.get(key) for key in backend.keys("")}


def stack(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from flows.cli import main; main()", "stack", *words]
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("PENTIMENTO_", "PREFECT_"))}
    environment = {**plain, "PENTIMENTO_HOME": str(home), "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    yield folder
    stack(folder, "down")


@pytest.fixture(scope="module")
def running(home: Path) -> Running:
    done = stack(home, "up", "--timeout", "500", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["running"]
    layout = Layout.below(home)
    lines = [
        line.removeprefix("export ") for line in layout.environment.read_text().splitlines() if "=" in line
    ]
    settings = {name: value.strip("'") for name, _, value in (line.partition("=") for line in lines)}
    made = Running(layout, settings)
    with borrowed(settings):
        backend = open_store("s3://catalogue", settings["PENTIMENTO_S3_ENDPOINT_URL"], create=True).backend
        for name, word in WORDS.items():
            backend.put(f"incoming/{name}.png", picture(word), "image/png")
        backend.put("incoming/manifest.csv", MANIFEST.encode(), "text/csv")
    return made


def picture(word: str) -> bytes:
    """160×120, a soft ground with noise, and perhaps a word in red."""
    y, x = np.mgrid[0:120, 0:160]
    ground = np.stack([90 + x * 0.5, 120 + y * 0.4, 150 - x * 0.2], -1)
    pixels = np.clip(ground + np.random.default_rng(3).normal(0, 2, ground.shape), 0, 255).astype(np.uint8)
    cv2.putText(pixels, word, (30, 70), cv2.FONT_HERSHEY_SIMPLEX, 1.1, (255, 40, 40), 3, cv2.LINE_AA)
    return cv2.imencode(".png", pixels[:, :, ::-1])[1].tobytes()


def until(look: Callable[[], Any], seconds: float = 400) -> Any:
    end = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < end, "it never came to that"
        time.sleep(1)
    return seen


def ended(running: Running, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
    """The run that is wanted, once it has ended."""
    runs = running.asks("flow_runs/filter", {"sort": "EXPECTED_START_TIME_ASC", "limit": 50})
    over = [
        run
        for run in runs
        if wanted(run) and run["state_type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
    ]
    return over[0] if over else None


def test_everything_that_deployments_need_is_on_the_server(running: Running) -> None:
    names = {each["name"] for each in running.asks("deployments/filter", {})}
    assert {"nightly", "triggered", "rerun", "review", "publish"} <= names
    assert running.asks("work_pools/catalogue")["type"] == "process"
    assert running.asks("v2/concurrency_limits/pentimento-gpu")["limit"] == 1
    (automation,) = running.asks("automations/filter", {})
    assert automation["trigger"]["within"] == 540
    form = running.asks("deployments/name/order/triggered")["parameter_openapi_schema"]
    assert form["definitions"]["Order"]["properties"]["tier"]["enum"] == ["preview", "final"]


def test_a_schedule_makes_a_run_that_the_worker_carries_out(running: Running) -> None:
    nightly = running.asks("deployments/name/catalog/nightly")
    # every two minutes: on a busy machine a moment a few seconds ahead has gone by before the scheduler looks
    soon = (datetime.now(UTC) + timedelta(seconds=20)).isoformat()
    schedule = {"active": True, "schedule": {"interval": 120, "anchor_date": soon}}
    (made,) = running.asks(f"deployments/{nightly['id']}/schedules", [schedule])
    run = until(lambda: ended(running, lambda each: each["auto_scheduled"]))
    running.asks(f"deployments/{nightly['id']}/schedules/{made['id']}", method="DELETE")
    assert run["state_type"] == "COMPLETED", run["state"]
    assert run["created_by"]["type"] == "SCHEDULE"
    assert set(running.objects("s3://catalogue/edited")) == {f"{name}.png" for name in WORDS}


def test_an_order_with_parameters_is_carried_out_and_a_wrong_one_refused(running: Running) -> None:
    triggered = running.asks("deployments/name/order/triggered")
    order = {
        "manifest": "s3://catalogue/incoming/manifest.csv", "out": "s3://catalogue/ordered", "tier": "preview",
        "params": [{"stage": "blending", "name": "feather", "value": 5}],
    }  # fmt: skip
    path = f"deployments/{triggered['id']}/create_flow_run"
    made = running.asks(path, {"parameters": {"order": order}, "state": {"type": "SCHEDULED"}})
    run = until(lambda: ended(running, lambda each: each["id"] == made["id"]))
    assert run["state_type"] == "COMPLETED", run["state"]
    assert run["name"] == "order manifest.csv"
    assert set(running.objects("s3://catalogue/ordered")) == {f"{name}-preview.png" for name in WORDS}
    with pytest.raises(urllib.error.HTTPError) as refused:
        running.asks(
            path, {"parameters": {"order": {**order, "tier": "draft"}}, "state": {"type": "SCHEDULED"}}
        )
    assert refused.value.code in (409, 422)


def test_both_runs_are_in_mlflow_with_their_sheets_and_in_the_store(running: Running) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(running.settings["PENTIMENTO_TRACKING_URI"])
    experiment = client.get_experiment_by_name("pentimento")
    runs = client.search_runs([experiment.experiment_id])
    assert len(runs) >= 2
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert {run.data.metrics["outcome.done"] for run in runs} == {4}
    for run in runs:
        assert "review.html" in {artifact.path for artifact in client.list_artifacts(run.info.run_id)}
    assert any(key.startswith("runs/") for key in running.objects("s3://pentimento/store"))


def test_a_killed_part_is_reported_and_started_again(running: Running, home: Path) -> None:
    before = {part["name"]: part for part in json.loads(stack(home, "status", "--json").stdout)["parts"]}
    os.kill(before["mlflow"]["pid"], signal.SIGKILL)
    os.kill(before["worker"]["pid"], signal.SIGKILL)
    broken = stack(home, "status", "--json")
    assert broken.returncode == 1
    states = {part["name"]: part["condition"] for part in json.loads(broken.stdout)["parts"]}
    assert states == {"s3": "running", "mlflow": "ended", "prefect": "running", "worker": "ended"}
    again = stack(home, "up", "--timeout", "500", "--json")
    assert again.returncode == 0, again.stderr
    after = {part["name"]: part for part in json.loads(again.stdout)["parts"]}
    assert all(part["condition"] == "running" for part in after.values())
    assert after["mlflow"]["address"] == before["mlflow"]["address"]
    assert after["s3"]["pid"] == before["s3"]["pid"]


def test_down_leaves_no_process_and_no_socket_and_keeps_the_data(running: Running, home: Path) -> None:
    family = processes.family(running.layout.folder)
    assert len(family) >= 8, "Swift's four servers and its keepers, MLflow's two, Prefect's two"
    ports = json.loads(running.layout.ports.read_text())
    done = stack(home, "down")
    assert done.returncode == 0, done.stderr
    assert processes.family(running.layout.folder) == []
    for port in ports.values():
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert not running.layout.environment.exists()
    assert not running.layout.state.exists()
    assert (running.layout.mlflow / "mlflow.db").is_file()
    stopped = stack(home, "status", "--json")
    assert stopped.returncode == 1
    assert {part["condition"] for part in json.loads(stopped.stdout)["parts"]} == {"stopped"}
    assert stack(home, "down", "--purge").returncode == 0
    assert not running.layout.folder.exists()
