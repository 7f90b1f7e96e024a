"""The doctor finds what is wrong, says the cure, gives nothing secret away, and leaves nothing behind."""

from __future__ import annotations

import http.server
import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli.app import app
from flows.doctor import engines, machine, packages, servers, store
from flows.doctor.examine import examine
from flows.doctor.finding import Finding, found
from infra.secrets import without_secrets
from infra.settings import Settings
from infra.stack.swift import SwiftServer
from infra.store.store import open_store
from infra.tracking import spool
from infra.tracking.model import TrackedRun
from tests.servers import swift_environment, swift_server

__all__ = ["swift_environment", "swift_server"]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in (
        "PENTIMENTO_STORE",
        "PENTIMENTO_TRACKING_URI",
        "PENTIMENTO_S3_ENDPOINT_URL",
        "PREFECT_API_URL",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PENTIMENTO_HOME", str(tmp_path))
    return Settings()


def test_a_lock_that_is_not_kept_is_named(tmp_path: Path) -> None:
    lock = tmp_path / "constraints.txt"
    lock.write_text("numpy==2.3.5\nPyYAML==6.0.2\ntorch==2.13.0\nray==2.60.0\n")
    here = {"numpy": "2.3.5", "pyyaml": "6.0.1", "torch": "2.13.0+cpu"}
    off = packages.locked(lock, here)
    assert (off.grade, off.detail) == ("doubtful", "not as locked: pyyaml 6.0.1 for 6.0.2")
    assert (
        packages.locked(lock, {**here, "pyyaml": "6.0.2"}).detail
        == "3 of 4 locked packages here, all as locked"
    )


@pytest.mark.parametrize(
    ("versions", "said"),
    [
        ({"fastapi": "0.165.0"}, "fastapi 0.165.0: Prefect"),
        ({"sqlalchemy": "2.1.0"}, "no schedule ever makes a run"),
        ({"numpy": "2.4"}, "numpy 2.4"),
        (
            {"opencv-python-headless": "5.0.0.93", "opencv-contrib-python": "4.10.0.84"},
            "several versions in one",
        ),
    ],
)
def test_packages_that_break_one_another_are_bad(versions: dict[str, str], said: str) -> None:
    finding = packages.together(versions)
    assert finding.grade == "bad"
    assert said in finding.detail
    assert finding.cure.startswith("pip install")
    fine = {
        "fastapi": "0.164.9",
        "sqlalchemy": "2.0.58",
        "numpy": "2.3.5",
        "opencv-python-headless": "4.10.0.84",
    }
    assert packages.together(fine).grade == "good"


def test_cards_are_whole_and_a_damaged_weight_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    assert engines.cards().grade == "good"
    (tmp_path / "torn.onnx").write_bytes(b"not what was pinned")
    (tmp_path / "torn.toml").write_text(
        'id = "torn"\nrole = "fill"\nruntime = "onnx"\nentry = "lama"\ntitle = "t"\nlicence = "MIT"\n'
        f'[weights]\npath = "torn.onnx"\n[weights.sha256]\n"torn.onnx" = "{"0" * 64}"\n[cost]\nrung = 5\n'
    )
    monkeypatch.setenv("PENTIMENTO_CARDS", str(tmp_path))
    broken = found("cards and weights", engines.cards, "correct the card")
    assert broken.grade == "bad"
    assert "torn" in broken.detail


def test_the_reader_reads() -> None:
    assert engines.reader().grade == "good"


def test_the_policy_is_one(tmp_path: Path) -> None:
    assert engines.policy("").grade == "good"
    wrong = tmp_path / "policy.toml"
    wrong.write_text("[rules\n")
    assert found("policy", lambda: engines.policy(str(wrong)), "correct the file").grade == "bad"


def test_room_and_cores_are_held_against_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert machine.disk(tmp_path / "not" / "there").detail.endswith(str(tmp_path))
    monkeypatch.setattr(machine, "LEAST", 10**18)
    assert machine.disk(tmp_path).grade == "bad"
    small, large = Settings(memory_mb=64, workers=1), Settings(memory_mb=10**9, workers=999)
    assert machine.memory(large).grade == "doubtful"
    assert machine.memory(large).cure.startswith("PENTIMENTO_MEMORY_MB=")
    assert machine.threads(large).cure.startswith("PENTIMENTO_WORKERS=")
    monkeypatch.setenv("OMP_NUM_THREADS", "64")
    assert machine.threads(small).cure.startswith("OMP_NUM_THREADS=")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert machine.threads(small).grade == "good"


def test_runs_that_wait_in_the_spool_are_named(tmp_path: Path) -> None:
    assert machine.spool(tmp_path).grade == "good"
    spool.write(tmp_path / "spool", TrackedRun("catalog-0123456789-1", "catalog"))
    waiting = machine.spool(tmp_path)
    assert waiting.grade == "doubtful"
    assert "catalog-0123456789-1" in waiting.detail


def test_a_folder_store_is_tried_and_left_as_it_was(settings: Settings) -> None:
    assert store.writable(settings).grade == "good"
    assert list(open_store(settings.store_url).backend.keys("")) == []
    for check in (store.conditional, store.credentials, store.clock):
        assert check(settings).grade == "good"


def test_an_s3_store_is_tried_with_its_clock_and_left_as_it_was(
    swift_environment: SwiftServer, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    at = swift_environment.endpoint_url
    there = settings.model_copy(update={"store": "s3://examined/some/where", "s3_endpoint_url": at})
    missing = found("store", lambda: store.writable(there), "check it")
    assert missing.grade == "bad"
    assert "create the bucket" in missing.detail
    backend = open_store("s3://examined", at, create=True).backend
    for check in (store.writable, store.conditional, store.credentials, store.clock):
        assert check(there).grade == "good", check(there)
    assert list(backend.keys("")) == []
    told = " ".join(check(there).detail for check in (store.writable, store.credentials))
    assert swift_environment.access_key not in told
    assert swift_environment.secret_key not in told.split()
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret")
    refused = found("store", lambda: store.writable(there), "check it")
    assert refused.grade == "bad"
    assert "not-the-secret" not in refused.detail
    assert "AWS_SECRET_ACCESS_KEY" in refused.detail + refused.cure


@pytest.fixture
def page() -> Iterator[str]:
    """A server that is there and is no MLflow."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_tracking_server_that_is_none_is_told_apart_from_one_that_does_not_answer(
    settings: Settings, page: str
) -> None:
    other = servers.mlflow(settings.model_copy(update={"tracking_uri": page}))
    assert other.grade == "bad"
    assert "HTTP 501" in other.detail
    nobody = servers.mlflow(settings.model_copy(update={"tracking_uri": "http://user:hidden@127.0.0.1:9"}))
    assert nobody.grade == "bad"
    assert "hidden" not in nobody.detail
    assert "spool" in nobody.cure


def test_a_database_of_another_schema_is_named_with_the_command_that_mends_it(
    settings: Settings, tmp_path: Path
) -> None:
    assert "not there yet" in servers.mlflow(settings).detail
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        database.execute("CREATE TABLE alembic_version (version_num TEXT)")
        database.execute("INSERT INTO alembic_version VALUES ('0a8213491aaa')")
    old = servers.mlflow(settings)
    assert old.grade == "bad"
    assert "0a8213491aaa" in old.detail
    assert old.cure.startswith("mlflow db upgrade sqlite:///")


def test_a_check_that_breaks_is_a_finding_and_secrets_in_addresses_go() -> None:
    def breaks() -> Finding:
        raise OSError("cannot reach https://me:pass@example.org/x\nand more")

    finding = found("store", breaks, "look at it")
    assert finding == Finding("store", "bad", "cannot reach https://***@example.org/x", "look at it")
    assert without_secrets("s3://bucket/a@b") == "s3://bucket/a@b"


def test_the_command_lists_every_check_and_its_exit_code_says_whether_something_will_fail(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = CliRunner().invoke(app, ["doctor", "--json"])
    report = json.loads(whole.stdout)
    assert report["ok"] == (whole.exit_code == 0)
    assert [check["name"] for check in report["checks"]] == [finding.name for finding in examine(settings)]
    assert all(check["cure"] for check in report["checks"] if not check["ok"])
    monkeypatch.setenv("PENTIMENTO_STORE", "ftp://nowhere")
    broken = CliRunner().invoke(app, ["doctor"])
    assert broken.exit_code == 1
    assert "cure:" in broken.stdout
