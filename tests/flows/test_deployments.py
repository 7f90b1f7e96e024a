"""What `prefect.yaml` promises a server: flows that exist, parameters that fit them, schedules that can be kept."""

from __future__ import annotations

import asyncio
import importlib
import inspect
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from prefect import Flow
from prefect.server.schemas.schedules import CronSchedule

FILE = Path(__file__).parents[2] / "prefect.yaml"
PROJECT: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
DEPLOYMENTS: list[dict[str, Any]] = PROJECT["deployments"]
SCHEDULES = [schedule for deployment in DEPLOYMENTS for schedule in deployment.get("schedules", [])]


def flow_of(deployment: dict[str, Any]) -> Flow[..., Any]:
    module, _, name = deployment["entrypoint"].rpartition(".")
    found = getattr(importlib.import_module(module), name)
    assert isinstance(found, Flow)
    return found


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda d: d["name"])
def test_the_entrypoint_is_a_module_path_that_leads_to_a_flow(deployment: dict[str, Any]) -> None:
    # a file entrypoint (`flows/catalog.py:…`) would load the module a second time under another name
    assert ":" not in deployment["entrypoint"]
    assert deployment["entrypoint"].startswith("flows.")
    assert flow_of(deployment).name


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda d: d["name"])
def test_its_parameters_are_the_flows_own_and_of_the_right_kinds(deployment: dict[str, Any]) -> None:
    flow = flow_of(deployment)
    given = deployment["parameters"]
    inspect.signature(flow.fn).bind_partial(**given)
    if deployment.get("schedules"):
        flow.validate_parameters(given)  # nobody is there at night to fill in what is left out


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: s["slug"])
def test_its_schedule_is_a_cron_that_prefect_takes(schedule: dict[str, Any]) -> None:
    cron = CronSchedule(cron=schedule["cron"], timezone=schedule["timezone"])
    begin = datetime(2026, 3, 27, tzinfo=UTC)
    dates = asyncio.run(cron.get_dates(5, begin, begin + timedelta(days=5)))
    assert len(dates) == 5, "once a day, also when the clocks change (29 March 2026)"
    assert isinstance(schedule["active"], bool)


def test_names_are_unique_and_every_deployment_has_a_work_pool() -> None:
    names = [deployment["name"] for deployment in DEPLOYMENTS]
    assert len(names) == len(set(names)) >= 1
    assert all(deployment["work_pool"]["name"] for deployment in DEPLOYMENTS)
    slugs = [schedule["slug"] for schedule in SCHEDULES]
    assert len(slugs) == len(set(slugs)) >= 1, "from the first day the catalogue is on a schedule"


def test_the_file_names_the_prefect_that_is_installed() -> None:
    import prefect

    assert PROJECT["prefect-version"] == prefect.__version__.split("+")[0]
