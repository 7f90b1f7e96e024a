"""The review flow on a real Prefect server: it waits for its form, and the form's answer ends in the log."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.flow_runs import resume_flow_run
from prefect.input.actions import read_flow_run_input

from flows.review import review_run
from tasks.review.log import read_log
from tasks.workshop import Workshop
from tests.flows.review.conftest import RUN

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def waiting(
    shop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Workshop, Future[dict[str, Any]]]]:
    """The flow, begun in a thread of its own."""
    monkeypatch.setenv("PENTIMENTO_STORE", str(tmp_path / "store"))
    with ThreadPoolExecutor(1) as pool:
        yield shop, pool.submit(review_run, RUN, timeout_seconds=60, poll_seconds=1)


def paused(ended: Future[dict[str, Any]], other_than: str = "") -> FlowRun:
    """The flow run that waits for a form other than `other_than`."""
    wanted = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.PAUSED])))
    found = _until(ended, lambda: _paused(wanted, other_than))
    assert isinstance(found, FlowRun)
    return found


def _paused(wanted: FlowRunFilter, other_than: str) -> FlowRun | None:
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(flow_run_filter=wanted)
    runs = [r for r in runs if r.state and r.state.state_details.pause_key != other_than]
    return runs[0] if runs else None


def _until(ended: Future[dict[str, Any]], look: Callable[[], object]) -> object:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if ended.done():
            raise AssertionError(f"the flow did not wait: {ended.exception() or ended.result()}")
        found = look()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError("nothing waits")


def form(run: FlowRun, ended: Future[dict[str, Any]]) -> tuple[dict[str, Any], str]:
    """The form's schema, and what it says above it."""
    assert run.state
    keys = run.state.state_details.run_input_keyset
    assert keys
    _until(ended, lambda: read_flow_run_input(keys["description"], flow_run_id=run.id))
    schema = read_flow_run_input(keys["schema"], flow_run_id=run.id)
    return schema, read_flow_run_input(keys["description"], flow_run_id=run.id)


def answer(run: UUID, **given: Any) -> None:
    resume_flow_run(run, run_input=given)


def test_the_form_names_what_waits_and_its_answer_is_logged(
    waiting: tuple[Workshop, Future[dict[str, Any]]],
) -> None:
    shop, ended = waiting
    run = paused(ended)
    schema, says = form(run, ended)
    assert set(schema["properties"]) == {"approve", "reject", "by", "why"}
    assert "`waits:1` (pending)" in says
    assert "outside" in says
    assert "stopped" not in says
    answer(run.id, approve=["waits"], reject=["other:2"], by="Ann", why="by form")
    assert ended.result(60) == {"waits": "approved", "other": "pending"}
    log = read_log(shop.store, RUN)
    assert [(e.picture, e.region, e.decision, e.by, e.why) for e in log] == [
        ("waits", 0, "approve", "Ann", "by form"), ("other", 2, "reject", "Ann", "by form"),
    ]  # fmt: skip
    assert all(e.candidate == {i["id"]: i for i in _items(shop)}[e.picture]["output_sha256"] for e in log)


def test_a_wrong_answer_is_asked_again_with_what_is_wrong(
    waiting: tuple[Workshop, Future[dict[str, Any]]],
) -> None:
    shop, ended = waiting
    first = paused(ended)
    form(first, ended)
    answer(first.id, approve=["waits", "stopped"], by="Ann")
    assert first.state
    second = paused(ended, str(first.state.state_details.pause_key))
    assert second.id == first.id
    assert "blocked picture cannot be approved" in form(second, ended)[1]
    assert read_log(shop.store, RUN) == ()
    answer(second.id, approve=["waits"], by="Ann")
    assert ended.result(60)["waits"] == "approved"


def test_an_empty_answer_decides_nothing(waiting: tuple[Workshop, Future[dict[str, Any]]]) -> None:
    shop, ended = waiting
    run = paused(ended)
    form(run, ended)
    answer(run.id)
    assert ended.result(60) == {"waits": "pending", "other": "pending"}
    assert read_log(shop.store, RUN) == ()


def _items(shop: Workshop) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads(shop.store.read_run(RUN, "result.json"))["items"]
    return items
