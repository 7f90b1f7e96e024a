"""What waits for a person, and the flow that asks: a short flow of its own, so that no worker waits while pictures are made."""

from __future__ import annotations

import logging
from typing import Any

from prefect import flow
from prefect.artifacts import create_table_artifact
from prefect.flow_runs import pause_flow_run, suspend_flow_run
from prefect.input import RunInput
from prefect.runtime import deployment

from flows.deciding import decide
from flows.rerun_notes import candidate_lines
from flows.stored_run import StoredRun, store_of, stored_run
from infra.settings import Settings
from tasks.errors import BadRequest

log = logging.getLogger("pentimento")
ASKED = 5
"""How often the form is shown again when it was filled in wrongly."""
LINES = 40
"""Most pictures that the form names."""


class Decisions(RunInput):
    """The form. An empty one decides nothing."""

    approve: list[str] = []
    reject: list[str] = []
    by: str = ""
    why: str = ""


@flow(name="review", flow_run_name="review {run_id}", log_prints=False, persist_result=False)
def review_run(run_id: str, timeout_seconds: int = 86_400, poll_seconds: int = 10) -> dict[str, Any]:
    """Show what waits in a run, ask a person by a form, and write the answer into the run's log.

    Under a deployment the flow is suspended meanwhile and holds no worker; elsewhere its own process waits. One form a flow
    run: what is left pending is asked for by another. Returns the state of every picture that waited, by id."""
    store = store_of(Settings())
    run = stored_run(store, run_id)
    _show(run)
    if not run.waiting:
        return {}
    problem = ""
    for number in range(ASKED):
        given = _ask(run, problem, f"decisions-{number}", timeout_seconds, poll_seconds)
        try:
            run = decide(store, run_id, given.approve, given.reject, by=given.by, why=given.why)
        except BadRequest as error:
            problem = str(error)
            log.warning("the form cannot be carried out: %s", problem)
            continue
        _show(run)
        return {picture.id: picture.state for picture in run.waiting}
    raise BadRequest(f"the form was filled in wrongly {ASKED} times: {problem}")


def _ask(run: StoredRun, problem: str, key: str, timeout: int, poll: int) -> Decisions:
    form = Decisions.with_initial_data(description=_description(run, problem))
    if deployment.id:
        return suspend_flow_run(wait_for_input=form, timeout=timeout, key=key)
    return pause_flow_run(wait_for_input=form, timeout=timeout, poll_interval=poll, key=key)


def _description(run: StoredRun, problem: str) -> str:
    """Markdown: what was wrong with the last answer, what waits, and how to name it."""
    lines = [f"**{problem}**", ""] if problem else []
    lines += [
        "`approve` and `reject` take pictures (`ID`) or regions (`ID:N`); `by` says who decides. To `approve` a rerun"
        " (`ID@RERUN`) puts it in the picture's place.",
        "",
    ]
    for picture in run.waiting[:LINES]:
        lines.append(f"- `{picture.id}` ({picture.state}): {picture.reason}")
        lines += [f"  - `{picture.id}:{r.n}` ({r.state}) {r.reason}" for r in picture.regions if r.n]
        lines += [f"  - `{line.replace(': ', '`: ', 1)}" for line in candidate_lines(run.reruns, picture.id)]
    if len(run.waiting) > LINES:
        lines.append(f"- and {len(run.waiting) - LINES} more")
    return "\n".join(lines)


def _show(run: StoredRun) -> None:
    """On the Prefect page; never fails the flow."""
    rows = [
        {"picture": p.id, "region": r.n, "state": r.state, "category": r.category, "reason": r.reason,
         "evidence": r.evidence, "cure": r.cure, "candidate": p.candidate}
        for p in run.waiting for r in p.regions
    ]  # fmt: skip
    try:
        create_table_artifact(
            rows[:200], key="review-pending", description=f"What waits in {run.result.run_id}"
        )
    except Exception as error:
        log.warning("no review artifact: %s", error)
