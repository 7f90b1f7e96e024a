"""The images: what is copied is there, packages come from the lock, and nobody runs as root."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.infra.templates.known import INFRA, PINNED, ROOT, unknown_settings

KINDS = ("cpu", "gpu")
COPIED = re.compile(r"^COPY (?!--from)(.+) \S+$", re.MULTILINE)


def text(kind: str) -> str:
    return (INFRA / "image" / f"Dockerfile.{kind}").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", KINDS)
def test_everything_that_is_copied_is_there_and_let_through(kind: str) -> None:
    copied = [name.removeprefix("./") for line in COPIED.findall(text(kind)) for name in line.split()]
    assert {"constraints.txt", "flows", "tasks", "model_registry", "infra", "prefect.yaml"} <= set(copied)
    ignore = (INFRA / "image" / f"Dockerfile.{kind}.dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignore
    for name in copied:
        assert (ROOT / name).exists(), name
        assert f"!{name.split('/')[0]}" in ignore, name


@pytest.mark.parametrize("kind", KINDS)
def test_bases_are_pinned_and_of_the_locked_python(kind: str) -> None:
    bases = re.findall(r"^FROM (\S+)", text(kind), re.MULTILINE)
    assert bases
    assert all(PINNED.match(base) and base.startswith("python:3.11.") for base in bases)


@pytest.mark.parametrize("kind", KINDS)
def test_it_ends_as_a_user_without_rights_who_owns_the_home(kind: str) -> None:
    lines = text(kind).splitlines()
    assert [line for line in lines if line.startswith("USER ")][-1] == "USER 10001:10001"
    assert "--owner=10001 --group=10001 /var/lib/pentimento" in text(kind)
    assert not any(line.startswith(("RUN", "COPY")) for line in lines[lines.index("USER 10001:10001") :])


@pytest.mark.parametrize("kind", KINDS)
def test_packages_come_by_the_lock_and_no_registry_is_named(kind: str) -> None:
    assert "--constraint constraints.txt" in text(kind)
    assert "://" not in text(kind)
    assert unknown_settings(set(re.findall(r"\b((?:PENTIMENTO|PREFECT)_\w+)=", text(kind)))) == set()


def test_the_gpu_image_takes_slots_and_the_other_does_not() -> None:
    assert "PENTIMENTO_GPU_LIMIT=pentimento-gpu" in text("gpu")
    assert "PENTIMENTO_GPU_LIMIT" not in text("cpu")


def test_the_list_of_packages_is_the_projects_own() -> None:
    script = INFRA / "image" / "packages.py"
    done = subprocess.run(
        [sys.executable, str(script), str(ROOT / "pyproject.toml")],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert any(line.startswith("prefect>=") for line in lines)
    assert any(line.startswith("setuptools") for line in lines)
    assert not any(line.startswith("pytest") for line in lines)
    pins = (INFRA / "image" / "servers.txt").read_text(encoding="utf-8").splitlines()
    assert all(re.match(r"^(#.*|[\w-]+==[\d.]+)$", pin) for pin in pins)
