"""Ports stay the same where they can; the file to source says where everything is, and leads nobody elsewhere."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from infra.prefect.limits import GpuSettings
from infra.settings import Settings
from infra.stack import environment, local, ports, state
from infra.stack.contract import Part, StackError
from infra.stack.layout import Layout
from infra.stack.parts import parts


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout.below(tmp_path / "it's a home")
    made.folder.mkdir(parents=True)
    return made


def test_ports_are_free_distinct_and_the_same_again(layout: Layout) -> None:
    first = ports.chosen(layout, {})
    assert set(first) == {"prefect", "mlflow", "s3", "worker"}
    assert len(set(first.values())) == 4
    assert ports.chosen(layout, {}) == first == ports.remembered(layout)


def test_a_port_that_is_taken_by_now_is_replaced_and_one_asked_for_is_refused(layout: Layout) -> None:
    first = ports.chosen(layout, {})
    with socket.socket() as other:
        other.bind((ports.HOST, first["s3"]))
        other.listen()
        assert ports.chosen(layout, {}, held=frozenset({"s3"}))["s3"] == first["s3"], "it is the stack's own"
        with pytest.raises(StackError, match=f"port {first['s3']} for s3 is taken"):
            ports.chosen(layout, {"s3": first["s3"]})
        again = ports.chosen(layout, {})
    assert again["s3"] != first["s3"]
    assert again["prefect"] == first["prefect"]


def test_a_running_part_does_not_move(layout: Layout) -> None:
    first = ports.chosen(layout, {})
    with pytest.raises(StackError, match="runs already, at port"):
        ports.chosen(layout, {"mlflow": first["mlflow"] % 60000 + 1}, held=frozenset({"mlflow"}))


@pytest.mark.parametrize("text", ["", "[]", '{"s3": 1}', '{"s3": "x"}'])
def test_a_torn_list_of_ports_is_no_list(layout: Layout, text: str) -> None:
    layout.ports.write_text(text)
    assert ports.remembered(layout) == {}


def test_a_shell_that_sources_the_file_has_every_setting(layout: Layout) -> None:
    chosen = ports.chosen(layout, {})
    environment.write(layout, chosen)
    assert stat.S_IMODE(layout.environment.stat().st_mode) == 0o600
    shell = [
        "bash",
        "-c",
        f'. "$1"; {sys.executable} -c "import json, os; print(json.dumps(dict(os.environ)))"',
        "-",
    ]
    done = subprocess.run(
        [*shell, str(layout.environment)],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    heard = json.loads(done.stdout)
    wanted = environment.settings(layout, chosen)
    assert {name: heard[name] for name in wanted} == wanted
    assert heard["PENTIMENTO_HOME"] == str(layout.folder.parent)


def test_the_settings_really_read_what_the_file_says(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = ports.chosen(layout, {})
    told = environment.settings(layout, chosen)
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.store_url == "s3://pentimento/store"
    assert settings.s3_endpoint_url == f"http://127.0.0.1:{chosen['s3']}"
    assert settings.mlflow_uri == f"http://127.0.0.1:{chosen['mlflow']}"
    known = {f"PENTIMENTO_{name.upper()}" for name in (*Settings.model_fields, *GpuSettings.model_fields)}
    assert {name for name in told if name.startswith("PENTIMENTO_")} <= known


def test_the_parts_are_told_nothing_that_leads_elsewhere(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_KEY", "of a cloud")
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://elsewhere.example")
    monkeypatch.setenv("PENTIMENTO_WORKERS", "3")
    for each in parts(layout, ports.chosen(layout, {})):
        assert not {"PREFECT_API_KEY", "AWS_PROFILE", "MLFLOW_TRACKING_URI"} & set(each.environment)
        assert each.environment["PENTIMENTO_WORKERS"] == "3", "what is the person's own stays"
        assert str(each.port) in " ".join(
            (*each.command, each.environment.get("PREFECT_WORKER_WEBSERVER_PORT", ""))
        )


def test_borrowed_variables_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)
    with environment.borrowed({"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}):
        assert os.environ["AWS_SECRET_ACCESS_KEY"] == "b"
    assert os.environ["AWS_ACCESS_KEY_ID"] == "mine"
    assert "AWS_SECRET_ACCESS_KEY" not in os.environ


def test_when_an_address_changes_the_worker_that_was_told_the_old_one_is_stopped(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fakes(of: Layout, at: dict[str, int], **_: object) -> tuple[Part, ...]:
        sleeping = (sys.executable, "-c", "import time; time.sleep(600)")
        return tuple(
            Part(
                name=name, title=name, command=sleeping, environment=dict(os.environ), folder=of.folder,
                answers=lambda: "", cure="", port=at[name],
            )
            for name in ("s3", "worker")
        )  # fmt: skip

    monkeypatch.setattr(local, "parts", fakes)
    start = {"timeout": 20, "deploy": ("true",), "tell": lambda _: None}
    local.up(layout, {}, **start)  # type: ignore[arg-type]
    try:
        assert layout.environment.is_file()
        before = state.read(layout)
        local.up(layout, {}, **start)  # type: ignore[arg-type]
        assert state.read(layout) == before
        os.kill(before["s3"].pid, 9)
        with socket.socket() as other:
            other.bind((ports.HOST, 0))
            other.listen()
            taken = other.getsockname()[1]
            layout.ports.write_text(json.dumps({**ports.remembered(layout), "s3": taken}))
            local.up(layout, {}, **start)  # type: ignore[arg-type]
        assert ports.remembered(layout)["s3"] != taken
        assert state.read(layout)["worker"] != before["worker"]
    finally:
        assert local.down(layout) == 2
    assert not layout.environment.exists()


def test_a_server_that_cannot_be_set_up_is_quoted(layout: Layout) -> None:
    command = (sys.executable, "-c", "import sys; sys.exit('no such pool')")
    with pytest.raises(StackError, match="no such pool"):
        local._deploy(command, dict(os.environ), lambda _: None)
