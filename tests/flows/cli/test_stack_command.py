"""`pentimento stack` where nothing runs: it says so, harms nothing, and names what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings
from typer.testing import CliRunner

from flows.cli.app import app
from infra.stack import local
from infra.stack.contract import StackError
from tasks.errors import BadRequest


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PENTIMENTO_HOME", str(tmp_path))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    return tmp_path


def test_status_of_nothing_names_every_part_and_ends_with_1(home: Path) -> None:
    done = CliRunner().invoke(app, ["stack", "status", "--json"])
    report = json.loads(done.stdout)
    assert done.exit_code == 1
    assert not report["running"]
    assert [part["name"] for part in report["parts"]] == ["s3", "mlflow", "prefect", "worker"]
    assert {part["condition"] for part in report["parts"]} == {"stopped"}
    assert {part["cure"] for part in report["parts"]} == {"pentimento stack up"}
    told = CliRunner().invoke(app, ["stack", "status"])
    assert "start it with:  pentimento stack up" in told.stdout
    assert list(home.iterdir()) == [], "looking writes nothing"


def test_down_of_nothing_is_no_error(home: Path) -> None:
    done = CliRunner().invoke(app, ["stack", "down"])
    assert (done.exit_code, done.stdout.split(";")[0]) == (0, "it did not run")
    assert CliRunner().invoke(app, ["stack", "down", "--purge"]).exit_code == 0
    assert not (home / "stack").exists()


def test_down_says_how_much_it_ended(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "down", lambda *_, **__: 9)
    assert "9 processes ended; its data is kept in" in CliRunner().invoke(app, ["stack", "down"]).stdout


def test_deploying_needs_a_server_and_a_kind_of_pool_that_there_is(home: Path) -> None:
    with temporary_settings(
        restore_defaults={PREFECT_API_URL}
    ):  # a test of the same process may have a server running
        nowhere = CliRunner().invoke(app, ["stack", "deploy"])
    assert isinstance(nowhere.exception, BadRequest)
    assert "no Prefect server is named" in str(nowhere.exception)
    unknown = CliRunner().invoke(app, ["stack", "deploy", "--pool", "kubernets"])
    assert "did you mean kubernetes?" in str(unknown.exception)


def test_a_failed_start_ends_with_2_and_says_what_failed(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import sys

    from flows.cli import main

    def refuse(*_: object, **__: object) -> None:
        raise StackError("Prefect server ended at its start\nCure: read the log")

    monkeypatch.setattr(local, "up", refuse)
    monkeypatch.setattr("flows.doctor.packages.installed", lambda: {"sqlalchemy": "2.1.9"})
    monkeypatch.setattr(sys, "argv", ["pentimento", "stack", "up"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "no schedule ever makes a run. Cure: pip install 'sqlalchemy<2.1'" in said
    assert "Prefect server ended at its start\nCure: read the log" in said
