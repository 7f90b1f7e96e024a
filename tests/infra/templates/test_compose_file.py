"""The compose file: pinned, healthy before used, no secret in it, and settings that the code really reads."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from infra.prefect.pools import NAME
from tests.infra.templates.known import INFRA, PINNED, ROOT, unknown_settings

FILE = INFRA / "compose" / "compose.yaml"
TEXT = FILE.read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, Any] = COMPOSE["services"]
LASTING = [name for name in SERVICES if name != "prepare"]


def test_it_has_every_part_of_the_stack() -> None:
    assert set(SERVICES) == {"database", "s3", "prefect", "mlflow", "prepare", "worker"}


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned(name: str) -> None:
    assert PINNED.match(SERVICES[name]["image"]), SERVICES[name]["image"]


@pytest.mark.parametrize("name", LASTING)
def test_each_lasting_service_says_when_it_is_healthy_and_comes_back(name: str) -> None:
    service = SERVICES[name]
    assert service["healthcheck"]["test"]
    assert service["healthcheck"]["retries"] >= 3
    assert service["restart"] == "unless-stopped"


def test_nothing_is_used_before_it_is_healthy() -> None:
    for name, service in SERVICES.items():
        for needed, condition in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if needed == "prepare" else "service_healthy"
            assert condition["condition"] == wanted, name
    assert set(SERVICES["worker"]["depends_on"]) == {"prepare", "mlflow"}
    assert SERVICES["prepare"]["restart"] == "no"


@pytest.mark.parametrize("name", SERVICES)
def test_variables_are_ones_that_somebody_reads(name: str) -> None:
    assert unknown_settings(SERVICES[name].get("environment", {})) == set()


def test_no_secret_is_written_down_and_each_must_be_given() -> None:
    secrets = re.findall(
        r"^ +(?:POSTGRES_PASSWORD|AWS_SECRET_ACCESS_KEY|AWS_ACCESS_KEY_ID): *(\S.*)$", TEXT, re.MULTILINE
    )
    assert len(secrets) == 3
    assert all(value.startswith("${") and ":?" in value for value in secrets)
    example = (INFRA / "compose" / "env.example").read_text(encoding="utf-8")
    given = dict(re.findall(r"^(\w+)=(.*)$", example, re.MULTILINE))
    asked = set(re.findall(r"\$\{(\w+)", TEXT))
    assert asked == set(given), "the example names every variable that the file asks for, and no other"
    assert not any(given[name] for name in given if "KEY" in name or "PASSWORD" in name)


def test_only_pages_are_published_and_only_to_this_machine() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert sorted(published) == ["127.0.0.1:4200:4200", "127.0.0.1:5000:5000"]


def test_what_is_mounted_or_linked_is_declared() -> None:
    volumes = {mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])}
    assert volumes == set(COMPOSE["volumes"])
    configs = {each["source"] for service in SERVICES.values() for each in service.get("configs", [])}
    assert configs == set(COMPOSE["configs"])
    filled = re.sub(r"\$\{[^}]+\}", "x", COMPOSE["configs"]["s3"]["content"])
    assert json.loads(filled)["identities"][0]["credentials"][0]["accessKey"] == "x"


def test_the_worker_serves_the_pool_that_deployments_name_and_its_image_is_built_here() -> None:
    assert SERVICES["worker"]["command"][:5] == ["prefect", "worker", "start", "--pool", NAME]
    build = SERVICES["worker"]["build"]
    assert (FILE.parent / build["context"]).resolve() == ROOT
    assert (ROOT / build["dockerfile"]).is_file()
    (module,) = re.findall(r"python -m ([\w.]+)", SERVICES["prepare"]["command"][2])
    assert (ROOT / f"{module.replace('.', '/')}.py").is_file()
