"""Every secret a person can set is set; runs go well and go wrong; no log, record, sheet, database or message holds one."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from infra.secrets import without_secrets
from tests.hostile.secrets_planted import NOWHERE, SECRETS, USER, WORD, environment, found, said

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
EDIT = {"intent": "remove_object", "mask": "box:8,8,24,24", "engine": "generation=telea"}
DEAD = {
    "PENTIMENTO_STORE": "s3://bucket/prefix", "PENTIMENTO_S3_ENDPOINT_URL": "http://127.0.0.1:9", "PENTIMENTO_TRACKING_URI": NOWHERE,
    "PREFECT_API_URL": f"{NOWHERE}/api",
}  # fmt: skip


def manifest(folder: Path) -> str:
    """A good picture and one that is none."""
    pixels = np.random.default_rng(1).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    (folder / "a.png").write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    (folder / "b.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    rows = [{"id": name, "image": f"{name}.png", **EDIT} for name in ("a", "b")]
    (folder / "m.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return str(folder / "m.jsonl")


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"GET " + NOWHERE.encode())
    (tmp_path / "db").write_bytes(b"\0" + SECRETS["AWS_SECRET_ACCESS_KEY"].encode() + b"\0")
    assert {find.partition(":")[0] for find in found(tmp_path)} == {"log", "db"}


def test_a_run_with_a_dead_tracker_then_a_live_one_keeps_every_secret(tmp_path: Path) -> None:
    rows = manifest(tmp_path)
    code, text = said(
        tmp_path, environment(tmp_path, PENTIMENTO_TRACKING_URI=NOWHERE), "catalog", rows, "--out", "out"
    )
    assert (code, b"tracking" in text) == (1, True)
    code, _ = said(tmp_path, environment(tmp_path), "catalog", rows, "--out", "out", "--json", "--fresh")
    assert code == 1
    names = {path.name for path in (tmp_path / "home").iterdir()}
    assert {"mlflow.db", "sheets", "store"} <= names
    assert any((tmp_path / "prefect").rglob("*.db"))
    assert found(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("store", {"PENTIMENTO_STORE": "s3://bucket/x", "PENTIMENTO_S3_ENDPOINT_URL": NOWHERE}),
        ("bucket", {"PENTIMENTO_STORE": f"s3://{USER}:{WORD}@bucket/x", "PENTIMENTO_S3_ENDPOINT_URL": "http://127.0.0.1:9"}),
        ("silent", {"PENTIMENTO_STORE": "s3://bucket/x", "PENTIMENTO_S3_ENDPOINT_URL": "http://127.0.0.1:9"}),
    ],
)  # fmt: skip
def test_a_run_whose_store_fails_keeps_every_secret(
    tmp_path: Path, name: str, settings: dict[str, str]
) -> None:
    code, text = said(
        tmp_path, environment(tmp_path, **settings), "catalog", manifest(tmp_path), "--out", "out"
    )
    assert (code, bool(text)) == (2, True), name
    assert found(tmp_path) == []


@pytest.mark.parametrize(
    "words",
    [
        ("doctor",), ("stack", "status"), ("runs",), ("models", "list"), ("catalog", f"s3://{USER}:{WORD}@bucket/m.csv", "--out", "out"),
        ("gc",), ("plan", "a.png", "--remove-text", "--engine", "generation=x@champion"),
    ],
)  # fmt: skip
def test_no_command_shows_a_secret_where_every_server_is_dead(tmp_path: Path, words: tuple[str, ...]) -> None:
    manifest(tmp_path)
    said(tmp_path, environment(tmp_path, **DEAD), *words)
    assert found(tmp_path) == []


def test_users_and_passwords_go_from_addresses_and_nothing_else_does() -> None:
    assert without_secrets("at postgresql://me:p@ss@host:5/x?y") == "at postgresql://***@host:5/x?y"
    assert without_secrets("s3://bucket/a@b and me@example.org") == "s3://bucket/a@b and me@example.org"
