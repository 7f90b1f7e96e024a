"""The job templates of the work pools: every placeholder has a variable, every variable a use, and Prefect takes them."""

from __future__ import annotations

import json
import re

import pytest

from infra.prefect.pools import KINDS, Kind, job_template

USED = re.compile(r"\{\{ (\w+) \}\}")


@pytest.mark.parametrize("kind", KINDS)
def test_placeholders_and_variables_are_the_same_names(kind: Kind) -> None:
    template = job_template(kind)
    used = set(USED.findall(json.dumps(template["job_configuration"])))
    declared = set(template["variables"]["properties"])
    assert used - declared == set()
    assert declared - used <= {"family", "match_latest_revision_in_family"}
    assert set(template["variables"].get("required", [])) <= declared


@pytest.mark.parametrize("kind", KINDS)
def test_prefect_takes_it_and_defaults_are_of_their_types(kind: Kind) -> None:
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.utilities.schema_tools import is_valid_schema, validate

    template = job_template(kind)
    assert WorkPoolCreate(name="x", type=kind, base_job_template=template).base_job_template == template
    is_valid_schema(template["variables"])
    defaults = {
        name: each["default"]
        for name, each in template["variables"]["properties"].items()
        if "default" in each
    }
    needed = dict.fromkeys(template["variables"].get("required", []), "arn:aws:iam::000000000000:role/x")
    validate({**defaults, **needed}, template["variables"], raise_on_error=True)


def test_a_job_of_kubernetes_has_the_gpus_and_room_it_is_given() -> None:
    job = job_template("kubernetes")["job_configuration"]["job_manifest"]
    limits = job["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]
    assert limits["nvidia.com/gpu"] == "{{ gpus }}"
    assert job["spec"]["backoffLimit"] == 0, "Prefect tries again, not Kubernetes behind its back"
    assert job["spec"]["template"]["spec"]["restartPolicy"] == "Never"


def test_ecs_tasks_do_not_run_without_their_roles_nor_as_root() -> None:
    template = job_template("ecs")
    assert template["variables"]["required"] == ["execution_role_arn", "task_role_arn"]
    container = template["job_configuration"]["task_definition"]["containerDefinitions"][0]
    assert container["user"] == "10001:10001"
