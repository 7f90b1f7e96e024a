"""A store from its address."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from infra.store import open_store
from infra.store.contract import Forbidden


def test_a_folder_is_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = open_store(str(tmp_path / "a b")).put(b"1", "text/plain")
    assert open_store(f"file://{tmp_path}/a b").get(ref) == b"1"
    monkeypatch.chdir(tmp_path)
    relative = open_store("a b")
    monkeypatch.chdir("/")
    assert relative.get(ref) == b"1"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert open_store("~/a b").get(ref) == b"1"


def test_a_folder_is_made_when_told(tmp_path: Path) -> None:
    open_store(str(tmp_path / "later"))
    assert not (tmp_path / "later").exists()
    open_store(str(tmp_path / "x" / "now"), create=True)
    assert (tmp_path / "x" / "now").is_dir()


@pytest.mark.parametrize(
    "url", ["", "file://", "http://host/bucket", "gs://bucket", "s3://", "s3://B", "s3://bucket/../up"]
)
def test_addresses_of_another_kind(url: str) -> None:
    with pytest.raises(Forbidden):
        open_store(url)


def test_a_folder_needs_no_boto3(tmp_path: Path) -> None:
    code = "import sys; from infra.store import open_store; open_store(sys.argv[1]).put(b'', ''); print('boto3' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
