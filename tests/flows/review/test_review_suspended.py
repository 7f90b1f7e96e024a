"""Under a deployment the review flow holds no process while a person thinks: it is suspended, and begun again by the answer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from prefect import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.flow_runs import resume_flow_run
from prefect.settings import PREFECT_API_URL

from tasks.review.log import read_log
from tasks.workshop import Workshop
from tests.flows.review.conftest import RUN

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
ROOT = Path(__file__).parents[3]
SERVE = "from flows.review import review_run; review_run.serve(name='asked')"


@pytest.fixture
def served(shop: Workshop, tmp_path: Path, prefect_server: None) -> Iterator[Workshop]:
    """The flow's deployment, served by a process of its own."""
    environment = {
        **os.environ, "PREFECT_API_URL": str(PREFECT_API_URL.value()), "PENTIMENTO_STORE": str(tmp_path / "store")
    }  # fmt: skip
    log = (tmp_path / "serve.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE],
        cwd=ROOT,
        env=environment,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    try:
        until(lambda: _deployed() or process.poll())
        assert process.poll() is None, (tmp_path / "serve.log").read_text()
        yield shop
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)
        log.close()


def until(look: Callable[[], object]) -> None:
    end = time.monotonic() + 120
    while not look():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.3)


def _deployed() -> bool:
    with get_client(sync_client=True) as client:
        try:
            client.read_deployment_by_name("review/asked")
        except ObjectNotFound:
            return False
    return True


def state(run: FlowRun) -> State:
    with get_client(sync_client=True) as client:
        found = client.read_flow_run(run.id).state
    assert found
    return found


def asking(run: FlowRun, number: int) -> bool:
    """Whether it is suspended at its form of this number; fails when it has ended."""
    now = state(run)
    assert not now.is_final(), now
    return now.name == "Suspended" and now.state_details.pause_key == f"decisions-{number}"


def _processes(group: str) -> list[str]:
    """Command lines of processes whose environment names this flow run."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if group.encode() in (place / "environ").read_bytes():
                found.append((place / "cmdline").read_text())
    return found


def test_it_holds_no_process_while_it_waits_and_its_answer_is_logged(served: Workshop) -> None:
    run = run_deployment("review/asked", parameters={"run_id": RUN}, timeout=0)
    assert isinstance(run, FlowRun)
    until(lambda: asking(run, 0))
    until(lambda: not _processes(str(run.id)))
    resume_flow_run(run.id, run_input={"approve": ["stopped"], "by": "Ann"})
    until(lambda: asking(run, 1))
    until(lambda: not _processes(str(run.id)))
    resume_flow_run(run.id, run_input={"approve": ["waits"], "by": "Ann"})
    until(lambda: state(run).is_final())
    assert state(run).is_completed(), state(run)
    assert [(e.picture, e.decision, e.by) for e in read_log(served.store, RUN)] == [
        ("waits", "approve", "Ann")
    ]
