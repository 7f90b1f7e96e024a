"""The Kubernetes manifests: rights no wider than needed, restricted pods, names that meet, settings that are read."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from infra.prefect.pools import NAME, job_template
from tests.infra.templates.known import INFRA, PINNED, unknown_settings

FOLDER = INFRA / "kubernetes"
LIST: dict[str, Any] = yaml.safe_load((FOLDER / "kustomization.yaml").read_text(encoding="utf-8"))
DOCUMENTS: list[dict[str, Any]] = [
    document
    for name in LIST["resources"]
    for document in yaml.safe_load_all((FOLDER / name).read_text(encoding="utf-8"))
]


def of(kind: str, name: str) -> dict[str, Any]:
    (found,) = [d for d in DOCUMENTS if d["kind"] == kind and d["metadata"]["name"] == name]
    return found


def pods() -> Iterator[dict[str, Any]]:
    """The pods of the manifests, and the one of the work pool's jobs."""
    for document in DOCUMENTS:
        if document["kind"] in ("Deployment", "Job"):
            yield document["spec"]["template"]["spec"]
    yield job_template("kubernetes")["job_configuration"]["job_manifest"]["spec"]["template"]["spec"]


def test_every_file_is_listed_and_all_is_in_one_namespace() -> None:
    assert {p.name for p in FOLDER.glob("*.yaml")} == {*LIST["resources"], "kustomization.yaml"}
    (namespace,) = {d["metadata"].get("namespace", "pentimento") for d in DOCUMENTS}
    assert namespace == LIST["namespace"] == of("Namespace", "pentimento")["metadata"]["name"]
    assert job_template("kubernetes")["variables"]["properties"]["namespace"]["default"] == namespace


@pytest.mark.parametrize("pod", list(pods()))
def test_pods_are_as_the_restricted_standard_wants_them(pod: dict[str, Any]) -> None:
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["requests"]
        assert container["image"] == "{{ image }}" or PINNED.match(container["image"])


def test_the_image_of_jobs_is_the_one_that_the_list_tags() -> None:
    default = job_template("kubernetes")["variables"]["properties"]["image"]["default"]
    (image,) = LIST["images"]
    assert default == f"{image['name']}:{image['newTag']}"


def test_the_worker_may_start_jobs_and_nothing_else() -> None:
    rules = of("Role", "pentimento-worker")["rules"]
    verbs = {(resource, verb) for rule in rules for resource in rule["resources"] for verb in rule["verbs"]}
    changing = {pair for pair in verbs if pair[1] not in ("get", "list", "watch")}
    assert changing == {("jobs", "create"), ("jobs", "patch"), ("jobs", "delete")}
    assert not any("*" in (*rule["verbs"], *rule["resources"], *rule["apiGroups"]) for rule in rules)
    assert not [d for d in DOCUMENTS if d["kind"].startswith("ClusterRole")]
    assert of("ServiceAccount", "pentimento-run")["automountServiceAccountToken"] is False


def test_settings_are_read_by_somebody_and_secrets_are_referred_to_only() -> None:
    settings = of("ConfigMap", "pentimento")["data"]
    assert unknown_settings(settings) == set()
    assert all(isinstance(value, str) for value in settings.values()), "Kubernetes takes text alone"
    assert not any("KEY" in name or "SECRET" in name or "PASSWORD" in name for name in settings)
    assert not [d for d in DOCUMENTS if d["kind"] == "Secret"]


def test_names_that_refer_to_one_another_meet() -> None:
    worker = of("Deployment", "pentimento-worker")["spec"]["template"]["spec"]
    assert of("ServiceAccount", worker["serviceAccountName"])
    container = worker["containers"][0]
    assert container["args"][:4] == ["--pool", NAME, "--type", "kubernetes"]
    for entry in container["env"]:
        source = entry.get("valueFrom", {})
        if "configMapKeyRef" in source:
            assert (
                source["configMapKeyRef"]["key"] in of("ConfigMap", source["configMapKeyRef"]["name"])["data"]
            )
    job = job_template("kubernetes")
    assert of("ServiceAccount", job["variables"]["properties"]["service_account_name"]["default"])
    pod = job["job_configuration"]["job_manifest"]["spec"]["template"]["spec"]
    assert of("ConfigMap", pod["containers"][0]["envFrom"][0]["configMapRef"]["name"])
    for pod in pods():
        mounted = {mount["name"] for c in pod["containers"] for mount in c["volumeMounts"]}
        assert mounted == {volume["name"] for volume in pod["volumes"]}


@pytest.mark.skipif(not shutil.which("kubectl"), reason="no kubectl here to render them")
def test_kubectl_renders_them() -> None:
    done = subprocess.run(["kubectl", "kustomize", str(FOLDER)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    rendered = list(yaml.safe_load_all(done.stdout))
    assert sorted(d["kind"] for d in rendered) == sorted(d["kind"] for d in DOCUMENTS)
